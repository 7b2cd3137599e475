"""A call's row from the first webhook to its one terminal state, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.accounts.businesses import own_voice_of, save_prompt
from services.appointments.customers import upsert_customer
from services.calls import events as call_log
from services.calls import lifecycle
from services.calls.context import TurnRecord
from services.calls.housekeeping import close_stale_calls
from services.calls.store import CallStore
from services.db.models import (
    Appointment,
    AppointmentStatus,
    Business,
    BusinessNumber,
    BusinessSettings,
    Call,
    CallStatus,
    NextStep,
    PromptVersion,
)
from services.db.tenancy import SessionRows, TenantError, bind_business, unscoped
from tests.services.db.fixtures import NOW, Cast, MakeCall, seat


def fetch(cast: Cast, call_sid: str = "CA-clinic") -> Call:
    def find(session: Session) -> Call:
        with unscoped(session, "test"):
            return session.scalars(select(Call).where(Call.call_sid == call_sid)).one()

    return cast.database.read(find)


def claim(cast: Cast, call: Call, **changes: object) -> Call | None:
    wanted = {"call_sid": call.call_sid, "business_id": call.business_id, "nonce": call.stream_nonce, "now": NOW}
    return cast.database.write(lambda session: lifecycle.claim_stream(session, **{**wanted, **changes}))


def test_a_number_leads_to_its_business_and_an_unknown_one_to_none(cast: Cast) -> None:
    def find(number: str) -> str | None:
        found = cast.database.read(lambda session: lifecycle.find_business_by_number(session, number))
        return found.name if found else None

    assert find("+97231110001") == "Clinic"
    assert find("+97231110002") == "Office"
    assert find("+97231110003") is None


def test_the_number_of_a_business_that_is_switched_off_is_unknown(cast: Cast) -> None:
    def switch_off(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(Business)).one().is_active = False

    cast.database.write(switch_off)
    assert cast.database.read(lambda s: lifecycle.find_business_by_number(s, "+97231110001")) is None


def test_a_repeated_webhook_gets_the_same_row_and_nonce(cast: Cast, make_call: MakeCall) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: make_call(cast.clinic, "CA-repeated"), range(16)))
    assert {(call.id, call.stream_nonce) for call in found} == {(found[0].id, found[0].stream_nonce)}
    assert found[0].stream_nonce != cast.clinic_call.stream_nonce


def test_a_sid_of_another_business_is_refused(cast: Cast, make_call: MakeCall) -> None:
    with pytest.raises(TenantError):
        make_call(cast.office, "CA-clinic")


def test_a_call_is_stamped_with_the_prompt_version_in_use(cast: Cast) -> None:
    def text_of(session: Session) -> str:
        bind_business(session, cast.clinic.id)
        return session.scalars(
            select(PromptVersion.text).where(PromptVersion.id == cast.clinic_call.prompt_version_id)
        ).one()

    assert cast.database.read(text_of) == "You are Clinic."


def test_the_nonce_works_once_among_many_racers(cast: Cast) -> None:
    with ThreadPoolExecutor(16) as threads:
        won = [found for found in threads.map(lambda _: claim(cast, cast.clinic_call), range(16)) if found]
    assert len(won) == 1
    assert won[0].status is CallStatus.LIVE
    assert won[0].stream_claimed_at == NOW


@pytest.mark.parametrize("wrong", ["nonce", "business", "sid"])
def test_a_token_with_anything_wrong_claims_nothing(cast: Cast, wrong: str) -> None:
    changes: dict[str, object] = {
        "nonce": {"nonce": cast.office_call.stream_nonce},
        "business": {"business_id": cast.office.id},
        "sid": {"call_sid": "CA-office"},
    }[wrong]
    assert claim(cast, cast.clinic_call, **changes) is None
    assert claim(cast, cast.clinic_call) is not None


def test_a_call_that_has_ended_cannot_be_claimed(cast: Cast) -> None:
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "completed", NOW))
    assert claim(cast, cast.clinic_call) is None


def test_a_lost_stream_is_renewed_three_times_with_a_new_token_each(cast: Cast) -> None:
    seen = {cast.clinic_call.stream_nonce}
    call = cast.clinic_call
    for generation in (1, 2, 3):
        assert claim(cast, call) is not None
        renewed = cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW))
        assert renewed is not None
        assert (renewed.stream_generation, renewed.status) == (generation, CallStatus.RESUMING)
        assert claim(cast, call) is None, "the old token is worthless"
        call = renewed
        seen.add(call.stream_nonce)
    assert len(seen) == 4
    assert claim(cast, call) is not None
    assert cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW)) is None


def test_a_call_with_another_next_step_or_an_end_is_not_renewed(cast: Cast) -> None:
    claim(cast, cast.clinic_call)
    cast.database.write(lambda s: lifecycle.set_next_step(s, cast.clinic_call.id, NextStep.DIAL, "+97231119999"))
    assert cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW)) is None
    claim(cast, cast.office_call)
    cast.database.write(
        lambda s: lifecycle.finish_call(s, cast.office_call.id, end_reason="agent_goodbye", metrics={}, now=NOW)
    )
    assert cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-office", now=NOW)) is None
    assert cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-unknown", now=NOW)) is None


def test_the_context_of_a_fresh_call_has_everything_the_owner_set(cast: Cast) -> None:
    def change(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        settings = session.scalars(select(BusinessSettings)).one()
        settings.greeting_text, settings.greeting_clip, settings.enable_greeting = "שלום", b"\xff\x00\x7f", True
        settings.transfer_numbers = ["+97231119999"]
        settings.clips_made_of = own_voice_of(settings).fingerprint

    cast.database.write(change)
    context = cast.database.read(lambda s: lifecycle.load_call_context(s, cast.clinic_call.id))
    assert (context.business_id, context.business_name) == (cast.clinic.id, "Clinic")
    assert (context.greeting_text, context.greeting_clip, context.enable_greeting) == ("שלום", b"\xff\x00\x7f", True)
    assert context.business_prompt == "You are Clinic."
    assert context.transfer_numbers == ("+97231119999",)
    assert context.caller == "+972501234567"
    assert context.line.barge_in == "two_phase"
    assert context.policy.min_notice_min == 60
    assert context.resume.turns == ()


def test_the_context_knows_who_calls_again_where_the_business_wants_it(cast: Cast) -> None:
    """(L8)"""

    def book(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        customer = upsert_customer(session, phone="+972501234567", name="Dana Cohen", now=NOW)
        for day, status in ((1, "booked"), (2, "booked"), (3, "cancelled"), (-3, "booked")):
            starts = NOW + timedelta(days=day)
            seat(
                session,
                Appointment(
                    uid=f"uid{day}",
                    request_key=f"key{day}",
                    starts_at=starts,
                    ends_at=starts + timedelta(minutes=30),
                    customer_id=customer.id,
                    status=AppointmentStatus(status),
                    created_at=NOW,
                    updated_at=NOW,
                ),
            )

    def known(call: Call) -> tuple[str, int]:
        context = cast.database.read(lambda s: lifecycle.load_call_context(s, call.id))
        return context.caller_name, context.coming_appointments

    assert known(cast.clinic_call) == ("", 0)
    cast.database.write(book)
    assert known(cast.clinic_call) == ("Dana Cohen", 2)
    assert known(cast.office_call) == ("", 0), "another business knows nothing of it"

    def switch_off(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(BusinessSettings)).one().greet_known_callers = False

    cast.database.write(switch_off)
    assert known(cast.clinic_call) == ("", 0)


def test_unreadable_opening_hours_book_nothing_and_do_not_stop_the_call(cast: Cast) -> None:
    def spoil(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(BusinessSettings)).one().opening_hours_json = {"sun": "whenever"}

    cast.database.write(spoil)
    context = cast.database.read(lambda s: lifecycle.load_call_context(s, cast.clinic_call.id))
    assert not any(context.policy.weekly)


def test_a_call_keeps_the_prompt_it_began_with_although_the_owner_saves_another(cast: Cast) -> None:
    """What the row names is what the model was told, in the first stream and in every one after it (P4)."""

    def save(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        save_prompt(session, text="You are somebody else now.", author_id=None, now=NOW)

    cast.database.write(save)
    context = cast.database.read(lambda s: lifecycle.load_call_context(s, cast.clinic_call.id))
    assert context.business_prompt == "You are Clinic."
    assert context.prompt_version_id == cast.clinic_call.prompt_version_id


def test_an_unknown_call_has_no_context(cast: Cast) -> None:
    with pytest.raises(lifecycle.UnknownCall):
        cast.database.read(lambda s: lifecycle.load_call_context(s, 999_999))


def test_turns_come_back_in_order_and_a_late_transcript_replaces_its_turn(cast: Cast) -> None:
    call_id = cast.clinic_call.id
    agent = TurnRecord(
        0, "agent", "שלום, במה אפשר", text_unheard="לעזור?", heard_ms=900, total_ms=1400, interrupted=True
    )
    caller = TurnRecord(1, "caller", "", item_id="item_1", started_ms=2000, latency={"model_ms": 12.5})
    late = replace(caller, text="תור למחר")
    second_stream = TurnRecord(0, "agent", "סליחה, הייתה הפרעה קטנה", generation=1)
    for batch in ([second_stream], [agent, caller], [late], [late]):
        cast.database.write_rows(
            cast.clinic.id, lambda rows, batch=batch: lifecycle.add_turns(rows, call_id, batch, now=NOW)
        )
    context = cast.database.read(lambda s: lifecycle.load_call_context(s, call_id))
    assert context.resume.turns == (agent, late, second_stream)


@pytest.mark.parametrize("whose", ["nobody's", "another business's"])
def test_turns_of_a_call_the_business_does_not_have_are_refused(cast: Cast, whose: str) -> None:
    call_id = cast.office_call.id if whose == "another business's" else 999_999
    with pytest.raises(IntegrityError):
        cast.database.write_rows(
            cast.clinic.id, lambda rows: lifecycle.add_turns(rows, call_id, [TurnRecord(0, "agent", "x")], now=NOW)
        )


def test_a_row_of_another_business_is_not_changed_by_its_id(cast: Cast) -> None:
    with pytest.raises(lifecycle.UnknownCall):
        cast.database.write_rows(cast.clinic.id, lambda rows: call_log.mark_greeting_done(rows, cast.office_call.id))
    assert not fetch(cast, "CA-office").greeting_done


def test_a_successor_finds_draft_greeting_and_what_the_model_was_not_told(cast: Cast) -> None:
    call_id = cast.clinic_call.id

    def happen(session: Session) -> None:
        rows = SessionRows(bind_business(session, cast.clinic.id))
        assert call_log.save_draft(rows, call_id, {"date": "2027-03-02", "name": "דנה"}, generation=0)
        calls_told = call_log.add_server_event(
            rows,
            call_id,
            kind="slot_available",
            text="[SERVER] slot_available",
            at_ms=5000,
            now=NOW,
            delivered=False,
        )
        call_log.add_server_event(
            rows, call_id, kind="need_name", text="[SERVER] need_name", at_ms=6000, now=NOW, delivered=False
        )
        call_log.mark_server_events_delivered(session, call_id, [calls_told])
        call_log.mark_greeting_done(rows, call_id)

    cast.database.write(happen)
    resume = cast.database.read(lambda s: lifecycle.load_call_context(s, call_id)).resume
    assert resume.draft_booking == {"date": "2027-03-02", "name": "דנה"}
    assert resume.greeting_done
    assert resume.pending_server == ("[SERVER] need_name",)


def test_the_legs_last_word_is_taken_once(cast: Cast) -> None:
    def finish(number: int) -> bool:
        return cast.database.write(
            lambda s: lifecycle.finish_call(
                s, cast.clinic_call.id, end_reason=f"reason-{number}", metrics={"n": number}, now=NOW
            )
        )

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(finish, range(8)))
    assert said.count(True) == 1
    call = fetch(cast)
    assert call.metrics == {"n": said.index(True)}
    assert call.end_reason == f"reason-{said.index(True)}"
    assert (call.status, call.ended_at) == (CallStatus.ENDED, NOW)


def test_a_stream_that_was_taken_over_does_not_end_the_call(cast: Cast) -> None:
    """A machine that was cut off for a while comes back with its own idea of how the call went (O1)."""

    def store() -> CallStore:
        context = cast.database.read(lambda s: lifecycle.load_call_context(s, cast.clinic_call.id))
        return CallStore(cast.database, context, lambda: NOW, lambda _: None)

    claim(cast, cast.clinic_call)
    first = store()
    cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW))
    claim(cast, fetch(cast))
    second = store()
    first.finish("model_unreachable", {"frames_in_from_twilio": 10})
    first.settle("model_unreachable", {"frames_in_from_twilio": 10})
    call = fetch(cast)
    assert (call.status, call.end_reason, call.ended_at) == (CallStatus.LIVE, None, None)
    assert (call.next_step, call.finished_at) == (NextStep.RESUME, None)
    second.finish("agent_goodbye", {"frames_in_from_twilio": 5})
    second.settle("agent_goodbye", {"frames_in_from_twilio": 5})
    call = fetch(cast)
    assert (call.end_reason, call.next_step, call.finished_at) == ("agent_goodbye", NextStep.HANG_UP, NOW)
    assert call.metrics == {"frames_in_from_twilio": 15}, "what it measured is kept"


def test_a_last_word_that_comes_late_counts_as_long_as_no_other_stream_came(cast: Cast) -> None:
    """The database was away when the agent said goodbye, and Twilio asked first when it was back."""
    claim(cast, cast.clinic_call)
    context = cast.database.read(lambda s: lifecycle.load_call_context(s, cast.clinic_call.id))
    cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW))
    CallStore(cast.database, context, lambda: NOW, lambda _: None).finish("agent_goodbye", {})
    assert fetch(cast).end_reason == "agent_goodbye"
    assert claim(cast, fetch(cast)) is None


STEPS = ("carrier", "leg", "ringing")


@pytest.mark.parametrize("order", list(permutations(STEPS)))
def test_reports_in_any_order_reach_one_terminal_state(cast: Cast, order: tuple[str, ...]) -> None:
    """The leg's own reason wins over the carrier's, whichever comes first; a late ringing takes nothing back."""
    for step in order:
        if step == "leg":
            cast.database.write(
                lambda s: lifecycle.finish_call(
                    s, cast.clinic_call.id, end_reason="agent_goodbye", metrics={"x": 1}, now=NOW
                )
            )
        else:
            status = "completed" if step == "carrier" else "ringing"
            cast.database.write(lambda s, status=status: lifecycle.set_call_status(s, "CA-clinic", status, NOW))
    call = fetch(cast)
    assert (call.status, call.end_reason, call.carrier_status) == (CallStatus.ENDED, "agent_goodbye", "completed")


def test_a_call_whose_worker_died_is_ended_by_the_carrier(cast: Cast) -> None:
    claim(cast, cast.clinic_call)
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "completed", NOW + timedelta(minutes=1)))
    call = fetch(cast)
    assert (call.status, call.end_reason, call.ended_at) == (
        CallStatus.ENDED,
        "caller_hangup",
        NOW + timedelta(minutes=1),
    )


def test_a_status_of_an_unknown_call_or_an_unknown_status_changes_nothing(cast: Cast) -> None:
    assert cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-unknown", "completed", NOW)) is None
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "exploded", NOW))
    assert fetch(cast).carrier_status is None


def test_calls_nothing_is_heard_of_are_closed_by_the_sweep(cast: Cast) -> None:
    claim(cast, cast.office_call, now=NOW + timedelta(hours=2))
    sweep_at = NOW + timedelta(hours=2, minutes=5)
    closed = cast.database.write(lambda s: close_stale_calls(s, older_than=timedelta(hours=1), now=sweep_at))
    assert closed == 1
    assert fetch(cast).end_reason == "lost"
    assert fetch(cast, "CA-office").status is CallStatus.LIVE


def test_a_request_from_the_live_view_is_taken_once_and_only_by_its_business(cast: Cast) -> None:
    call_id = cast.clinic_call.id

    def ask(business: Business) -> bool:
        return cast.database.write(
            lambda s: call_log.request_action(s, business_id=business.id, call_id=call_id, action="end")
        )

    assert not ask(cast.office)
    assert cast.database.read(call_log.asked_calls) == []
    assert ask(cast.clinic)
    assert cast.database.read(call_log.asked_calls) == [(call_id, 0)]
    assert cast.database.write(lambda s: call_log.take_requested_action(s, call_id, 0)) == "end"
    assert cast.database.read(call_log.asked_calls) == []
    assert cast.database.write(lambda s: call_log.take_requested_action(s, call_id, 0)) is None
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "completed", NOW))
    assert not ask(cast.clinic)


def test_a_request_waits_for_the_stream_that_the_caller_hears(cast: Cast) -> None:
    """A stream that was lost may go on for a while on a machine that is cut off from Twilio alone (O1)."""
    call_id = cast.clinic_call.id
    claim(cast, cast.clinic_call)
    cast.database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW))
    wish = {"business_id": cast.clinic.id, "call_id": call_id, "action": "hand_over"}
    assert cast.database.write(lambda s: call_log.request_action(s, **wish))
    assert cast.database.read(call_log.asked_calls) == [(call_id, 1)]
    assert cast.database.write(lambda s: call_log.take_requested_action(s, call_id, 0)) is None
    assert cast.database.write(lambda s: call_log.take_requested_action(s, call_id, 1)) == "hand_over"


def test_a_number_belongs_to_one_business(cast: Cast) -> None:
    def count(session: Session) -> int:
        with unscoped(session, "test"):
            return session.scalar(select(func.count()).select_from(BusinessNumber)) or 0

    assert cast.database.read(count) == 2
