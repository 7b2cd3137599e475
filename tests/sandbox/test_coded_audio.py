"""Coded audio tells every millisecond apart, wherever it is cut."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import coded_audio
from sandbox.coded_audio import Run
from services.audio.g711 import rms


@given(answer=st.integers(0, 4095), start=st.integers(0, 1_000_000), length=st.integers(0, 300))
def test_what_is_encoded_is_decoded(answer: int, start: int, length: int) -> None:
    data = coded_audio.encode(answer, start, length)
    assert len(data) == length * 8
    assert coded_audio.decode(data) == [(answer, ms) for ms in range(start, start + length)]
    assert 0xFF not in data


@given(shift=st.integers(0, 40), cut=st.integers(0, 15))
def test_words_are_found_at_any_alignment(shift: int, cut: int) -> None:
    data = bytes([0xFF]) * shift + coded_audio.encode(7, 100, 50)[cut:]
    whole = -(-cut // 8)
    assert [word for word in coded_audio.decode(data) if word] == [(7, 100 + ms) for ms in range(whole, 50)]


def test_gaps_repeats_and_swaps_show() -> None:
    one, two = coded_audio.encode(1, 0, 100), coded_audio.encode(2, 0, 100)
    gap = b"\xff" * 320
    assert coded_audio.runs(one[:400] + gap + one[400:]) == [Run(1, 0, 50, 0), Run(1, 50, 100, 720)]
    assert coded_audio.runs(one[:400] + one[240:]) == [Run(1, 0, 50, 0), Run(1, 30, 100, 400)]
    assert coded_audio.runs(two + one) == [Run(2, 0, 100, 0), Run(1, 0, 100, 800)]


def test_other_sound_is_not_taken_for_code() -> None:
    noise = random.Random(1).randbytes(80_000)
    assert [word for word in coded_audio.decode(noise) if word] == []


def test_it_is_as_loud_as_a_voice() -> None:
    assert 1000 < rms(coded_audio.encode(3, 0, 1000)) < 3000


@pytest.mark.parametrize(("answer", "start", "length"), [(-1, 0, 1), (4096, 0, 1), (0, -1, 1), (0, 0, 2_000_000)])
def test_what_does_not_fit_is_refused(answer: int, start: int, length: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        coded_audio.encode(answer, start, length)
