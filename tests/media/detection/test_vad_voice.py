"""The net tells speech from other sound, at any cut of the bytes (B2)."""

from __future__ import annotations

import audioop

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.detection.voice_activity import LOOK_BACK, SILENCE_SCORE, VoiceActivity
from media.detection.voice_features import FEATURES, VoiceFeatures
from media.detection.voice_model import FIRST, SECOND
from services.audio import g711
from tests.telephone_sounds import MUSIC, SENTENCES, noise, over_noise, pcm_of, tone


def verdicts(frames: list[bytes]) -> list[bool]:
    voice = VoiceActivity()
    return [voice.feed(frame) for frame in frames]


def share(values: list[bool]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("hiss", [8, 164, 520])
def test_a_sentence_is_heard_as_speech_and_the_line_around_it_is_not(sentence: str, hiss: int) -> None:
    heard = verdicts(over_noise(pcm_of(sentence), hiss, lead_ms=3000, tail_ms=1500))
    assert share(heard[20:150]) < 0.1
    assert share(heard[150:-75]) > 0.65
    assert share(heard[-50:]) < 0.2


@pytest.mark.parametrize("piece", MUSIC)
def test_most_of_hold_music_is_no_speech(piece: str) -> None:
    assert share(verdicts(over_noise(pcm_of(piece, 1000), 10, lead_ms=0, tail_ms=0))[50:]) < 0.35


def test_a_beep_and_a_hum_and_hiss_are_no_speech() -> None:
    for sound in (tone(1000, 3000, 2000), tone(100, 3000, 800), noise(3000, 1500)):
        assert share(verdicts(over_noise(sound, 8, lead_ms=1000))[70:]) < 0.1


def test_digital_silence_is_silence() -> None:
    voice = VoiceActivity()
    assert not any(voice.feed(b"\xff" * 160) for _ in range(100))
    assert voice.score == SILENCE_SCORE


@given(st.binary(min_size=0, max_size=4000), st.lists(st.integers(0, 700), min_size=1, max_size=20))
@settings(max_examples=50)
def test_any_bytes_in_any_pieces_give_the_same_scores(sound: bytes, cuts: list[int]) -> None:
    framed, pieced = VoiceActivity(), VoiceActivity()
    whole = len(sound) // 160 * 160
    for start in range(0, whole, 160):
        framed.feed(sound[start : start + 160])
    start = 0
    for cut in cuts:
        pieced.feed(sound[start : min(whole, start + cut)])
        start = min(whole, start + cut)
    pieced.feed(sound[start:whole])
    assert pieced.score == framed.score


@given(st.lists(st.sampled_from([pcm_of(SENTENCES[0])[at : at + 320] for at in range(0, 32000, 320)]), min_size=1))
@settings(max_examples=50)
def test_frames_measured_late_have_the_features_of_frames_measured_at_once(frames: list[bytes]) -> None:
    late, at_once = VoiceFeatures(), VoiceFeatures()
    levels = [late.level(frame, audioop.rms(frame, 2)) for frame in frames]
    assert [late.measure(level) for level in levels] == [
        at_once.measure(at_once.level(frame, audioop.rms(frame, 2))) for frame in frames
    ]


def test_a_long_silence_before_a_sentence_changes_nothing_in_how_it_is_heard() -> None:
    short, long = (over_noise(pcm_of(SENTENCES[0]), 8, lead_ms=lead_ms) for lead_ms in (1000, 30_000))
    sentence = len(short) - 50
    differing = sum(a != b for a, b in zip(verdicts(short)[-sentence:], verdicts(long)[-sentence:], strict=True))
    assert differing < 0.05 * sentence


@given(st.binary(min_size=160, max_size=160))
def test_features_fit_the_integers_they_are_packed_into(frame: bytes) -> None:
    follower = VoiceFeatures()
    for _ in range(3):
        features = follower.measure(follower.level(g711.decode(frame), g711.rms(frame)))
        assert len(features) == len(FEATURES)
        assert all(-32768 <= value <= 32767 for value in features)
        follower.measure(follower.level(g711.decode(b"\xff" * 160), 0))


def test_the_weights_are_for_these_features() -> None:
    assert {len(row) for row, _, _, _ in (*FIRST, *SECOND)} == {len(FEATURES) * (1 + len(LOOK_BACK))}
