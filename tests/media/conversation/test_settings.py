"""What a business chose, and what a call has behind it already, become one call's settings (W6, W9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.conversation.settings import MediaTuning, conversation_settings
from services.business_policy import build_policy
from services.calls.lifecycle import load_call_context
from services.policy.catalogue import Catalogue
from services.policy.permissions import EVERYTHING, Permissions
from tests.services.db.fixtures import Cast


@pytest.mark.parametrize(("begins_ms", "left_ms"), [(0, 900_000), (600_000, 300_000), (1_000_000, 0)])
def test_a_stream_may_last_as_long_as_the_streams_before_it_have_left_of_the_call(
    cast: Cast, begins_ms: int, left_ms: int
) -> None:
    context = cast.database.read(lambda session: load_call_context(session, cast.clinic_call.id))
    resumed = replace(context, max_call_s=900, resume=replace(context.resume, generation=1, begins_ms=begins_ms))
    assert conversation_settings(resumed, MediaTuning()).max_call_frames * 20 == left_ms


BY_DAY = {day: [["00:00", "24:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}


@pytest.mark.parametrize(
    ("may", "numbers", "is_open", "hands_over"),
    [
        (EVERYTHING, True, True, True),
        (EVERYTHING, False, False, True),  # to a recorded message
        (replace(EVERYTHING, transfer=False), True, True, False),
        (replace(EVERYTHING, take_messages=False), True, True, True),
        (replace(EVERYTHING, take_messages=False), True, False, False),
        (replace(EVERYTHING, take_messages=False), False, True, False),
    ],
)
def test_a_wish_for_a_person_hands_over_only_where_that_leads_somewhere(
    cast: Cast, may: Permissions, numbers: bool, is_open: bool, hands_over: bool
) -> None:
    """(L9)"""
    context = cast.database.read(lambda session: load_call_context(session, cast.clinic_call.id))
    policy = build_policy({"opening_hours_json": BY_DAY if is_open else {}, "observe_holidays": False})
    made = replace(context, may=may, transfer_numbers=("+97239990011",) if numbers else (), catalogue=Catalogue(policy))
    no_transfer = conversation_settings(made, MediaTuning()).no_transfer
    assert bool(no_transfer) is not hands_over
    assert hands_over or no_transfer.startswith("[SERVER] not_offered")


@pytest.mark.parametrize(("eagerness", "waits_s"), [("low", 8), ("medium", 4), ("high", 2), ("auto", 4)])
def test_our_own_listening_never_ends_a_turn_before_the_model_may(cast: Cast, eagerness: str, waits_s: int) -> None:
    context = cast.database.read(lambda session: load_call_context(session, cast.clinic_call.id))
    made = replace(context, line=replace(context.line, endpointing="semantic_vad", eagerness=eagerness))
    assert conversation_settings(made, MediaTuning()).open_turn_frames * 0.02 > waits_s
