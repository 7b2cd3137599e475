"""Connections as rows: loaded, in trouble, ended, and what their page shows (K5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.appointments.elsewhere import WORKING, block_foreign_times
from services.appointments.slots import lock_calendar
from services.calendar_sync.core.failures import CalendarAway, CalendarFailure, GrantLost, Refused
from services.calendar_sync.remotes import Opened, opened
from services.db.database import Database
from services.db.models import (
    Business,
    BusinessSettings,
    CalendarConnection,
    CalendarKind,
    CalendarLink,
    CalendarState,
    ForeignTime,
)
from services.db.tenancy import bind_business, unscoped
from services.db.text import storable_text
from services.outbox.owner import Notice, tell_owner

MOST_CONNECTIONS = 40
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=15)
_FAULT_LIMIT = 200

_LOST = {
    "he": "{business}: אין יותר גישה ליומן {calendar}. קביעת התורים נמשכת ביומן שלנו; חברו אותו מחדש בעמוד היומנים.",
    "en": "{business}: the calendar {calendar} cannot be reached with its grant any more. Booking goes on in our own "
    "calendar; connect it again on the page Calendars.",
}


class TooManyConnections(Exception):
    """A business has no room for another one."""


def load(session: Session, *, business_id: int, connection_id: int) -> Opened | None:
    """A connection that works; None for one that is gone, or waits for its owner."""
    bind_business(session, business_id)
    row = session.get(CalendarConnection, connection_id)
    if row is None or row.state not in WORKING:
        return None
    return opened(row, session.scalars(select(BusinessSettings.timezone)).one())


def add_connection(session: Session, connection: CalendarConnection, now: datetime) -> None:
    """A new one of the session's business; it is read at once. Raises TooManyConnections."""
    if (session.scalar(select(func.count(CalendarConnection.id))) or 0) >= MOST_CONNECTIONS:
        raise TooManyConnections
    connection.created_at = connection.next_poll_at = now
    session.add(connection)
    session.flush()


def choose(session: Session, connection: CalendarConnection, address: str, now: datetime) -> bool:
    """Which of the account's calendars it is; False for one that was not offered."""
    found = next((name for each, name in connection.choices if each == address), None)
    if found is None or connection.state is not CalendarState.CHOOSING:
        return False
    connection.address, connection.calendar_name, connection.choices = address, found, []
    wake(connection, now)
    session.flush()
    return True


def wake(connection: CalendarConnection, now: datetime) -> None:
    """It works again, or anew: everything is read at once."""
    connection.state, connection.fault, connection.failures = CalendarState.ACTIVE, "", 0
    connection.sync_token, connection.read_fully_at = "", None
    connection.next_poll_at, connection.claim = now, ""


def disconnect(session: Session, connection_id: int, now: datetime) -> Opened | None:
    """Its events block nothing any more; what we wrote there stays there. What it was, for `revoke`."""
    lock_calendar(session)
    row = session.get(CalendarConnection, connection_id)
    if row is None:
        return None
    was = opened(row, "UTC")
    for model in (ForeignTime, CalendarLink):
        session.execute(delete(model).where(model.connection_id == connection_id))
    session.delete(row)
    session.flush()
    block_foreign_times(session, now)
    return was


def fail(database: Database, connection: Opened, error: CalendarFailure, now: datetime) -> None:
    """Write down what is wrong with it. A lost grant, or a calendar that refuses us, waits for the owner, who is told
    once; anything else is tried again later."""

    def work(session: Session) -> None:
        bind_business(session, connection.business_id)
        row = session.get(CalendarConnection, connection.id, with_for_update=True)
        if row is None or row.state not in WORKING or opened(row, "").secret != connection.secret:
            return
        row.fault = storable_text(str(error), _FAULT_LIMIT)
        row.failures += 1
        if not is_final(error):
            row.state = CalendarState.AWAY
            pause = min(_FIRST_PAUSE * 2 ** min(row.failures - 1, 10), _LONGEST_PAUSE)
            asked = error.retry_after if isinstance(error, CalendarAway) else None
            row.next_poll_at = now + max(pause, asked or pause)
            return
        row.state = CalendarState.LOST if isinstance(error, GrantLost) else CalendarState.REFUSED
        _tell(session, row, now)

    database.write(work)


def is_final(error: CalendarFailure) -> bool:
    """Whether only the owner can help."""
    return isinstance(error, (GrantLost, Refused))


def week_counts(session: Session, start: datetime, end: datetime) -> Mapping[int, int]:
    """How many events of each connection touch [start, end)."""
    time = ForeignTime
    query = select(time.connection_id, func.count(time.id)).where(time.starts_at < end, time.ends_at > start)
    return {row[0]: row[1] for row in session.execute(query.group_by(time.connection_id))}


def connections_of(session: Session) -> Sequence[CalendarConnection]:
    return session.scalars(select(CalendarConnection).order_by(CalendarConnection.id)).all()


def poke(session: Session, channel_id: str, now: datetime) -> bool:
    """Google says that something has changed: it is read at once. False for a channel that nobody knows."""
    with unscoped(session, "Google names a channel, and nothing else"):
        found = session.execute(
            update(CalendarConnection)
            .where(
                CalendarConnection.channel_id == channel_id,
                CalendarConnection.kind == CalendarKind.GOOGLE,
                CalendarConnection.state.in_(WORKING),
            )
            .values(next_poll_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(found.rowcount)  # type: ignore[attr-defined]


def _tell(session: Session, row: CalendarConnection, now: datetime) -> None:
    business = session.scalars(select(Business)).one()
    language = "he" if business.settings.language == "he" else "en"
    name = row.calendar_name or row.account
    text = _LOST[language].format(business=business.name[:60], calendar=name)
    event = {
        "type": "calendar.lost",
        "business": {"id": business.id, "name": business.name},
        "calendar": {"id": row.id, "kind": row.kind.value, "name": name, "state": row.state.value},
    }
    key = f"notify:calendar-lost:{row.id}:{now:%Y%m%dT%H%M%S}"
    tell_owner(session, business.settings, Notice(key, text, event), now)
