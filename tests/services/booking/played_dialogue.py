"""A conversation with the booking dialogue, turn by turn, on a real database: what tests say and what they get told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.appointment_nlp import AppointmentNlp, ModelParser
from services.booking.choice import offering_of
from services.booking.dialogue import BookingDialogue, PendingMessage
from services.calls.lifecycle import load_call_context, open_call
from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, Lead, OutboxKind, OutboxMessage, ServerEvent
from services.db.tenancy import bind_business
from services.nlp.topics import topics_of
from tests.clinic import CLINIC_HOURS
from tests.services.db.fixtures import NOW

AFTER_DEBOUNCE_MS = 1000


def make_business(database: Database, number: str, language: str, **settings: Any) -> int:
    """A business that opens 09:00–17:00 from Sunday to Thursday, in Israel's zone; its id."""
    values: dict[str, Any] = {
        "language": language,
        "opening_hours_json": CLINIC_HOURS,
        "min_notice_min": 60,
        "caller_id_allowed": False,
        "transcription_keywords": ["שיננית", "טיפול שורש", "bookkeeping"],
        **settings,
    }
    return database.write(
        lambda s: (
            create_business(s, name="Smile", numbers=[number], prompt="You are Smile.", settings=values, now=NOW).id
        )
    )


class PlayedDialogue:
    """One call and its booking dialogue. Every method returns the kinds of the [SERVER] messages it led to."""

    def __init__(
        self,
        database: Database,
        business_id: int,
        *,
        sid: str = "CA-talk",
        caller: str = "+972501112233",
        model: ModelParser | None = None,
        attested: bool = False,
    ) -> None:
        self.database = database
        self.business_id = business_id
        self.now = NOW
        self.at_ms = 0
        self.turns = 0
        self.texts: list[str] = []
        self.model = model
        self.call_id = database.write(
            lambda s: (
                open_call(
                    s,
                    business_id=business_id,
                    call_sid=sid,
                    caller=caller,
                    dialled="+97231110001",
                    now=NOW,
                    attested=attested,
                ).id
            )
        )
        self.booking = self.new_booking()

    def new_booking(self) -> BookingDialogue:
        """The booking dialogue as a process that has just taken the call over would make it: from the rows alone."""
        context = self.database.read(lambda s: load_call_context(s, self.call_id))
        topics = topics_of(context.keywords, context.business_name)
        nlp = AppointmentNlp(context.policy, self.model, topics=topics, offering=offering_of(context.catalogue))
        return BookingDialogue(self.database, context, nlp, lambda: self.now)

    def say(self, text: str) -> list[str]:
        """The caller speaks, and is quiet for a while."""
        self._heard("caller", text)
        self.wait(AFTER_DEBOUNCE_MS)
        return self._kinds(self.booking.tick(self.at_ms))

    def agent(self, text: str) -> list[str]:
        """The agent's words, as they were heard."""
        self._heard("agent", text)
        return self._kinds(self.booking.agent_said(text, self.at_ms))

    def keys(self, digits: str) -> list[str]:
        told: list[PendingMessage] = []
        for digit in digits:
            self.wait(200)
            told += self.booking.key(digit, self.at_ms)
        return self._kinds(told)

    def tick(self, after_ms: int) -> list[str]:
        self.wait(after_ms)
        return self._kinds(self.booking.tick(self.at_ms))

    def wait(self, ms: int) -> None:
        self.at_ms += ms
        self.now += timedelta(milliseconds=ms)

    @property
    def last(self) -> str:
        """The text of the latest message."""
        return self.texts[-1]

    def booked(self) -> list[tuple[datetime, str, str]]:
        """(wall-clock start, name, phone) of what stands in the business's calendar."""

        def find(session: Session) -> list[tuple[datetime, str, str]]:
            bind_business(session, self.business_id)
            rows = session.scalars(select(Appointment).where(Appointment.status == AppointmentStatus.BOOKED))
            zone = self.booking._context.policy.zone
            return [(row.starts_at.astimezone(zone).replace(tzinfo=None), row.name, row.customer.phone) for row in rows]

        return sorted(self.database.read(find))

    def written(self) -> list[tuple[str, str]]:
        """(number, text) of the SMS that were put into the outbox."""

        def find(session: Session) -> list[tuple[str, str]]:
            bind_business(session, self.business_id)
            rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.SMS))
            return [(row.payload["to"], row.payload["body"]) for row in rows]

        return self.database.read(find)

    def lead(self) -> Lead | None:
        def find(session: Session) -> Lead | None:
            bind_business(session, self.business_id)
            return session.scalars(select(Lead).where(Lead.call_id == self.call_id)).one_or_none()

        return self.database.read(find)

    def stored(self) -> list[tuple[str, bool]]:
        """(kind, delivered) of the call's [SERVER] rows."""

        def find(session: Session) -> list[tuple[str, bool]]:
            bind_business(session, self.business_id)
            rows = session.scalars(select(ServerEvent).where(ServerEvent.call_id == self.call_id))
            return [(row.kind, row.delivered) for row in rows]

        return self.database.read(find)

    def _heard(self, role: str, text: str) -> None:
        self.turns += 1
        self.booking.heard(role, text, f"1.{self.turns}", self.at_ms)

    def _kinds(self, told: list[PendingMessage]) -> list[str]:
        self.texts += [one.message.text for one in told]
        self.booking.delivered(told)
        return [one.message.kind for one in told]
