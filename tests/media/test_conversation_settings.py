"""What a business chose, and what a call has behind it already, become one call's settings (W6, W9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.conversation_settings import MediaTuning, conversation_settings
from services.calls import load_call_context
from tests.fixtures_database import Cast


@pytest.mark.parametrize(("begins_ms", "left_ms"), [(0, 900_000), (600_000, 300_000), (1_000_000, 0)])
def test_a_stream_may_last_as_long_as_the_streams_before_it_have_left_of_the_call(
    cast: Cast, begins_ms: int, left_ms: int
) -> None:
    context = cast.database.read(lambda session: load_call_context(session, cast.clinic_call.id))
    resumed = replace(context, max_call_s=900, resume=replace(context.resume, generation=1, begins_ms=begins_ms))
    assert conversation_settings(resumed, MediaTuning()).max_call_frames * 20 == left_ms
