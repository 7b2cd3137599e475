"""The page behind the link in a message: see an appointment, say that one comes, move it, cancel it (K6).

The link is the permission. GET changes nothing, however often a messenger looks at it for a preview; a POST carries
what the form was made of, so that nobody acts on an appointment that is no longer as it was shown. The page keeps no
cookie, runs no script, tells no other site where its visitor came from, and asks not to be indexed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import TypeVar, cast

import structlog
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from app.admin.auth.security import client_address, limiter
from app.admin.text.words import LANGUAGES, language, t
from app.context import worker
from app.customer.opened import Opened, State, find_opened
from app.worker.native_thread import Busy
from app.worker.page_queue import PAGES
from services.appointments import links
from services.business_policy import SlotVerdict
from services.db.database import DatabaseUnavailable
from services.db.tenancy import bind_business
from services.texts.acts import Hand, cancel, confirm, is_coming, move, to_change
from services.tools_calendar import NoSuchAppointment, Outcome

log = structlog.get_logger(__name__)

GONE = 410
# Beyond every booking window.
_FURTHEST = timedelta(days=1000)
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
T = TypeVar("T")
V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

customer_pages = Blueprint("customer", __name__, url_prefix="/a")
limiter.limit("60 per minute;600 per hour")(customer_pages)
# Of one link: what a person does with an appointment, and no more.
_changes = limiter.limit("20 per hour", key_func=lambda: f"link {(request.view_args or {}).get('token', '')}"[:120])


@customer_pages.after_request
def add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def in_its_turn(view: V) -> V:
    """Pages are made one after another, as those of the owners are (S1)."""

    @wraps(view)
    def wrapped(*args: object, **values: object) -> ResponseReturnValue:
        with PAGES.one():
            return view(*args, **values)

    return cast(V, wrapped)


@customer_pages.get("/<token>")
@in_its_turn
def appointment(token: str) -> ResponseReturnValue:
    """The appointment as it stands; `?day=` shows the free times of another day."""
    now = datetime.now(UTC)
    opened = _open(token, now)
    return _page(opened, token, 200 if opened else GONE, moved="moved" in request.args)


@customer_pages.post("/<token>/confirm")
@_changes
@in_its_turn
def confirm_appointment(token: str) -> ResponseReturnValue:
    """The customer comes."""

    def act(s: Session, opened: Opened, now: datetime) -> SlotVerdict | None:
        confirm(s, to_change(s, opened.appointment_id), _hand(), now)
        return None

    return _change(token, act)


@customer_pages.post("/<token>/cancel")
@_changes
@in_its_turn
def cancel_appointment(token: str) -> ResponseReturnValue:
    """The customer does not come: the time is free."""

    def act(s: Session, opened: Opened, now: datetime) -> SlotVerdict | None:
        cancel(s, to_change(s, opened.appointment_id), _hand(), now)
        return None

    return _change(token, act, needs_permission=True)


@customer_pages.post("/<token>/move")
@_changes
@in_its_turn
def move_appointment(token: str) -> ResponseReturnValue:
    """Another time, by the rules for callers."""
    start = _wanted_start()

    def act(s: Session, opened: Opened, now: datetime) -> SlotVerdict | None:
        assert start is not None
        result = move(s, to_change(s, opened.appointment_id), start, _hand(), now)
        return result.verdict if result.outcome is Outcome.REFUSED else None

    if start is None:
        opened = _open(token, datetime.now(UTC))
        return _page(opened, token, 422, t("בחרו שעה מהרשימה.", "Choose a time from the list."))
    return _change(token, act, needs_permission=True, moved=True)


def _change(
    token: str,
    act: Callable[[Session, Opened, datetime], SlotVerdict | None],
    *,
    needs_permission: bool = False,
    moved: bool = False,
) -> ResponseReturnValue:
    """Carry out what a form asks for, if the appointment is still as the form showed it; then the page anew."""
    now = datetime.now(UTC)
    opened = _open(token, now)
    if opened is None or opened.state is not State.COMING:
        return _page(opened, token, 200 if opened else GONE)
    if needs_permission and not opened.may_change:
        return _page(opened, token, 403)
    seen = links.read_form_token(worker().settings.link_keys, request.form.get("seen", ""), opened.appointment_id)
    if seen is None:
        problem = t("הדף היה פתוח זמן רב. בדקו ונסו שוב.", "The page was open for long. Look again and try once more.")
        return _page(opened, token, 400, problem)

    def work(s: Session) -> SlotVerdict | None:
        row = to_change(bind_business(s, opened.business_id), opened.appointment_id)
        if row.sequence != seen or not is_coming(row, now):
            raise NoSuchAppointment
        return act(s, opened, now)

    try:
        refused = worker().database.write(work)
    except NoSuchAppointment:
        problem = t("התור השתנה בינתיים. כך הוא עכשיו.", "It has changed meanwhile. This is how it is now.")
        return _page(_open(token, now), token, 409, problem)
    if refused is not None:
        return _page(_open(token, now), token, 409, refused.words(language()))
    shown = url_for("customer.appointment", token=token, lang=request.args.get("lang"), moved=moved or None)
    return redirect(shown, 303)


def _open(token: str, now: datetime) -> Opened | None:
    """What the link opens; None when it is none of ours, or there is nothing behind it any more."""
    try:
        appointment_id = links.read_token(worker().settings.link_keys, token, now)
    except links.LinkOver:
        return None
    if appointment_id is None:
        return None
    opened = worker().database.read(lambda s: find_opened(s, appointment_id, now, _asked_day()))
    if opened is not None:  # the visitor's choice, else the language in which the message was
        asked = request.args.get("lang", "")
        g.language = asked if asked in LANGUAGES else opened.language
    return opened


def _page(
    opened: Opened | None, token: str, status: int, problem: str = "", *, moved: bool = False
) -> ResponseReturnValue:
    if opened is None:
        return render_template("link_over.html", problem=""), GONE
    seen = links.form_token(worker().settings.link_keys, opened.appointment_id, opened.sequence)
    values = {"token": token, "seen": seen, "problem": problem, "moved": moved, "State": State}
    return render_template("appointment_link.html", opened=opened, **values), status


def _hand() -> Hand:
    return Hand("link", worker().settings.public_base_url or "", client_address())


def _asked_day() -> date | None:
    return _read(date.fromisoformat, request.args.get("day") or request.form.get("slot", "").partition("T")[0])


def _wanted_start() -> datetime | None:
    """A wall-clock time of the business, without a zone; None for what no page of ours has offered."""
    start = _read(datetime.fromisoformat, request.form.get("slot", ""))
    if start is None or start.tzinfo is not None:
        return None
    away = abs(start.replace(tzinfo=UTC) - datetime.now(UTC))
    return start if away < _FURTHEST else None


def _read(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text[:20])
    except ValueError:
        return None


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code == 429:
        words = t("יותר מדי פניות. נסו שוב בעוד כמה דקות.", "Too many requests. Try again in a few minutes.")
    else:
        words = t("הבקשה לא התקבלה.", "The request was not accepted.")
    return render_template("link_over.html", problem=words), code


def _not_now(_error: Exception) -> ResponseReturnValue:
    log.warning("a customer's page could not be made", reason=type(_error).__name__)
    words = t("לא זמין כרגע. נסו שוב בעוד רגע.", "Not available right now. Try again in a moment.")
    return render_template("link_over.html", problem=words), 503


for _code in (400, 404, 405, 413, 429):
    customer_pages.register_error_handler(_code, _http_error)
customer_pages.register_error_handler(DatabaseUnavailable, _not_now)
customer_pages.register_error_handler(Busy, _not_now)
