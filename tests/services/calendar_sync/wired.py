"""A clinic whose calendars are connected to the sandbox's servers, with the outbox and the reading done by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sandbox.calendars import RunningCalendars
from sandbox.calendars.dav import NAME, PASSWORD
from sandbox.calendars.google_oauth import DEMO_REFRESH_TOKEN
from services.calendar_sync.connections import add_connection, wake
from services.calendar_sync.reading import due, read_connection
from services.calendar_sync.remotes import Remotes
from services.calendar_sync.writing import CalendarSender
from services.db.models import (
    Appointment,
    BusinessSettings,
    CalendarConnection,
    CalendarKind,
    CalendarState,
    Notify,
    OutboxKind,
    OutboxMessage,
    TakenKind,
    TakenTime,
)
from services.db.tenancy import bind_business
from services.policy.catalogue import ANYTHING
from services.tools_calendar import (
    Booking,
    BookingResult,
    Outcome,
    Want,
    Wish,
    cancel_appointment,
    create_appointment_by_owner,
    move_appointment,
)
from tests.services.calendar_sync.remote import http, oauth
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain

T = TypeVar("T")
PHONE = "+972501234567"
TEN = datetime.combine((NOW + timedelta(days=1)).date(), datetime.min.time(), NOW.tzinfo) + timedelta(hours=8)
HALF = timedelta(minutes=30)
Times = list[tuple[datetime, datetime]]


@dataclass
class Wired:
    """now: the clock of everything of ours."""

    cast: Cast
    world: RunningCalendars
    now: datetime = NOW
    remotes: Remotes = field(init=False)

    def __post_init__(self) -> None:
        self.remotes = Remotes(
            http(),
            self.clock,
            oauth=oauth(self.world),
            google_api=f"{self.world.url}/calendar/v3",
            key=b"a key of these tests",
        )

    def clock(self) -> datetime:
        return self.now

    def in_clinic(self, fn: Callable[[Session], T]) -> T:
        return self.cast.database.write(lambda s: fn(bind_business(s, self.cast.clinic.id)), deadline_s=30.0)

    # connecting

    def connect(self, kind: CalendarKind, address: str, secret: str | None, resource: int | None = None) -> int:
        def work(session: Session) -> int:
            account = NAME if kind is CalendarKind.CALDAV else self.world.account
            row = CalendarConnection(
                kind=kind, address=address, account=account, grant_secret=secret, resource_id=resource
            )
            add_connection(session, row, self.now)
            return row.id

        return self.in_clinic(work)

    def connect_google(self, resource: int | None = None) -> int:
        return self.connect(CalendarKind.GOOGLE, self.world.account, DEMO_REFRESH_TOKEN, resource)

    def connect_dav(self, resource: int | None = None) -> int:
        return self.connect(CalendarKind.CALDAV, self.world.dav_url, PASSWORD, resource)

    def connect_ics(self, name: str = "calendar.ics") -> int:
        return self.connect(CalendarKind.ICS, f"{self.world.url}/ics/{name}", None)

    def grant_again(self, connection_id: int) -> None:
        """The owner has connected it anew."""
        self.world.do(lambda server: server.oauth.refresh_tokens.add("another grant"))

        def work(session: Session) -> None:
            row = session.get_one(CalendarConnection, connection_id)
            row.grant_secret = "another grant"
            wake(row, self.now)

        self.in_clinic(work)

    def notify_by_email(self) -> None:
        def work(session: Session) -> None:
            settings = session.scalars(select(BusinessSettings)).one()
            settings.notify_by, settings.notify_email = Notify.EMAIL, "owner@example.com"

        self.in_clinic(work)

    def has_connections(self) -> bool:
        return self.in_clinic(lambda s: s.scalars(select(CalendarConnection.id)).first()) is not None

    def start_again(self) -> None:
        """At the first moment, with what is connected read soon and nothing waiting."""
        self.now = NOW

        def work(session: Session) -> None:
            for row in session.scalars(select(CalendarConnection)):
                row.next_poll_at, row.read_fully_at = NOW, NOW
            session.execute(delete(OutboxMessage))

        self.in_clinic(work)

    # what the worker's threads do

    def write(self) -> int:
        """What waits in the outbox for calendars; how many messages."""
        sender = CalendarSender(self.cast.database, self.remotes, self.clock)
        return drain(self.cast.database, {OutboxKind.CALENDAR: sender}, self.clock)

    def read(self) -> int:
        """A minute passes, and every calendar is read; how many could be."""
        self.now += timedelta(minutes=1)
        turns = self.cast.database.read(lambda s: due(s, self.now))
        return sum(read_connection(self.cast.database, self.remotes, turn, self.clock) for turn in turns)

    def sync(self) -> None:
        self.write()
        self.read()

    # what callers and the owner do here

    def ask(self, start: datetime = TEN, *, want: Want = ANYTHING) -> BookingResult:
        wish = Wish(start, PHONE, "Tal Levi", "check-up", want=want)
        return self.in_clinic(lambda s: create_appointment_by_owner(s, wish, request_key=uuid4().hex, now=self.now))

    def book(self, start: datetime = TEN, *, want: Want = ANYTHING) -> Booking:
        booking = self.ask(start, want=want).booking
        assert booking is not None
        return booking

    def move(self, booking: Booking, start: datetime, want: Want | None = None) -> Outcome:
        return self.in_clinic(
            lambda s: move_appointment(s, appointment_id=booking.id, start=start, now=self.now, want=want)
        ).outcome

    def cancel(self, booking: Booking) -> None:
        self.in_clinic(lambda s: cancel_appointment(s, appointment_id=booking.id, now=self.now))

    # what is there

    def appointment(self, booking: Booking) -> Appointment:
        return self.in_clinic(lambda s: s.get_one(Appointment, booking.id, populate_existing=True))

    def connection(self, connection_id: int) -> CalendarConnection:
        return self.in_clinic(lambda s: s.get_one(CalendarConnection, connection_id, populate_existing=True))

    def state(self, connection_id: int) -> CalendarState:
        return self.connection(connection_id).state

    def blocked(self) -> Times:
        """Times that events of others take."""
        query = select(TakenTime.starts_at, TakenTime.ends_at).where(TakenTime.kind == TakenKind.FOREIGN)
        return [
            (row[0], row[1]) for row in self.in_clinic(lambda s: s.execute(query.order_by(TakenTime.starts_at)).all())
        ]

    def outbox(self, kind: OutboxKind) -> list[OutboxMessage]:
        query = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
        return self.in_clinic(lambda s: list(s.scalars(query)))
