"""The two groups of pages and the guards before them: who may open which business, and who may change it.

Every page of a business stands under /admin/b/<business_id>/ on `business_pages`; its views reach the database only
through `here()`, whose sessions are bound to that business (services.tenancy). So a page cannot show another's rows:
a foreign business and a foreign id are both 404.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, g, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.account import OWNER, VIEWER, account, login_manager
from app.admin.security import MAX_FORM_BYTES, add_headers, csrf
from app.admin.words import choose_language
from app.context import worker
from services.models import Business
from services.tenancy import Tenant

T = TypeVar("T")
V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

admin_pages = Blueprint("admin", __name__, url_prefix="/admin")
business_pages = Blueprint("business", __name__, url_prefix="/admin/b/<int:business_id>")
for _blueprint in (admin_pages, business_pages):
    _blueprint.after_request(add_headers)


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
        return worker().database.read(lambda session: fn(_bound(session, self.business_id)))

    def write(self, fn: Callable[[Session], T]) -> T:
        """fn's value from one write transaction bound to this business; fn may run more than once."""
        return worker().database.write(lambda session: fn(_bound(session, self.business_id)))


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


def _to_the_door() -> ResponseReturnValue:
    """The log-in page for people, 401 for scripts."""
    if "X-Requested-With" in request.headers:
        abort(401)
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer


def _marked(mark: str) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, mark, False)


@admin_pages.before_request
@business_pages.before_request
def guard() -> ResponseReturnValue | None:
    """Forged requests first, then who asks."""
    request.max_content_length = MAX_FORM_BYTES
    if request.method not in SAFE_METHODS:
        csrf.protect()
    if not current_user.is_authenticated:
        return None if _marked("is_public") else _to_the_door()
    if "language" not in session:
        choose_language(account().language)
    if _marked("for_admins") and not account().is_admin:
        abort(404)
    return None


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
    business = required(worker().database.read(lambda s: _bound(s, g.business_id).scalars(select(Business)).one()))
    zone = ZoneInfo(business.settings.timezone)
    g.here = Here(business.id, business.name, business.settings.language, zone, role)
    session["business"] = business.id
    needs_change = request.method not in SAFE_METHODS and not _marked("for_viewers")
    if role == VIEWER and (needs_change or _marked("for_changers")):
        abort(403)


def _bound(session: Session, business_id: int) -> Session:
    return Tenant(session, business_id).session
