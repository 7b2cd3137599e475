"""A conversation with the booking desk, turn by turn, on a real database: what tests say and what they get told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointment_nlp import AppointmentNlp, ModelParser
from services.booking_desk import BookingDesk, Told
from services.businesses import create_business
from services.calls import load_call_context, open_call
from services.database import Database
from services.models import Appointment, AppointmentStatus, Lead, ServerEvent
from services.nlp_topics import topics_of
from services.tenancy import Tenant
from tests.clinic import CLINIC_HOURS
from tests.fixtures_database import NOW

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


class Talk:
    """One call to a business and its desk. Every method returns the kinds of the [SERVER] messages it led to."""

    def __init__(
        self,
        database: Database,
        business_id: int,
        *,
        sid: str = "CA-talk",
        caller: str = "+972501112233",
        model: ModelParser | None = None,
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
                open_call(s, business_id=business_id, call_sid=sid, caller=caller, dialled="+97231110001", now=NOW).id
            )
        )
        self.desk = self.new_desk()

    def new_desk(self) -> BookingDesk:
        """A desk as a process that has just taken the call over would make it: from the rows alone."""
        context = self.database.read(lambda s: load_call_context(s, self.call_id))
        nlp = AppointmentNlp(context.policy, self.model, topics=topics_of(context.keywords, context.business_name))
        return BookingDesk(self.database, context, nlp, lambda: self.now)

    def say(self, text: str) -> list[str]:
        """The caller speaks, and is quiet for a while."""
        self._heard("caller", text)
        self.wait(AFTER_DEBOUNCE_MS)
        return self._kinds(self.desk.tick(self.at_ms))

    def agent(self, text: str) -> list[str]:
        """The agent's words, as they were heard."""
        self._heard("agent", text)
        return self._kinds(self.desk.agent_said(text, self.at_ms))

    def keys(self, digits: str) -> list[str]:
        told: list[Told] = []
        for digit in digits:
            self.wait(200)
            told += self.desk.key(digit, self.at_ms)
        return self._kinds(told)

    def tick(self, after_ms: int) -> list[str]:
        self.wait(after_ms)
        return self._kinds(self.desk.tick(self.at_ms))

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
            Tenant(session, self.business_id)
            rows = session.scalars(select(Appointment).where(Appointment.status == AppointmentStatus.BOOKED))
            zone = self.desk._context.policy.zone
            return [(row.starts_at.astimezone(zone).replace(tzinfo=None), row.name, row.customer.phone) for row in rows]

        return sorted(self.database.read(find))

    def lead(self) -> Lead | None:
        def find(session: Session) -> Lead | None:
            Tenant(session, self.business_id)
            return session.scalars(select(Lead).where(Lead.call_id == self.call_id)).one_or_none()

        return self.database.read(find)

    def stored(self) -> list[tuple[str, bool]]:
        """(kind, delivered) of the call's [SERVER] rows."""

        def find(session: Session) -> list[tuple[str, bool]]:
            Tenant(session, self.business_id)
            rows = session.scalars(select(ServerEvent).where(ServerEvent.call_id == self.call_id))
            return [(row.kind, row.delivered) for row in rows]

        return self.database.read(find)

    def _heard(self, role: str, text: str) -> None:
        self.turns += 1
        self.desk.heard(role, text, f"1.{self.turns}", self.at_ms)

    def _kinds(self, told: list[Told]) -> list[str]:
        self.texts += [one.message.text for one in told]
        self.desk.delivered(told)
        return [one.message.kind for one in told]
