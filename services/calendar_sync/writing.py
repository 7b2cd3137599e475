"""Appointments, written into the calendars of others: once each, whatever is repeated (K5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from services.calendar_sync.clients.remote import WritableCalendar
from services.calendar_sync.connections import fail, load
from services.calendar_sync.core.events import event_id
from services.calendar_sync.core.failures import BadRequest, CalendarAway, CalendarFailure, Changed, GrantLost, Refused
from services.calendar_sync.remotes import Opened, Remotes
from services.calendar_sync.settling import UNREAD, LookAgain, Looked, Request, confirm, link_version, settle
from services.db.database import Database
from services.db.tenancy import bind_business
from services.outbox.outbox import OutboxItem, SendFailed

# Of an event that somebody changes while we write.
_TRIES = 6


class Writer:
    """Settles appointments with one calendar."""

    def __init__(
        self, database: Database, connection: Opened, remote: WritableCalendar, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._connection = connection
        self._remote = remote
        self._now = now

    def settle(self, appointment_id: int, looked: Looked = UNREAD) -> None:
        """Until both sides are the same. Raises CalendarFailure."""
        for _ in range(_TRIES):
            outcome = self._decide(appointment_id, looked)
            if outcome is None:
                return
            if isinstance(outcome, Request):
                try:
                    etag = self._say(outcome)
                except Changed:
                    pass
                else:
                    self._confirm(appointment_id, outcome, etag)
                    return
            looked = self.look(appointment_id, outcome.uid)
        raise CalendarAway("the event changes all the time")

    def look(self, appointment_id: int, uid: str) -> Looked:
        """The event as it is now. Raises CalendarFailure."""
        version = self._database.read(
            lambda s: link_version(bind_business(s, self._connection.business_id), self._connection.id, appointment_id)
        )
        return Looked(self._remote.look(event_id(uid, self._connection.id)), version)

    def _decide(self, appointment_id: int, looked: Looked) -> Request | LookAgain | None:
        def work(session: Session) -> Request | LookAgain | None:
            bind_business(session, self._connection.business_id)
            return settle(session, self._connection.id, appointment_id, looked, self._now())

        return self._database.write(work)

    def _say(self, request: Request) -> str:
        """The event's new ETag."""
        name, etag = event_id(request.uid, self._connection.id), request.decision.etag
        if request.written is None:
            self._remote.remove(name, etag)
            return ""
        return self._remote.write(name, request.written, etag)

    def _confirm(self, appointment_id: int, request: Request, etag: str) -> None:
        def work(session: Session) -> None:
            bind_business(session, self._connection.business_id)
            confirm(session, self._connection.id, appointment_id, request, etag)

        self._database.write(work)


class CalendarSender:
    """services.outbox.outbox.Sender for OutboxKind.CALENDAR; payload: connection, appointment (ids)."""

    def __init__(self, database: Database, remotes: Remotes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._remotes = remotes
        self._now = now

    def send(self, item: OutboxItem) -> None:
        """Raises SendFailed; a lost answer too, since the event says itself what was written into it."""
        connection_id, appointment_id = int(item.payload["connection"]), int(item.payload["appointment"])
        connection = self._database.read(partial(load, business_id=item.business_id, connection_id=connection_id))
        if connection is None:  # disconnected, or waiting for its owner: then it is written when that is over
            return
        try:
            Writer(self._database, connection, self._remotes.writable(connection), self._now).settle(appointment_id)
        except (GrantLost, Refused) as error:
            fail(self._database, connection, error, self._now())
            raise SendFailed(str(error), retry=False) from error
        except CalendarFailure as error:
            raise SendFailed(str(error), retry=not isinstance(error, BadRequest)) from error

    def was_sent(self, _item: OutboxItem) -> bool:
        """Writing twice is harmless: an id is written once, and the rest is an update."""
        return False
