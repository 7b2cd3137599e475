"""A clinic that reminds its customers through a Twilio account, and a customer's telephone; on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.twilio.rest import FakeTwilioRest, Sms
from services.appointments.reminders import look_out_again
from services.db.models import (
    Appointment,
    AuditEvent,
    BusinessSettings,
    Channel,
    IncomingText,
    OutboxKind,
    OutboxMessage,
    OutboxStatus,
)
from services.db.tenancy import bind_business
from services.outbox.gates import sms_gate
from services.outbox.sms import TwilioSms, twilio_client
from services.texts.incoming import Installation, Message, receive
from services.tools_calendar import Booking, Wish, create_appointment_by_owner
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain, tidy
from tests.twilio_api import ACCOUNT, TOKEN, fake_twilio

ZONE = ZoneInfo("Asia/Jerusalem")
WEDNESDAY_TEN = datetime(2027, 3, 3, 10, 0, tzinfo=ZONE)
DAY_BEFORE = WEDNESDAY_TEN - timedelta(days=1)
PHONE, OTHER = "+972501234567", "+972502223344"
CLINIC, OFFICE = "+97231110001", "+97231110002"
INSTALLATION = Installation(frozenset({"IL"}), 100, "https://phone.example.com")
T = TypeVar("T")


@dataclass
class World:
    cast: Cast
    twilio: FakeTwilioRest
    now: datetime = NOW

    def in_clinic(self, fn: Callable[[Session], T]) -> T:
        return self.cast.database.write(lambda s: fn(bind_business(s, self.cast.clinic.id)))

    def choose(self, **values: Any) -> None:
        def work(s: Session) -> None:
            row = s.scalars(select(BusinessSettings)).one()
            for name, value in values.items():
                setattr(row, name, value)
            look_out_again(s, self.now)

        self.in_clinic(work)

    def book(self, start: datetime = WEDNESDAY_TEN, phone: str = PHONE, name: str = "דנה כהן") -> Booking:
        key, wish = uuid4().hex, Wish(start, phone, name)
        made = self.in_clinic(lambda s: create_appointment_by_owner(s, wish, request_key=key, now=self.now)).booking
        assert made is not None
        return made

    def at(self, moment: datetime) -> World:
        """Time passes, and the housekeeper and the outbox do their rounds."""
        self.now = moment
        tidy(self.cast.database, moment)
        self.send()
        return self

    def send(self) -> int:
        sender = TwilioSms(
            twilio_client(ACCOUNT, TOKEN, self.twilio.base), lambda link: f"https://x/{link['appointment']}"
        )
        return drain(self.cast.database, {OutboxKind.SMS: sender}, lambda: self.now, gate=sms_gate({"IL"}, 100))

    def sent(self, phone: str = PHONE) -> list[Sms]:
        return [each for each in self.twilio.messages if each.to.removeprefix("whatsapp:") == phone]

    def says(
        self,
        text: str,
        *,
        frm: str = PHONE,
        to: str = CLINIC,
        sid: str = "",
        channel: Channel = Channel.SMS,
        **of: Any,
    ) -> str:
        """A message of the customer's; the reply."""
        message = Message(sid or f"SM{uuid4().hex}", frm, to, text, channel, **of)
        return self.cast.database.write(lambda s: receive(s, message, INSTALLATION, self.now))

    def appointment(self, booking: Booking) -> Appointment:
        return self.in_clinic(lambda s: s.get_one(Appointment, booking.id, populate_existing=True))

    def rows(self, model: type[T]) -> list[T]:
        return self.in_clinic(lambda s: list(s.scalars(select(model).order_by(model.id)).all()))  # type: ignore[attr-defined]

    def texts(self) -> list[IncomingText]:
        return self.rows(IncomingText)

    def outbox(self, prefix: str = "") -> list[OutboxMessage]:
        return [row for row in self.rows(OutboxMessage) if row.key.startswith(prefix)]

    def states(self, prefix: str = "remind:") -> list[OutboxStatus]:
        return [row.status for row in self.outbox(prefix)]

    def audit(self) -> list[AuditEvent]:
        query = select(AuditEvent).where(AuditEvent.business_id == self.cast.clinic.id).order_by(AuditEvent.id)
        return self.in_clinic(lambda s: list(s.scalars(query).all()))


@contextmanager
def world_of(cast: Cast, **settings: Any) -> Iterator[World]:
    with fake_twilio() as twilio:
        world = World(cast, twilio)
        world.choose(**{"reminders": [1440, 120], "observe_holidays": False, **settings})
        yield world
