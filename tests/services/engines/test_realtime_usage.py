"""What the model says it used, read from its events; nothing odd in it costs a word or an answer."""

from __future__ import annotations

from typing import Any

import pytest

from services.engines.interface import CallerTranscript, ResponseDone, Usage
from services.engines.realtime.protocol import parse


def used(usage: Any) -> Usage:
    done = parse({"type": "response.done", "response": {"id": "r", "status": "completed", "usage": usage}})
    assert isinstance(done, ResponseDone)
    return done.usage


def transcribed(usage: Any) -> float:
    kind = "conversation.item.input_audio_transcription.completed"
    heard = parse({"type": kind, "item_id": "i", "transcript": "שלום", "usage": usage})
    assert isinstance(heard, CallerTranscript)
    assert heard.text == "שלום"
    return heard.seconds


def test_cached_tokens_are_told_apart_where_the_model_does() -> None:
    given = {"text_tokens": 313, "audio_tokens": 476, "cached_tokens": 640}
    made = {"text_tokens": 9, "audio_tokens": 23}
    split = {**given, "cached_tokens_details": {"text_tokens": 256, "audio_tokens": 384}}
    assert used({"input_token_details": split, "output_token_details": made}) == Usage(313, 476, 256, 384, 9, 23)
    assert used({"input_token_details": given, "output_token_details": made}) == Usage(313, 476, 313, 327, 9, 23)


def test_transcription_is_counted_by_time_or_by_its_tokens_of_sound() -> None:
    assert transcribed({"type": "duration", "seconds": 3.5}) == 3.5
    assert transcribed({"type": "tokens", "input_token_details": {"audio_tokens": 25}}) == 2.5


@pytest.mark.parametrize(
    "odd",
    [None, "much", 7, [], {"input_token_details": "x"}, {"type": "duration", "seconds": "long"},
     {"type": "duration", "seconds": float("nan")}, {"type": "duration", "seconds": -1},
     {"input_token_details": {"audio_tokens": None, "cached_tokens_details": 3}},
     {"input_token_details": {"audio_tokens": 1e300}}],
)  # fmt: skip
def test_odd_usage_counts_nothing_and_loses_nothing(odd: Any) -> None:
    assert used(odd) == Usage()
    assert transcribed(odd) == 0
