"""The guard's rule and its floor (I7), and the voice gate (L13)."""

from __future__ import annotations

import audioop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.detection.filters import MIN_NOISE_FLOOR, AudioGuard, is_probable_speech
from services.audio import g711
from tests.telephone_sounds import noise

RMS = st.floats(0, 32124)
ZCR = st.floats(0, 1)


@pytest.mark.parametrize(
    ("rms", "zcr", "prev_rms", "speech"),
    [
        (39.9, 0.5, 0, False),  # under half the threshold
        (120, 0.0, 120, True),  # 1.5 x the threshold
        (80, 0.02, 80, True),  # between: crossings
        (80, 0.0, 75, True),  # between: a change of 5
        (80, 0.0, 85, True),
        (80, 0.019, 76, False),  # between: steady hum
        (40, 0.02, 40, True),
    ],
)
def test_the_rule(rms: float, zcr: float, prev_rms: float, speech: bool) -> None:
    assert is_probable_speech(rms, zcr, 80.0, prev_rms) is speech


@given(RMS, RMS, ZCR, st.floats(1, 5000), RMS)
def test_louder_is_never_less_like_speech_outside_the_middle(
    rms: float, more: float, zcr: float, threshold: float, prev_rms: float
) -> None:
    low, high = sorted((rms, more))
    if is_probable_speech(low, zcr, threshold, prev_rms) and high >= 1.5 * threshold:
        assert is_probable_speech(high, zcr, threshold, prev_rms)
    if not is_probable_speech(high, zcr, threshold, prev_rms) and low < 0.5 * threshold:
        assert not is_probable_speech(low, zcr, threshold, prev_rms)


def test_a_call_begins_with_a_floor_of_twenty_and_a_threshold_of_eighty() -> None:
    guard = AudioGuard()
    assert (guard.noise_floor, guard.speech_threshold_factor, guard.threshold) == (20.0, 4.0, 80.0)


def test_a_silent_frame_moves_the_floor_by_a_tenth_and_loud_speech_does_not() -> None:
    guard = AudioGuard()
    assert not guard.hears_speech(30, 0.1)
    assert guard.noise_floor == pytest.approx(21.0)
    assert guard.hears_speech(500, 0.1)
    assert guard.noise_floor == pytest.approx(21.0)


@given(RMS, ZCR, RMS)
def test_every_frame_under_the_threshold_moves_the_floor_whatever_the_rule_takes_it_for(
    rms: float, zcr: float, prev_rms: float
) -> None:
    guard = AudioGuard()
    guard.prev_rms = prev_rms
    guard.hears_speech(rms, zcr)
    if rms < 80:
        assert guard.noise_floor == pytest.approx(max(MIN_NOISE_FLOOR, 0.9 * 20.0 + 0.1 * rms))


@pytest.mark.parametrize("rms", range(45, 80))
def test_steady_noise_under_the_first_threshold_is_silenced_within_half_a_second(rms: int) -> None:
    """Its crossings make each frame "probable speech": the floor must follow it all the same."""
    frames = [noise(20, rms, seed) for seed in range(500)]
    guard = AudioGuard()
    passed = [guard.hears_speech(audioop.rms(pcm16, 2), g711.zcr(pcm16)) for pcm16 in frames]
    assert not any(passed[25:])


@given(st.lists(st.tuples(RMS, ZCR), max_size=300))
def test_digital_silence_is_never_speech_whatever_came_before(frames: list[tuple[float, float]]) -> None:
    guard = AudioGuard()
    for rms, zcr in frames:
        guard.hears_speech(rms, zcr)
        assert guard.noise_floor >= MIN_NOISE_FLOOR
    for _ in range(100):
        assert not guard.hears_speech(0, 0.0)
