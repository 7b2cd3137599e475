"""Calendars of others that are kept in step with ours: connect, see how they are, end it (K5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Field

from app.admin.auth.access import (
    account,
    admin_pages,
    business_pages,
    changers_only,
    here,
    outside_its_turn,
    required,
)
from app.admin.auth.security import limiter
from app.admin.auth.trail import note
from app.admin.forms.connections import CalDavForm, IcsForm, PasswordForm
from app.admin.text import connection_words
from app.admin.text.connection_words import failure_words
from app.admin.text.words import t
from app.context import public_url, worker
from services.calendar_sync.clients.dav_discovery import find_calendars
from services.calendar_sync.clients.google import calendars, stop_channel
from services.calendar_sync.clients.remote import Choice, Window
from services.calendar_sync.connections import (
    TooManyConnections,
    add_connection,
    choose,
    connections_of,
    disconnect,
    wake,
    week_counts,
)
from services.calendar_sync.core.events import Span
from services.calendar_sync.core.failures import CalendarFailure, Refused
from services.calendar_sync.core.pkce import consent_url, verifier_of
from services.calendar_sync.remotes import Opened, opened
from services.db.models import AuditKind, CalendarConnection, CalendarKind, CalendarState, Resource
from services.db.tenancy import bind_business

_STATE_LIFE_S = 3600
_MOST_CHOICES = 50
# Each of these asks a server that somebody typed in.
_asks_others = limiter.limit(
    "10 per minute;100 per hour", methods=["POST"], key_func=lambda: f"calendars {account().get_id()}"
)


@business_pages.get("/connections")
def connections() -> ResponseReturnValue:
    """What is connected, and how it is."""
    week = datetime.now(here().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    week -= timedelta(days=(week.weekday() + 1) % 7)

    def read(s: Session) -> dict[str, Any]:
        return {
            "rows": connections_of(s),
            "people": _people(s),
            "this_week": week_counts(s, week, week + timedelta(days=7)),
        }

    return render_template("connections.html", words=connection_words, **here().read(read))


@business_pages.get("/connections/new")
@changers_only
def new_connection() -> ResponseReturnValue:
    resource_id = _asked_resource()
    return _new_page(CalDavForm(resource=resource_id), IcsForm(resource=resource_id))


@business_pages.post("/connections/caldav")
@_asks_others
def connect_caldav() -> ResponseReturnValue:
    form, ics = CalDavForm(request.form), IcsForm()
    if not form.validate():
        return _new_page(form, ics), 422
    name, password = form.account.data or "", form.password.data or ""
    http = worker().calendars.dav_http(name, password)
    try:
        choices = outside_its_turn(lambda: find_calendars(http, form.address.data or ""))
        if not choices:
            raise Refused("HTTP 207")
    except CalendarFailure as error:
        return _not_connected(form.address, error, form, ics)
    row = CalendarConnection(kind=CalendarKind.CALDAV, account=name, grant_secret=password)
    return _connected(row, choices, form.resource.data)


@business_pages.post("/connections/ics")
@_asks_others
def connect_ics() -> ResponseReturnValue:
    form, dav = IcsForm(request.form), CalDavForm()
    if not form.validate():
        return _new_page(dav, form), 422
    address, now = form.address.data or "", datetime.now(UTC)
    tried = Opened(0, here().business_id, CalendarKind.ICS, "", address, "", here().zone.key)
    window = Window(Span(now, now + timedelta(days=31)), here().zone.key)
    try:
        outside_its_turn(lambda: worker().calendars.readable(tried).changes("", window))
    except CalendarFailure as error:
        return _not_connected(form.address, error, dav, form)
    name = form.name.data or t("כתובת ICS", "ICS address")
    return _connected(CalendarConnection(kind=CalendarKind.ICS), [Choice(address, name)], form.resource.data)


@business_pages.get("/connections/<int:connection_id>")
@changers_only
def connection(connection_id: int) -> ResponseReturnValue:
    return _page(connection_id, PasswordForm())


@business_pages.post("/connections/<int:connection_id>/choose")
def choose_calendar(connection_id: int) -> ResponseReturnValue:
    def work(s: Session) -> bool:
        row = required(s.get(CalendarConnection, connection_id))
        chosen = choose(s, row, request.form.get("calendar", ""), datetime.now(UTC))
        if chosen:
            note(s, AuditKind.CALENDAR_CONNECTED, row.calendar_name)
        return chosen

    if not here().write(work):
        flash(t("בחרו אחד מהיומנים.", "Choose one of the calendars."), "warn")
        return redirect(url_for("business.connection", connection_id=connection_id))
    flash(t("היומן מחובר.", "The calendar is connected."), "good")
    return redirect(url_for("business.connections"))


@business_pages.post("/connections/<int:connection_id>/password")
@_asks_others
def reconnect_caldav(connection_id: int) -> ResponseReturnValue:
    """A new password for the same account."""
    row, form = _row(connection_id), PasswordForm(request.form)
    if row.kind is not CalendarKind.CALDAV:
        abort(404)
    if not form.validate():
        return _page(connection_id, form), 422
    http = worker().calendars.dav_http(row.account, form.password.data or "")
    address = here().read(lambda s: opened(required(s.get(CalendarConnection, connection_id)), "").address)
    try:
        outside_its_turn(lambda: find_calendars(http, address))
    except CalendarFailure as error:
        form.password.errors = [failure_words(error)]
        return _page(connection_id, form), 409

    def work(s: Session) -> None:
        found = required(s.get(CalendarConnection, connection_id))
        found.grant_secret = form.password.data
        _wake(found)
        note(s, AuditKind.CALENDAR_CONNECTED, found.calendar_name)

    here().write(work)
    flash(t("היומן מחובר שוב.", "The calendar is connected again."), "good")
    return redirect(url_for("business.connections"))


@business_pages.post("/connections/<int:connection_id>/again")
def try_calendar_again(connection_id: int) -> ResponseReturnValue:
    """Its owner has put right what was wrong there."""

    def work(s: Session) -> None:
        row = required(s.get(CalendarConnection, connection_id))
        _wake(row)
        note(s, AuditKind.CALENDAR_CONNECTED, row.calendar_name)

    here().write(work)
    flash(t("קוראים את היומן שוב.", "The calendar is being read again."), "good")
    return redirect(url_for("business.connections"))


@business_pages.post("/connections/<int:connection_id>/disconnect")
def end_connection(connection_id: int) -> ResponseReturnValue:
    row = _row(connection_id)

    def work(s: Session) -> Opened:
        note(s, AuditKind.CALENDAR_DISCONNECTED, row.calendar_name)
        return required(disconnect(s, connection_id, datetime.now(UTC)))

    was = here().write(work)
    if was.kind is CalendarKind.GOOGLE:
        outside_its_turn(lambda: _end_grant(was, row))
    flash(t("היומן נותק. מה שכתבנו בו נשאר שם.", "The calendar is disconnected. What we wrote stays there."), "good")
    return redirect(url_for("business.connections"))


@admin_pages.get("/connections/google")
def google_connected() -> ResponseReturnValue:
    """Where Google sends the owner back to."""
    found = _read_state(request.args.get("state", ""))
    if found is None or not account().may_change(found["business"]):
        flash(t("הקישור פג. נסו שוב.", "That took too long. Try again."), "warn")
        return redirect(url_for("admin.front_door"))
    back = redirect(url_for("business.connections", business_id=found["business"]))
    oauth, code = worker().calendars.oauth, request.args.get("code", "")
    if oauth is None or not code:
        flash(t("לא ניתנה הרשאה, ולכן היומן אינו מחובר.", "Nothing was allowed, so it is not connected."), "warn")
        return back
    verifier = verifier_of(worker().signing_key, request.args["state"])

    def exchange() -> tuple[str, list[Choice]]:
        tokens = oauth.exchange(code, verifier, _redirect_uri())
        return tokens.refresh, calendars(worker().calendars.google_http(tokens.refresh))

    try:
        refresh, choices = outside_its_turn(exchange)
        if not choices:
            raise Refused("no calendars")
    except CalendarFailure as error:
        words = t("Google לא חיבר את היומן: {reason}", "Google did not connect it: {reason}", reason=str(error)[:80])
        flash(words, "warn")
        return back
    return _save_google(found, refresh, choices) or back


def _save_google(found: Mapping[str, int], refresh: str, choices: list[Choice]) -> ResponseReturnValue | None:
    """Where to go on; None: back to the list."""
    business_id, now = found["business"], datetime.now(UTC)

    def work(s: Session) -> tuple[int, CalendarState] | None:
        bind_business(s, business_id)
        if found["connection"]:
            row = required(s.get(CalendarConnection, found["connection"]))
            if row.kind is not CalendarKind.GOOGLE or opened(row, "").address not in [each.id for each in choices]:
                return None
            row.grant_secret = refresh
            _wake(row)
        else:
            resource_id = found["resource"] or None
            if resource_id is not None:
                required(s.get(Resource, resource_id))
            row = CalendarConnection(
                kind=CalendarKind.GOOGLE, account=choices[0].id[:254], grant_secret=refresh, resource_id=resource_id
            )
            _offer(row, choices)
            add_connection(s, row, now)
        note(s, AuditKind.CALENDAR_CONNECTED, row.calendar_name or row.account, business_id=business_id)
        return row.id, row.state

    try:
        saved = worker().database.write(work)
    except TooManyConnections:
        flash(_no_room(), "warn")
        return None
    if saved is None:
        words = t(
            "זה חשבון אחר: היומן המחובר אינו בו.", "That is another account: the connected calendar is not in it."
        )
        flash(words, "warn")
        return None
    flash(t("היומן מחובר.", "The calendar is connected."), "good")
    if saved[1] is CalendarState.CHOOSING:
        return redirect(url_for("business.connection", business_id=business_id, connection_id=saved[0]))
    return None


def _connected(row: CalendarConnection, choices: list[Choice], resource: int | None) -> ResponseReturnValue:
    """Save a new one, and go where it goes on."""

    def work(s: Session) -> tuple[int, CalendarState]:
        new = CalendarConnection(kind=row.kind, account=row.account or "", grant_secret=row.grant_secret)
        new.resource_id = required(s.get(Resource, resource)).id if resource else None
        _offer(new, choices)
        add_connection(s, new, datetime.now(UTC))
        note(s, AuditKind.CALENDAR_CONNECTED, new.calendar_name or new.account)
        return new.id, new.state

    try:
        connection_id, state = here().write(work)
    except TooManyConnections:
        flash(_no_room(), "warn")
        return redirect(url_for("business.connections"))
    if state is CalendarState.CHOOSING:
        return redirect(url_for("business.connection", connection_id=connection_id))
    flash(t("היומן מחובר.", "The calendar is connected."), "good")
    return redirect(url_for("business.connections"))


def _offer(row: CalendarConnection, choices: list[Choice]) -> None:
    """The only calendar there is, or all of them to choose from."""
    if len(choices) == 1:
        row.address, row.calendar_name, row.state = choices[0].id, choices[0].name[:200], CalendarState.ACTIVE
        return
    row.choices = [[each.id, each.name[:200]] for each in choices[:_MOST_CHOICES]]
    row.state = CalendarState.CHOOSING


def _wake(row: CalendarConnection) -> None:
    if row.state is not CalendarState.CHOOSING:
        wake(row, datetime.now(UTC))


def _end_grant(was: Opened, row: CalendarConnection) -> None:
    """Nothing is to come from there any more; whatever Google says to that."""
    remotes = worker().calendars
    if remotes.oauth is None:
        return
    try:
        if row.channel_id:
            stop_channel(remotes.google_http(was.secret), row.channel_id, row.channel_resource)
        remotes.oauth.revoke(was.secret)
    except CalendarFailure:
        pass  # it has ended, or it ends by itself: nobody has the token any more
    remotes.forget(was.secret)


def _page(connection_id: int, form: PasswordForm) -> str:
    row = _row(connection_id)
    google = _google_link(row.resource_id or 0, row.id) if row.kind is CalendarKind.GOOGLE else ""
    people = here().read(_people)
    return render_template("connection.html", row=row, form=form, google=google, people=people, words=connection_words)


def _row(connection_id: int) -> CalendarConnection:
    return here().read(lambda s: required(s.get(CalendarConnection, connection_id)))


def _new_page(dav: CalDavForm, ics: IcsForm) -> str:
    people = here().read(_people)
    resource_id = dav.resource.data or ics.resource.data or 0
    return render_template(
        "connection_new.html",
        dav=dav,
        ics=ics,
        people=people,
        resource_id=resource_id,
        google=_google_link(resource_id, 0),
    )


def _not_connected(field: Field, error: CalendarFailure, dav: CalDavForm, ics: IcsForm) -> ResponseReturnValue:
    field.errors = [failure_words(error)]
    return _new_page(dav, ics), 409


def _people(s: Session) -> dict[int, str]:
    """Whose a calendar can be, where there is somebody to choose from."""
    rows = s.scalars(select(Resource).where(Resource.active).order_by(Resource.position, Resource.id)).all()
    return {each.id: each.name for each in rows if each.name}


def _asked_resource() -> int:
    asked = request.args.get("resource", "0")
    found = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0
    return found if found in here().read(_people) else 0


def _google_link(resource_id: int, connection_id: int) -> str:
    """Google's consent page for this; "" where the installation has no client there."""
    oauth = worker().calendars.oauth
    if oauth is None:
        return ""
    state = _serializer().dumps(
        [here().business_id, resource_id, connection_id, account().session_id, secrets.token_urlsafe(8)]
    )
    return consent_url(
        oauth.addresses.consent,
        client_id=oauth.client_id,
        redirect_uri=_redirect_uri(),
        state=state,
        verifier=verifier_of(worker().signing_key, state),
    )


def _read_state(state: str) -> Mapping[str, int] | None:
    """What the link was made for; None when it is not ours, too old, or of somebody else's browser."""
    try:
        business, resource, of, session_id, _ = _serializer().loads(state, max_age=_STATE_LIFE_S)
    except (BadData, ValueError, TypeError):
        return None
    if session_id != account().session_id:
        return None
    return {"business": business, "resource": resource, "connection": of}


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(worker().signing_key, salt="calendar-grant")


def _redirect_uri() -> str:
    return f"{public_url().base}{url_for('admin.google_connected')}"


def _no_room() -> str:
    return t("אין מקום לעוד יומנים.", "There is no room for another calendar.")
