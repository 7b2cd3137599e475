"""Events of the model: any JSON at all is an event whose fields are what they say, or is nothing."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from services.engines.interface import EngineError
from services.engines.realtime.protocol import _OLD_NAMES, _READERS, parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    *("item_id", "response_id", "delta", "transcript", "response", "id", "status", "status_details", "error", "reason"),
    *("code", "message", "event_id", "usage", "seconds", "input_token_details", "cached_tokens", "audio_start_ms"),
    *("cached_tokens_details", "text_tokens", "audio_tokens", "session", "audio", "input", "format", "audio_end_ms"),
)
KEYS = st.sampled_from((*NAMES, "type"))
# Shaped like the protocol, with anything at all in any place.
NEARLY = st.recursive(JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=6), max_leaves=25)
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([*_READERS, *_OLD_NAMES]) | JSON}, optional=dict.fromkeys(NAMES, NEARLY)
)
TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "str | None": (str, type(None))}


@given(EVENTS)
@example({"type": []})
@example({"type": "error", "error": {"event_id": {}, "code": []}})
@example({"type": "response.created", "response": {"id": {}}})
@example({"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": 1})
@example({"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 1e308})
def test_no_event_makes_it_raise_and_every_field_is_what_it_says(event: dict[str, Any]) -> None:
    read = parse(orjson.loads(orjson.dumps(event)))
    if read is None:
        return
    for field in fields(read):
        value = getattr(read, field.name)
        assert is_dataclass(value) or isinstance(value, TYPES[str(field.type)]), (field.name, value)


@given(EVENTS)
def test_what_cannot_be_read_ends_no_session(event: dict[str, Any]) -> None:
    read = parse(event)
    if isinstance(read, EngineError) and read.code == "unreadable_event":
        assert not read.fatal
