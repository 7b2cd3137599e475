"""What an operator writes and what a server sends: prices and sound are read, or refused by one kind of error."""

from __future__ import annotations

import audioop
import io
import json
import wave
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.calls.pricing import Price, read_prices
from services.calls.recording_fetch import read_wav

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
PRICES = st.dictionaries(
    st.text(max_size=10),
    st.dictionaries(st.sampled_from(["audio_in", "audio_out", "text_in", "x"]), JSON, max_size=3),
    max_size=3,
)


@given(st.text(max_size=60) | (PRICES | JSON).map(json.dumps))
def test_any_text_is_a_table_of_prices_or_is_refused(text: str) -> None:
    try:
        prices = read_prices(text)
    except ValueError:
        return
    assert isinstance(prices, Mapping)
    assert all(isinstance(price, Price) for price in prices.values())


def wav(sound: bytes, channels: int, width: int, rate: int) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframesraw(sound)
    return written.getvalue()


SOUNDS = st.builds(wav, st.binary(max_size=400), st.integers(1, 3), st.integers(1, 4), st.integers(1, 100_000))


@example(wav(b"", 1, 2, 1), [(27, 255)])  # four thousand million samples a second
@example(wav(bytes(400), 1, 2, 1), [])
@given(SOUNDS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4))
def test_any_file_is_sound_or_is_refused(file: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(file)
    for at, value in changes:
        changed[min(at, len(changed) - 1)] = value
    try:
        assert isinstance(read_wav(bytes(changed)), bytes)
    except (wave.Error, EOFError, audioop.error):
        pass  # as its sender expects it


@given(st.binary(max_size=200))
@example(b"RIFF\x04\x00\x00\x00WAVE")
def test_any_bytes_are_refused_in_one_way(data: bytes) -> None:
    with pytest.raises((wave.Error, EOFError, audioop.error)):
        read_wav(data)
