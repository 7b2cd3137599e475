"""What is stored and told once a call is over (W13), by any worker and once; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.customers import upsert_lead
from services.calls import lifecycle
from services.calls.context import TurnRecord
from services.calls.housekeeping import STALE_CALL
from services.calls.summary import CallFacts, outcome_of, summary_of
from services.calls.wrap_up import RESULT_TIMEOUT
from services.db.models import BusinessSettings, Call, OutboxKind, OutboxMessage
from services.db.tenancy import bind_business, unscoped
from services.outbox.outbox import OutboxItem
from services.tools_calendar import create_appointment_from_realtime
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain, tidy

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))


class Inbox:
    """A sender that takes everything."""

    def __init__(self) -> None:
        self.items: list[OutboxItem] = []

    def send(self, item: OutboxItem) -> None:
        self.items.append(item)

    def was_sent(self, _item: OutboxItem) -> bool:
        return False


def set_webhook(cast: Cast) -> None:
    def change(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        settings = session.scalars(select(BusinessSettings)).one()
        settings.webhook_url, settings.webhook_secret = "https://hooks.example/x", "s3cret"

    cast.database.write(change)


def end(cast: Cast, call: Call, reason: str = "agent_goodbye") -> None:
    ended = NOW + timedelta(seconds=95)
    cast.database.write(lambda s: lifecycle.finish_call(s, call.id, end_reason=reason, metrics={}, now=ended))


def fetch(cast: Cast, call_sid: str = "CA-clinic") -> Call:
    def find(session: Session) -> Call:
        with unscoped(session, "test"):
            return session.scalars(select(Call).where(Call.call_sid == call_sid)).one()

    return cast.database.read(find)


def round_of(cast: Cast, inbox: Inbox, now: datetime) -> tuple[int, int]:
    """(wrapped up, sent)."""
    wrapped_up = tidy(cast.database, now)["wrap up"]
    return wrapped_up, drain(cast.database, {OutboxKind.WEBHOOK: inbox}, lambda: now)


def test_a_booked_call_is_summed_up_and_told_with_its_details(cast: Cast) -> None:
    set_webhook(cast)
    call = cast.clinic_call
    cast.database.write(
        lambda s: create_appointment_from_realtime(
            s, call_id=call.id, start=TEN, phone="+972501234567", name="דנה", service="שיננית", now=NOW
        )
    )
    end(cast, call)
    inbox = Inbox()
    assert round_of(cast, inbox, NOW + timedelta(minutes=2)) == (1, 1)
    stored = fetch(cast)
    assert stored.summary == ("נקבע תור: יום שלישי, 2 במרץ בשעה 10:00. שם: דנה, טלפון: +972501234567, נושא: שיננית.")
    assert stored.outcome["result"] == "booked"
    assert stored.outcome["duration_s"] == 95
    (item,) = inbox.items
    assert item.secret == "s3cret"
    assert item.payload["url"] == "https://hooks.example/x"
    event = item.payload["event"]
    assert event["outcome"]["appointments"] == [TEN.isoformat()]
    assert (event["call"]["sid"], event["business"]["name"]) == ("CA-clinic", "Clinic")


def test_a_call_is_wrapped_up_once_by_many_workers(cast: Cast) -> None:
    set_webhook(cast)
    end(cast, cast.clinic_call)
    end(cast, cast.office_call)
    inbox = Inbox()
    with ThreadPoolExecutor(8) as threads:
        rounds = list(threads.map(lambda _: round_of(cast, inbox, NOW + timedelta(minutes=2)), range(8)))
    assert sum(wrapped_up for wrapped_up, _sent in rounds) == 2
    assert [item.key for item in inbox.items] == ["webhook:call:CA-clinic"], "the office has set no address"


def test_a_call_in_progress_or_just_ended_by_the_carrier_is_left_alone(cast: Cast) -> None:
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "completed", NOW))
    assert not tidy(cast.database, NOW + RESULT_TIMEOUT)
    assert tidy(cast.database, NOW + RESULT_TIMEOUT + timedelta(seconds=1)) == {"wrap up": 1}
    assert not tidy(cast.database, NOW + RESULT_TIMEOUT + timedelta(seconds=1))
    assert fetch(cast).summary == "המתקשר לא אמר דבר."
    assert fetch(cast, "CA-office").wrapped_up_at is None


def test_a_call_that_was_lost_is_closed_and_wrapped_up(cast: Cast) -> None:
    now = NOW + STALE_CALL + timedelta(seconds=1)
    assert tidy(cast.database, now) == {"close": 2}
    assert tidy(cast.database, now + RESULT_TIMEOUT + timedelta(seconds=1)) == {"wrap up": 2}
    assert fetch(cast).end_reason == "lost"


def test_a_lead_and_a_question_are_told_apart(cast: Cast) -> None:
    said = [TurnRecord(0, "caller", "כמה עולה הלבנה?")]
    for call in (cast.clinic_call, cast.office_call):
        cast.database.write_rows(
            call.business_id, lambda rows, call=call: lifecycle.add_turns(rows, call.id, said, now=NOW)
        )
    cast.database.write(
        lambda s: upsert_lead(s, cast.clinic_call.id, name="דנה", phone="+972501234567", city="חיפה", now=NOW)
    )
    end(cast, cast.clinic_call)
    end(cast, cast.office_call)
    round_of(cast, Inbox(), NOW + timedelta(minutes=2))
    assert fetch(cast).summary == "המתקשר השאיר פרטים. שם: דנה, טלפון: +972501234567, עיר: חיפה."
    assert fetch(cast, "CA-office").outcome["result"] == "information"


def test_what_the_outbox_says_of_a_test_call_is_nothing(cast: Cast) -> None:
    set_webhook(cast)

    def mark(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(Call)).one().is_test = True

    cast.database.write(mark)
    end(cast, cast.clinic_call)
    tidy(cast.database, NOW + timedelta(minutes=2))

    def queued(session: Session) -> list[OutboxMessage]:
        bind_business(session, cast.clinic.id)
        return list(session.scalars(select(OutboxMessage)))

    assert cast.database.read(queued) == []


@pytest.mark.parametrize(
    ("facts", "outcome", "summary"),
    [
        (
            CallFacts("en", "agent_goodbye", 60, True, appointments=[TEN]),
            "booked",
            "Booked: Tuesday, 2 March at 10:00.",
        ),
        (CallFacts("en", "agent_goodbye", 60, True, cancelled=1), "cancelled", "An appointment was cancelled."),
        (
            CallFacts("en", "hand_over", 60, True, transfer_to="+97231119999", transfer_status="completed"),
            "handed_over",
            "The call was transferred to +97231119999 and answered.",
        ),
        (
            CallFacts("en", "hand_over", 60, True, transfer_to="+97231119999", transfer_status="no-answer"),
            "missed_transfer",
            "The caller wanted a person and nobody answered.",
        ),
        (
            CallFacts("en", "hand_over", 60, True, transfer_status="busy", messages=[7]),
            "message",
            "The caller left a voice message (7 s). The caller wanted a person and nobody answered.",
        ),
        (CallFacts("en", "x", 60, True, lead={"name": "Dan"}), "lead", "The caller left details. Name: Dan."),
        (CallFacts("en", "x", 60, True), "information", "The caller asked and booked nothing."),
        (CallFacts("en", "x", 60, False), "no_words", "The caller said nothing."),
    ],
)
def test_every_outcome_has_its_sentence(facts: CallFacts, outcome: str, summary: str) -> None:
    assert outcome_of(facts) == outcome
    assert summary_of(facts) == summary
