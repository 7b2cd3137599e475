"""The judge of whole dialogues: for each expectation an outcome that keeps it and ones that break it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bench.conversations.dialogue import Booked, Dialogue
from bench.conversations.facts import Ask, read_facts
from bench.conversations.judge import AppointmentRow, LeadRow, Outcome, judge
from services.booking.messages import ServerMessages
from services.booking.slot import Slot

THURSDAY, SUNDAY = datetime(2026, 11, 26, 10, 0), datetime(2026, 11, 29, 17, 0)
TOLD, SAID = ServerMessages("he"), ServerMessages("en")


def dialogue(expect: dict[str, Any], turns: int = 1) -> Dialogue:
    return Dialogue.model_validate(
        {
            "id": "t-1",
            "title": "a test's",
            "language": "he",
            "business": "clinic",
            "caller": "returning",
            "customer": "דנה כהן",
            "turn": [{"says": "שלום"}] * turns,
            "expect": expect,
        }
    )


def complaints(expect: dict[str, Any], *, turns: int = 1, **outcome: Any) -> list[str]:
    left: dict[str, Any] = {"state": "open", "turns_said": turns} | outcome
    return judge(dialogue(expect, turns), Outcome(**left))


def row(number: int, start: datetime, name: str = "טל לוי", *, stands: bool = True) -> AppointmentRow:
    return AppointmentRow(number, start, stands, name)


def facts(*messages: Any) -> Any:
    return read_facts(message.text for message in messages)


# -- the line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["open", "ended", "transferred", "message"])
def test_the_call_must_be_as_it_is_demanded(state: str) -> None:
    assert not complaints({"call": state}, state=state)
    others = {"open", "ended", "transferred", "message", "turned away"} - {state}
    assert all(complaints({"call": state}, state=other) for other in others)


def test_a_call_that_is_over_before_the_last_turn_is_wrong_whatever_else_is_demanded() -> None:
    assert not complaints({}, turns=3, state="ended")
    assert complaints({}, turns=3, state="ended", turns_said=2) == ["ended before turn 3 of 3"]
    assert complaints({"call": "open"}, turns=3, state="transferred", turns_said=1)
    assert complaints({"call": "ended"}, turns=3, state="ended", turns_said=2)


@pytest.mark.parametrize("state", ["transferred", "message"])
def test_a_transfer_that_is_the_point_of_the_dialogue_may_come_early(state: str) -> None:
    assert not complaints({"call": state}, turns=3, state=state, turns_said=1)


# -- the calendar ----------------------------------------------------------------------------------------------------

DEMANDED = {"booked": [{"at": "2026-11-26 10:00", "name": "טל לוי"}]}


def test_the_demanded_appointment_and_no_other_must_stand() -> None:
    assert not complaints(DEMANDED, after=[row(1, THURSDAY)])
    assert complaints(DEMANDED) == ["booked nothing instead of 2026-11-26 10:00 (טל לוי)"]
    assert complaints(DEMANDED, after=[row(1, SUNDAY)])
    assert complaints(DEMANDED, after=[row(1, THURSDAY, "טל כהן")])
    assert complaints(DEMANDED, after=[row(1, THURSDAY), row(2, SUNDAY)])
    assert complaints(DEMANDED, after=[row(1, THURSDAY, stands=False)])


def test_no_appointment_may_stand_when_none_is_demanded() -> None:
    assert not complaints({"booked": []})
    assert not complaints({"booked": []}, own=[row(1, SUNDAY)], after=[row(1, SUNDAY)])
    assert complaints({"booked": []}, after=[row(1, THURSDAY)])
    assert not complaints({}, after=[row(1, THURSDAY)])


def test_two_appointments_fit_in_any_order() -> None:
    both = {"booked": [{"at": "2026-11-29 17:00", "name": "Dana"}, {"at": "2026-11-26 10:00", "name": "Tal"}]}
    assert not complaints(both, after=[row(1, THURSDAY, "Tal"), row(2, SUNDAY, "Dana")])
    assert complaints(both, after=[row(1, THURSDAY, "Dana"), row(2, SUNDAY, "Tal")])


@pytest.mark.parametrize(
    ("form", "fits", "does_not"),
    [
        ({"at_any": ["2026-11-29 16:30", "2026-11-29 17:00"]}, "17:00", "17:30"),
        ({"on": "2026-11-29", "from": "16:30", "to": "17:00"}, "16:30", "16:00"),
        ({"on": "2026-11-29", "from": "16:30", "to": "17:00"}, "17:00", "17:30"),
        ({"at": "2026-11-29 17:00"}, "17:00", "17:30"),
    ],
)
def test_alternatives_are_kept(form: dict[str, Any], fits: str, does_not: str) -> None:
    def booked(clock: str) -> list[str]:
        return complaints({"booked": [form]}, after=[row(1, datetime.fromisoformat(f"2026-11-29 {clock}"))])

    assert not booked(fits)
    assert booked(does_not)


def test_what_the_customer_had_must_stand_unless_its_end_is_demanded() -> None:
    own = [row(1, THURSDAY), row(2, SUNDAY)]
    without_thursday = [row(1, THURSDAY, stands=False), row(2, SUNDAY)]
    assert not complaints({"cancelled": []}, own=own, after=own)
    assert complaints({"cancelled": []}, own=own, after=without_thursday)
    assert not complaints({"cancelled": ["2026-11-26 10:00"]}, own=own, after=without_thursday)
    assert complaints({"cancelled": ["2026-11-26 10:00"]}, own=own, after=own)
    assert complaints({"cancelled": ["2026-11-29 17:00"]}, own=own, after=without_thursday)
    assert complaints({"cancelled": []}, own=own, after=[row(2, SUNDAY)])


def test_what_was_booked_and_cancelled_in_the_call_counts_only_where_it_is_demanded() -> None:
    undone = [row(1, THURSDAY, stands=False)]
    assert not complaints({"booked": [], "cancelled": []}, after=undone)
    assert not complaints({"booked": [], "cancelled": ["2026-11-26 10:00"]}, after=undone)


MOVE = {"moved": [{"from": "2026-11-26 10:00", "to": "2026-11-29 17:00"}], "booked": [], "cancelled": []}


def test_a_move_must_lead_where_it_is_demanded() -> None:
    own = [row(1, THURSDAY)]
    assert not complaints(MOVE, own=own, after=[row(1, SUNDAY)])
    assert complaints(MOVE, own=own, after=own)
    assert complaints(MOVE, own=own, after=[row(1, SUNDAY.replace(hour=16))])
    assert complaints({"moved": []}, own=own, after=[row(1, SUNDAY)])
    assert not complaints({"moved": []}, own=own, after=own)


def test_an_old_one_cancelled_for_a_new_one_is_the_demanded_move() -> None:
    own = [row(1, THURSDAY)]
    replaced = [row(1, THURSDAY, stands=False), row(2, SUNDAY)]
    assert not complaints(MOVE, own=own, after=replaced)
    assert complaints(MOVE, own=own, after=[row(1, THURSDAY, stands=False)])
    assert complaints(MOVE, own=own, after=[row(1, THURSDAY), row(2, SUNDAY)])


def test_other_peoples_appointments_are_never_touched() -> None:
    taken = [row(7, SUNDAY, "פלוני אלמוני")]
    assert not complaints({}, taken=taken, after=taken)
    assert complaints({}, taken=taken, after=[row(7, SUNDAY, stands=False)])
    assert complaints({}, taken=taken, after=[row(7, THURSDAY)])
    assert complaints({}, taken=taken, after=[])


# -- what was collected ----------------------------------------------------------------------------------------------


def test_a_lead_must_hold_something() -> None:
    assert not complaints({"lead": True}, leads=[LeadRow(name="דנה")])
    assert not complaints({"lead": True}, leads=[LeadRow(more="a message")])
    assert not complaints({"lead": True}, recorded=True)
    assert complaints({"lead": True}, leads=[LeadRow()])
    assert complaints({"lead": True})


def test_no_lead_may_be_kept_of_who_wants_none() -> None:
    assert not complaints({"lead": False}, leads=[LeadRow()])
    assert complaints({"lead": False}, leads=[LeadRow(phone="+972521234567")])
    assert complaints({"lead": False}, recorded=True)


def test_an_exact_lead_has_the_name_and_the_number() -> None:
    wanted = {"lead": {"name": "דנה כהן", "phone": "+972521234567"}}
    assert not complaints(wanted, leads=[LeadRow("דנה כהן", "+972521234567")])
    assert complaints(wanted, leads=[LeadRow("דנה כהן", "+972521234568")])
    assert complaints(wanted, leads=[LeadRow("דנה לוי", "+972521234567")])
    assert complaints(wanted, recorded=True)
    assert not complaints({"lead": {"phone": "+972521234567"}}, leads=[LeadRow("", "+972521234567")])


# -- what the caller was told ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "asking"),
    [
        ("name", TOLD.need_name()),
        ("phone", TOLD.need_phone()),
        ("phone", SAID.need_permission()),
        ("phone", TOLD.bad_number("המספר קצר מדי.")),
        ("date", SAID.need_datetime()),
        ("date", TOLD.need_datetime([THURSDAY], day_known=True)),
        ("date", SAID.slot_unavailable(SUNDAY, "Taken.", [THURSDAY])),
    ],
)
def test_what_must_not_be_asked_for_is_found_in_any_of_its_forms(what: str, asking: Any) -> None:
    assert complaints({"never_asked": [what]}, facts=facts(asking))
    others = [other for other in ("date", "name", "phone") if other != what]
    assert not complaints({"never_asked": others}, facts=facts(asking, TOLD.slot_available(THURSDAY)))


@pytest.mark.parametrize(
    ("form", "breaks", "keeps"),
    [
        ("before 16:30", datetime(2026, 11, 26, 16, 0), datetime(2026, 11, 26, 16, 30)),
        ("after 12:00", datetime(2026, 11, 26, 12, 30), datetime(2026, 11, 26, 12, 0)),
        ("weekday sun", SUNDAY, THURSDAY),
        ("date 2026-11-26", THURSDAY, SUNDAY),
    ],
)
def test_an_offer_against_the_callers_condition_is_found(form: str, breaks: datetime, keeps: datetime) -> None:
    for say in (TOLD, SAID):
        for offer in (
            lambda start, say=say: say.slot_available(start),
            lambda start, say=say: say.need_datetime([start]),
            lambda start, say=say: say.slot_unavailable(datetime(2026, 11, 27, 14, 0), "", [start]),
            lambda start, say=say: say.no_time_that_day(datetime(2026, 11, 27), [start]),
            lambda start, say=say: say.confirm_move(datetime(2026, 11, 24, 14, 0), start),
        ):
            assert complaints({"never_offered": form}, facts=facts(offer(breaks)))
            assert not complaints({"never_offered": [form]}, facts=facts(offer(keeps)))


def test_a_time_that_is_refused_is_not_offered() -> None:
    refusal = TOLD.slot_unavailable(SUNDAY, "תפוס.", [THURSDAY])
    assert not complaints({"never_offered": ["weekday sun"]}, facts=facts(refusal))


def test_what_the_caller_must_hear_and_must_not_hear_is_looked_for_in_the_facts() -> None:
    told = facts(TOLD.where_to(THURSDAY))
    assert not complaints({"said_to_caller": ["2026-11-26 10:00"]}, facts=told)
    assert complaints({"said_to_caller": ["2026-11-26 10:30"]}, facts=told)
    assert complaints({"said_to_caller": ["2026-11-26 10:00"]})
    assert complaints({"not_told": ["2026-11-26 10:00"]}, facts=told)
    assert not complaints({"not_told": ["2026-11-26 10:30"]}, facts=told)


def test_with_whom_and_what_for_are_judged_by_the_rows_and_names_by_the_facts() -> None:
    wanted = Booked.model_validate({"at": "2026-11-25 12:00", "service": "סתימה", "with": 'ד"ר אמיר חדאד'})
    assert wanted.fits_about("סתימה", 'ד"ר אמיר חדאד')
    assert not wanted.fits_about("סתימה", 'ד"ר מיכל לוי')
    assert not wanted.fits_about("בדיקה", 'ד"ר אמיר חדאד')
    slot = Slot(datetime(2026, 11, 25, 12), "סתימה", 'ד"ר אמיר חדאד')
    for fact in read_facts([TOLD.slot_available(slot).text, TOLD.need_datetime([slot]).text]):
        assert fact.offered == [slot.start]
        assert not fact.is_unreadable
        assert fact.names('ד"ר אמיר חדאד')
    asked = read_facts([TOLD.need_service(["בדיקה"]).text, TOLD.nobody_so_named("כץ", ["שירה כהן"]).text])
    assert [fact.ask for fact in asked] == [Ask.SERVICE, Ask.PERSON]
