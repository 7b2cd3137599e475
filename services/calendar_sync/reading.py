"""Reading the calendars of others: each connection once over all machines, at least once a minute (K5).

A reading that fails half-way is repeated from the same token: everything in it may happen twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from services.appointments.elsewhere import WORKING, block_foreign_times
from services.appointments.slots import lock_calendar
from services.calendar_sync.clients.google import Channel
from services.calendar_sync.clients.remote import RemoteCalendar, Window
from services.calendar_sync.connections import fail, load
from services.calendar_sync.core.events import Changes, ForeignEvent, Span, event_id
from services.calendar_sync.core.failures import BadRequest, CalendarFailure, TokenGone
from services.calendar_sync.core.merging import Seen, Unseen
from services.calendar_sync.remotes import Opened, Remotes
from services.calendar_sync.settling import UNREAD, Looked
from services.calendar_sync.writing import Writer
from services.db.database import Database
from services.db.models import (
    ACTIVE_APPOINTMENT,
    Appointment,
    CalendarConnection,
    CalendarKind,
    CalendarLink,
    CalendarState,
    ForeignTime,
)
from services.db.tenancy import SessionRows, bind_business, unscoped

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=40)
# Whoever reads for longer has died, and another one begins.
LEASE = timedelta(minutes=3)
BEFORE, AHEAD = timedelta(days=1), timedelta(days=370)
# The window moves with time, and changes of before it are not told.
FULLY_EVERY = timedelta(days=1)
_AT_ONCE = 50  # of those that wait to be read
_WRITTEN_AT_ONCE = 100
_RENEW_CHANNEL = timedelta(days=1)

Turn = tuple[int, int]  # business, connection


@dataclass(frozen=True, slots=True)
class _Known:
    """A connection as it was when its reading began. links: event → appointment and version of its link."""

    connection: Opened
    token: str
    links: Mapping[str, tuple[int, str, int]]
    channel_until: datetime | None


def due(session: Session, now: datetime) -> list[Turn]:
    """Connections that are to be read now, the one that has waited longest first."""
    row = CalendarConnection
    query = select(row.business_id, row.id).where(row.next_poll_at <= now, row.state.in_(WORKING))
    with unscoped(session, "the calendars of every business are read by one sweep"):
        return [
            (business, each) for business, each in session.execute(query.order_by(row.next_poll_at).limit(_AT_ONCE))
        ]


def read_connection(database: Database, remotes: Remotes, turn: Turn, now: Callable[[], datetime]) -> bool:
    """Read one connection, unless another machine does; whether it was read. Safe in every worker at once.

    Runs in a thread of its own. Raises DatabaseUnavailable.
    """
    claim = secrets.token_hex(16)
    if not database.write(partial(_claim, turn=turn, claim=claim, now=now())):
        return False
    known = database.read(partial(_begin, turn=turn, now=now()))
    if known is None:
        return False
    try:
        _Reading(database, remotes, known, claim, now).carry_out()
    except CalendarFailure as error:
        log.info("[CALENDAR] %d cannot be read: %s", turn[1], error)
        fail(database, known.connection, error, now())
        return False
    return True


class _Reading:
    def __init__(
        self, database: Database, remotes: Remotes, known: _Known, claim: str, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._remotes = remotes
        self._known = known
        self._claim = claim
        self._now = now
        self._connection = known.connection

    def carry_out(self) -> None:
        """Raises CalendarFailure."""
        remote = self._remotes.readable(self._connection)
        now = self._now()
        window = Window(Span(now - BEFORE, now + AHEAD), self._connection.zone)
        changes = _changes(remote, self._known.token, window)
        ours = self._database.write(partial(self._take, changes=changes, window=window))
        if self._connection.kind is not CalendarKind.ICS:
            self._settle(changes, ours)
        channel = self._watch()
        is_full = changes.is_full or not self._known.token
        self._database.write(partial(self._finish, token=changes.token, is_full=is_full, channel=channel))

    def _take(self, session: Session, changes: Changes, window: Window) -> dict[int, Seen]:
        """Their events take their times; what was seen of appointments of ours."""
        bind_business(session, self._connection.business_id)
        lock_calendar(session)
        if session.get(CalendarConnection, self._connection.id) is None:
            return {}
        marks = {event.mark.uid for event in changes.events if event.mark is not None}
        by_uid = _appointments(session, marks)
        ours: dict[int, Seen] = {}
        foreign: list[ForeignEvent] = []
        for event in changes.events:
            appointment_id = by_uid.get(event.mark.uid) if event.mark is not None else None
            if event.mark is None or appointment_id is None:
                foreign.append(event)
            elif event.id == event_id(event.mark.uid, self._connection.id):
                ours[appointment_id] = event
            elif not _stands_for(event, self._connection.kind):
                foreign.append(event)  # somebody's copy of one of ours
        for gone in changes.gone:
            if gone in self._known.links:
                ours[self._known.links[gone][0]] = Unseen.DELETED
        if _store(session, self._connection.id, foreign, changes, window):
            block_foreign_times(session, self._now())
        return ours

    def _settle(self, changes: Changes, ours: Mapping[int, Seen]) -> None:
        """Our appointments and their events become the same, in either direction."""
        writer = Writer(self._database, self._connection, self._remotes.writable(self._connection), self._now)
        versions = {appointment_id: version for appointment_id, _, version in self._known.links.values()}
        for appointment_id, seen in ours.items():
            self._one(writer, appointment_id, Looked(seen, versions.get(appointment_id, 0)))
        if changes.is_full:  # that something is not in a list proves nothing: it is looked at
            for appointment_id, uid, _ in self._known.links.values():
                if appointment_id not in ours:
                    self._one(writer, appointment_id, writer.look(appointment_id, uid))
        for appointment_id in self._database.read(partial(_unwritten, connection=self._connection, now=self._now())):
            self._one(writer, appointment_id, UNREAD)

    def _one(self, writer: Writer, appointment_id: int, looked: Looked) -> None:
        try:
            writer.settle(appointment_id, looked)
        except BadRequest as error:  # this one is not taken, whatever we do: the others go on
            log.warning("[CALENDAR] appointment %d is not taken: %s", appointment_id, error)

    def _watch(self) -> tuple[str, Channel] | None:
        """Where there is a public address, Google tells us; polling goes on, for messages get lost."""
        until, now = self._known.channel_until, self._now()
        is_wanted = self._connection.kind is CalendarKind.GOOGLE and self._remotes.push
        if not is_wanted or (until is not None and until > now + _RENEW_CHANNEL):
            return None
        channel_id = secrets.token_hex(16)
        secret = self._remotes.channel_secret(channel_id)
        try:
            return channel_id, self._remotes.google(self._connection).watch(channel_id, secret, self._remotes.push)
        except CalendarFailure as error:
            log.info("[CALENDAR] %d is not watched: %s", self._connection.id, error)
            return None

    def _finish(self, session: Session, token: str, is_full: bool, channel: tuple[str, Channel] | None) -> None:
        bind_business(session, self._connection.business_id)
        now = self._now()
        row = session.get(CalendarConnection, self._connection.id, with_for_update=True)
        if row is None or row.claim != self._claim or row.state not in WORKING:
            return  # another one has begun meanwhile, or it was changed by its owner
        if channel is not None:
            row.channel_id, row.channel_resource = channel[0], channel[1].resource_id[:200]
            row.channel_until = channel[1].expires_at
        row.sync_token, row.last_synced_at = token, now
        row.read_fully_at = now if is_full else row.read_fully_at
        row.state, row.fault, row.failures, row.claim = CalendarState.ACTIVE, "", 0, ""
        # A change that was told while we read has set it to then: it is read once more.
        row.next_poll_at = now + EVERY if row.next_poll_at > now else now


def _changes(remote: RemoteCalendar, token: str, window: Window) -> Changes:
    try:
        return remote.changes(token, window)
    except TokenGone:
        return remote.changes("", window)


def _claim(session: Session, turn: Turn, claim: str, now: datetime) -> bool:
    business_id, connection_id = turn
    bind_business(session, business_id)
    row = CalendarConnection
    found = session.execute(
        update(row)
        .where(row.id == connection_id, row.next_poll_at <= now, row.state.in_(WORKING))
        .values(claim=claim, next_poll_at=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return bool(found.rowcount)  # type: ignore[attr-defined]


def _begin(session: Session, turn: Turn, now: datetime) -> _Known | None:
    business_id, connection_id = turn
    connection = load(session, business_id=business_id, connection_id=connection_id)
    row = session.get(CalendarConnection, connection_id)
    if connection is None or row is None:
        return None
    is_fresh = row.read_fully_at is not None and now - row.read_fully_at < FULLY_EVERY
    query = (
        select(CalendarLink.appointment_id, Appointment.uid, CalendarLink.version)
        .join(Appointment, Appointment.id == CalendarLink.appointment_id)
        .where(CalendarLink.connection_id == connection_id, Appointment.ends_at > now)
    )
    links = {event_id(uid, connection_id): (each, uid, version) for each, uid, version in session.execute(query)}
    return _Known(connection, row.sync_token if is_fresh else "", links, row.channel_until)


def _appointments(session: Session, uids: set[str]) -> dict[str, int]:
    query = select(Appointment.uid, Appointment.id).where(Appointment.uid.in_(uids))
    return {row[0]: row[1] for row in session.execute(query)} if uids else {}


def _stands_for(event: ForeignEvent, kind: CalendarKind) -> bool:
    """Whether it is the event of an appointment of ours by another way: another connection's, or our feed's."""
    mark = event.mark
    if mark is None or mark.connection_id is None:
        return mark is not None
    return kind is CalendarKind.ICS or event.id == event_id(mark.uid, mark.connection_id)


def _store(session: Session, connection_id: int, events: list[ForeignEvent], changes: Changes, window: Window) -> bool:
    """Bring what is kept of a calendar up to date; whether anything has changed."""
    row = ForeignTime
    if not (changes.is_full or events or changes.gone or changes.replaced):
        return False
    wanted = {
        (each.id[:255], each.instance): each.span
        for each in events
        if each.busy and not each.cancelled and each.span.start < each.span.end and each.span.overlaps(window.span)
    }
    query = select(row.id, row.event_id, row.instance, row.starts_at, row.ends_at).where(
        row.connection_id == connection_id
    )
    touched = {each.id[:255] for each in events} | set(changes.gone) | set(changes.replaced)
    gone, changed = list[int](), False
    rows = SessionRows(session)
    for row_id, event, instance, starts_at, ends_at in session.execute(query).all():
        span = wanted.pop((event, instance), None)
        if span is None and (changes.is_full or event in touched or ends_at <= window.span.start):
            gone.append(row_id)
        elif span is not None and span != Span(starts_at, ends_at):
            changed = rows.update(row, row_id, {"starts_at": span.start, "ends_at": span.end})
    for some in (gone[at : at + 500] for at in range(0, len(gone), 500)):
        session.execute(delete(row).where(row.id.in_(some)))
    for (event, instance), span in wanted.items():
        values = {"connection_id": connection_id, "event_id": event, "instance": instance}
        rows.insert(row, {**values, "starts_at": span.start, "ends_at": span.end})
    return bool(gone or wanted or changed)


def _unwritten(session: Session, connection: Opened, now: datetime) -> list[int]:
    """Coming appointments of which the calendar does not know the latest state."""
    bind_business(session, connection.business_id)
    row = session.get_one(CalendarConnection, connection.id)
    link = CalendarLink
    is_here: ColumnElement[bool] = Appointment.status.in_(ACTIVE_APPOINTMENT)
    if row.resource_id is not None:
        is_here = and_(is_here, Appointment.resource_id == row.resource_id)
    query = (
        select(Appointment.id)
        .outerjoin(link, and_(link.appointment_id == Appointment.id, link.connection_id == connection.id))
        .where(
            Appointment.ends_at > now,
            or_(and_(link.id.is_(None), is_here), link.sequence != Appointment.sequence),
        )
    )
    return list(session.scalars(query.order_by(Appointment.starts_at).limit(_WRITTEN_AT_ONCE)))
