"""Level presets: thresholds from the calibrated floor, utterances from frames, short answers caught (I5, I6, X5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.detection.vad import PRESETS, Vad, VadDecision, VadPreset
from media.detection.voice_activity import VoiceActivity
from services.audio import g711
from tests.telephone_sounds import SENTENCES, SHORT_WORDS, over_noise, pcm_of

EVERY_PRESET = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
LEVELS = st.lists(st.integers(0, 32000), max_size=400)


def fed(vad: Vad, levels: list[int], ms: float = 20) -> list[VadDecision]:
    return [vad.feed(rms, ms=ms) for rms in levels]


def listen(preset: VadPreset, frames: list[bytes]) -> list[VadDecision]:
    vad, voice = Vad(preset), VoiceActivity()
    return [vad.feed(g711.rms(frame), voice.feed(frame)) for frame in frames]


def test_the_quiet_frames_of_the_first_second_and_a_half_set_the_floor() -> None:
    vad = Vad(PRESETS["hebrew"])
    quiet = [92] * 14 + [93] * 6  # their mean is 92.3
    decisions = fed(vad, quiet + [119 + 1] * 55)
    assert [d.calibrated for d in decisions].index(True) == 74
    assert vad.calibration_line() == "[VAD] Calibrated noise=92.3, speech_threshold=152.3"


def test_a_line_that_is_never_quiet_keeps_the_defaults() -> None:
    vad = Vad(PRESETS["hebrew"])
    fed(vad, [400] * 80)
    assert (vad.noise_floor, vad.speech_threshold) == (100.0, 160.0)


def test_calibration_ends_once() -> None:
    vad = Vad(PRESETS["soft"])
    assert sum(d.calibrated for d in fed(vad, [20] * 500)) == 1


@given(st.floats(0, 120))
def test_each_preset_has_its_formula(floor: float) -> None:
    assert PRESETS["hebrew"].threshold(floor) == min(175, floor + 60)
    assert PRESETS["strict"].threshold(floor) == max(260, 2.5 * floor)
    soft = PRESETS["soft"].threshold(floor)
    assert 35 <= soft <= max(60, 1.8 * floor)


def test_speech_starts_after_the_onset_and_ends_after_the_hangover() -> None:
    vad = Vad(PRESETS["hebrew"], hangover_ms=200)
    decisions = fed(vad, [20] * 80 + [500] * 30 + [20] * 30)[80:]
    assert [d.started for d in decisions].index(True) == 2  # 60 ms
    assert [d.ended for d in decisions].index(True) == 30 + 9  # 200 ms


def test_the_strict_preset_wants_nearly_half_a_second_and_waits_long_for_the_end() -> None:
    decisions = fed(Vad(PRESETS["strict"]), [20] * 80 + [500] * 40 + [20] * 60)[80:]
    started, ended = [d.started for d in decisions].index(True), [d.ended for d in decisions].index(True)
    assert 400 <= (started + 1) * 20 <= 500
    assert 700 <= (ended + 1 - 40) * 20 <= 900


@EVERY_PRESET
def test_a_click_of_forty_milliseconds_is_no_utterance(preset: VadPreset) -> None:
    levels = [10] * 80 + [5000] * 2 + [10] * 60
    assert not any(d.started or d.is_speech for d in fed(Vad(preset), levels))


@EVERY_PRESET
@pytest.mark.parametrize("word", SHORT_WORDS)
@pytest.mark.parametrize("rms", [520, 1640, 5200])
def test_a_short_answer_is_caught_by_every_preset(preset: VadPreset, word: str, rms: int) -> None:
    decisions = listen(preset, over_noise(pcm_of(word, rms), 15, tail_ms=1200))
    assert sum(d.started for d in decisions) == 1
    assert sum(d.ended for d in decisions) == 1


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_over_noise_is_speech_to_the_voice_preset_and_the_noise_is_not(sentence: str) -> None:
    frames = over_noise(pcm_of(sentence), 520, lead_ms=3000, tail_ms=0)
    decisions = listen(PRESETS["voice"], frames)
    assert not any(d.is_speech for d in decisions[:150])
    assert sum(d.is_speech for d in decisions[150:]) > 0.7 * len(decisions[150:])


@EVERY_PRESET
@given(levels=LEVELS)
def test_starts_and_ends_alternate_and_account_for_every_change(preset: VadPreset, levels: list[int]) -> None:
    vad = Vad(preset)
    speaking = False
    for decision in fed(vad, levels + [0] * 60):
        if decision.started and not decision.ended:
            assert not speaking
            speaking = True
        elif decision.ended and not decision.started:
            assert speaking
            speaking = False
        assert decision.is_speech is speaking
    assert not speaking  # 1.2 s of silence end any utterance


@given(levels=LEVELS)
def test_time_is_the_length_of_the_audio_not_the_number_of_frames(levels: list[int]) -> None:
    whole, halves = Vad(PRESETS["hebrew"]), Vad(PRESETS["hebrew"])
    for rms in levels:
        decision = whole.feed(rms, ms=20)
        halves.feed(rms, ms=10)
        assert halves.feed(rms, ms=10).is_speech is decision.is_speech
