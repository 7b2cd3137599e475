"""Where a call goes that the assistant does not carry on with (W7, W8, W11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.calls import end_reasons as why
from services.calls.routing import step_after
from services.db.models import Fallback, NextStep
from services.policy.permissions import EVERYTHING, Permissions

NUMBERS = ("+97239990011", "+97239990012")
DIAL, VOICEMAIL = (NextStep.DIAL, NUMBERS[0]), (NextStep.VOICEMAIL, None)
NOTHING = Permissions(*[False] * 6)
MESSAGE, HANG_UP = (NextStep.MESSAGE, None), (NextStep.HANG_UP, None)


@pytest.mark.parametrize(
    ("is_open", "numbers", "expected"),
    [(True, NUMBERS, DIAL), (False, NUMBERS, VOICEMAIL), (True, (), VOICEMAIL)],
)
def test_who_asks_for_a_person_gets_one_while_somebody_is_there(
    is_open: bool, numbers: tuple[str, ...], expected: tuple[NextStep, str | None]
) -> None:
    assert step_after(why.HAND_OVER, Fallback.MESSAGE, numbers, EVERYTHING, is_open=is_open) == expected


@pytest.mark.parametrize(
    "reason", [why.MODEL_UNREACHABLE, why.STREAM_LOST, why.OVERLOAD, why.CALLS_LIMIT, why.MINUTES_LIMIT]
)
@pytest.mark.parametrize(
    ("fallback", "numbers", "expected"),
    [
        (Fallback.FORWARD, NUMBERS, DIAL),
        (Fallback.FORWARD, (), VOICEMAIL),
        (Fallback.VOICEMAIL, NUMBERS, VOICEMAIL),
        (Fallback.MESSAGE, NUMBERS, MESSAGE),
    ],
)
def test_a_call_the_assistant_cannot_take_goes_where_its_business_wants_it(
    reason: str, fallback: Fallback, numbers: tuple[str, ...], expected: tuple[NextStep, str | None]
) -> None:
    assert step_after(reason, fallback, numbers, NOTHING, is_open=True) == expected


@pytest.mark.parametrize(
    ("may", "is_open", "expected"),
    [
        (replace(EVERYTHING, transfer=False), True, VOICEMAIL),
        (replace(EVERYTHING, take_messages=False), True, DIAL),
        (replace(EVERYTHING, take_messages=False), False, MESSAGE),
        (NOTHING, True, MESSAGE),
    ],
)
def test_a_hand_over_leads_to_what_the_business_allows(
    may: Permissions, is_open: bool, expected: tuple[NextStep, str | None]
) -> None:
    """(L9)"""
    assert step_after(why.HAND_OVER, Fallback.VOICEMAIL, NUMBERS, may, is_open=is_open) == expected


def test_who_calls_again_and_again_does_not_ring_the_owners_telephone() -> None:
    assert step_after(why.CALLER_LIMIT, Fallback.FORWARD, NUMBERS, EVERYTHING, is_open=True) == MESSAGE


@pytest.mark.parametrize("reason", [why.CALLER_HANGUP, why.GOODBYE, why.SILENCE, why.MAX_LENGTH, why.ENDED_BY_STAFF])
def test_every_other_end_is_a_hang_up(reason: str) -> None:
    assert step_after(reason, Fallback.FORWARD, NUMBERS, EVERYTHING, is_open=True) == HANG_UP
