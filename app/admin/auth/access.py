"""Who is logged in, the two groups of pages, and the guards before them: who may open which business, and change it.

The account of a request is loaded once, with the businesses it may see.

Every page of a business stands under /admin/b/<business_id>/ on `business_pages`; its views reach the database only
through `here()`, whose sessions are bound to that business (services.db.tenancy). So a page cannot show another's rows:
a foreign business and a foreign id are both 404.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.auth.security import add_headers, csrf, limiter
from app.admin.text.words import choose_language
from app.context import worker
from app.worker.page_queue import PAGES
from services.accounts.second_factor import has_second_factor
from services.accounts.sessions import SEEN_EVERY, find_session, note_seen
from services.accounts.users import memberships
from services.db.models import Business, User
from services.db.tenancy import bind_business, unscoped

ADMIN, OWNER, VIEWER = "admin", "owner", "viewer"

login_manager = LoginManager()
login_manager.login_view = "admin.login"
login_manager.login_message = None  # the log-in page says enough

T = TypeVar("T")
V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A letter of Hebrew takes six characters in a form. No page but the prompt's has more than some thousands of letters.
PAGE_FORM_BYTES = 64 * 1024

admin_pages = Blueprint("admin", __name__, url_prefix="/admin")
business_pages = Blueprint("business", __name__, url_prefix="/admin/b/<int:business_id>")
for _blueprint in (admin_pages, business_pages):
    _blueprint.after_request(add_headers)
limiter.limit("240 per minute", methods=["POST"], key_func=lambda: f"user {current_user.get_id()}")(business_pages)


@dataclass(frozen=True, eq=False)
class Account(UserMixin):
    """A logged-in person. `businesses`: id → name of all it may open; `roles`: its memberships.

    `token`: what its session is found by.
    """

    id: int
    email: str
    name: str
    language: str
    is_admin: bool
    has_second_factor: bool
    session_id: int
    token: str
    businesses: Mapping[int, str]
    roles: Mapping[int, str]

    def get_id(self) -> str:
        """What the session cookie carries."""
        return self.token

    def role_in(self, business_id: int) -> str | None:
        """admin, owner or viewer; None where it has no business to be, or there is none."""
        if business_id not in self.businesses:
            return None
        return ADMIN if self.is_admin else self.roles[business_id]

    def may_change(self, business_id: int) -> bool:
        """Whether it may do more than look there."""
        return self.role_in(business_id) in (ADMIN, OWNER)


@login_manager.user_loader
def load_account(token: str) -> Account | None:
    """The account of a session that is still going on. What scripts ask for by themselves keeps no session alive."""
    now = datetime.now(UTC)

    def load(session: Session) -> tuple[Account, datetime] | None:
        found = find_session(session, token, now)
        if found is None:
            return None
        row, user = found
        return account_of(session, user, row.id, token), row.last_seen_at

    loaded = worker().database.read(load)
    if loaded is None:
        return None
    found, seen_at = loaded
    if now - seen_at > SEEN_EVERY and "X-Requested-With" not in request.headers:
        worker().database.write(lambda session: note_seen(session, found.session_id, now))
    return found


def account() -> Account:
    """The account of this request; only where log-in is required."""
    return cast(Account, current_user._get_current_object())


def account_of(session: Session, user: User, session_id: int, token: str) -> Account:
    """The account of a stored user in one of its sessions."""
    roles = {each.business_id: each.role.value for each in memberships(session, user.id)}
    names = select(Business.id, Business.name).order_by(Business.name)
    if not user.is_admin:
        names = names.where(Business.id.in_(list(roles)))
    with unscoped(session, "the businesses a person may open are listed before one is chosen"):
        businesses = {row.id: row.name for row in session.execute(names)}
    return Account(
        id=user.id,
        email=user.email,
        name=user.name,
        language=user.language,
        is_admin=user.is_admin,
        has_second_factor=has_second_factor(session, user.id),
        session_id=session_id,
        token=token,
        businesses=businesses,
        roles=roles,
    )


@dataclass(frozen=True, slots=True)
class Here:
    """The business this request works for, and what the account is in it."""

    business_id: int
    name: str
    language: str
    zone: ZoneInfo
    role: str

    @property
    def may_change(self) -> bool:
        return self.role != VIEWER

    @property
    def is_admin(self) -> bool:
        return self.role not in (OWNER, VIEWER)

    def read(self, fn: Callable[[Session], T]) -> T:
        """fn's value from one read transaction bound to this business."""
        return worker().database.read(lambda session: fn(bind_business(session, self.business_id)))

    def write(self, fn: Callable[[Session], T]) -> T:
        """fn's value from one write transaction bound to this business; fn may run more than once."""
        return worker().database.write(lambda session: fn(bind_business(session, self.business_id)))


def here() -> Here:
    """The business of this request."""
    found: Here = g.here
    return found


def required(row: T | None) -> T:
    """The row, or 404."""
    if row is None:
        abort(404)
    return row


def public(view: V) -> V:
    """Mark a view that needs no log-in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def long_form(max_bytes: int) -> Callable[[V], V]:
    """Mark a view whose form may be larger than PAGE_FORM_BYTES."""

    def mark(view: V) -> V:
        view.form_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


def viewers_too(view: V) -> V:
    """Mark a view that takes POST but changes nothing, so that read-only accounts may use it."""
    view.for_viewers = True  # type: ignore[attr-defined]
    return view


def changers_only(view: V) -> V:
    """Mark a page that read-only accounts do not see, even by GET."""
    view.for_changers = True  # type: ignore[attr-defined]
    return view


def admins_only(view: V) -> V:
    """Mark a page for administrators of the installation; to others it does not exist."""
    view.for_admins = True  # type: ignore[attr-defined]
    return view


def before_second_factor(view: V) -> V:
    """Mark a page that an administrator in production may open before setting up a second factor."""
    view.is_before_second_factor = True  # type: ignore[attr-defined]
    return view


def needs_second_factor() -> bool:
    """Whether this account must set one up first: administrators of an installation in production."""
    return worker().settings.production and account().is_admin and not account().has_second_factor


def _to_the_door() -> ResponseReturnValue:
    """The log-in page for people, 401 for scripts."""
    if "X-Requested-With" in request.headers:
        abort(401)
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer


def _marked(mark: str) -> bool:
    return _mark(mark, False)


def _mark(mark: str, otherwise: T) -> T:
    """What the view of this request was marked with."""
    found: T = getattr(current_app.view_functions.get(request.endpoint or ""), mark, otherwise)
    return found


@admin_pages.before_request
@business_pages.before_request
def guard() -> ResponseReturnValue | None:
    """Forged requests first, then who asks; a page that may be made waits for its turn."""
    if current_user.is_authenticated:  # strangers have a log-in form to send, and that is small
        request.max_content_length = _mark("form_bytes", PAGE_FORM_BYTES)
    if request.method not in SAFE_METHODS:
        csrf.protect()
    if not current_user.is_authenticated and not _marked("is_public"):
        return _to_the_door()
    _wait_for_turn()
    if not current_user.is_authenticated:
        return None
    if "language" not in session:
        choose_language(account().language)
    if _marked("for_admins") and not account().is_admin:
        abort(404)
    if needs_second_factor() and not (_marked("is_before_second_factor") or _marked("is_public")):
        return redirect(url_for("admin.my_security"))
    return None


def _wait_for_turn() -> None:
    g.turn = ExitStack()
    g.turn.enter_context(PAGES.one())


def outside_its_turn(wait: Callable[[], T]) -> T:
    """wait's value; other pages have their turns meanwhile."""
    g.turn.close()
    try:
        return wait()
    finally:
        _wait_for_turn()


@admin_pages.teardown_request
@business_pages.teardown_request
def end_turn(_error: BaseException | None = None) -> None:
    if "turn" in g:
        g.turn.close()


@business_pages.url_value_preprocessor
def take_business(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The address names the business; views get it from here()."""
    if values is not None:
        g.business_id = values.pop("business_id")


@business_pages.url_defaults
def give_business(_endpoint: str, values: dict[str, Any]) -> None:
    """Links between pages of one business need not name it."""
    if "business_id" not in values and "business_id" in g:
        values["business_id"] = g.business_id


@business_pages.before_request
def enter() -> None:
    """404 unless the account belongs to this business; 403 where it may only look."""
    role = account().role_in(g.business_id)
    if role is None:
        abort(404)
    business = required(
        worker().database.read(lambda s: bind_business(s, g.business_id).scalars(select(Business)).one())
    )
    zone = ZoneInfo(business.settings.timezone)
    g.here = Here(business.id, business.name, business.settings.language, zone, role)
    if session.get("business") != business.id:
        session["business"] = business.id
    needs_change = request.method not in SAFE_METHODS and not _marked("for_viewers")
    if role == VIEWER and (needs_change or _marked("for_changers")):
        abort(403)
