"""Hold music is withheld after a second, speech never, and a caller talking over it gets through (I8)."""

from __future__ import annotations

import audioop
import re
from dataclasses import replace

import pytest

from media.audio_config import AudioConfig
from media.detection.input_gate import GateResult, InputGate
from tests.telephone_sounds import MUSIC, SENTENCES, over_noise, pcm_of

CONFIG = AudioConfig(simple_mode=False, audio_guard_enabled=True, music_mode_enabled=True)
LEVELS = pytest.mark.parametrize("rms", [520, 1640, 5200])


def heard(frames: list[bytes]) -> list[GateResult]:
    gate = InputGate(CONFIG)
    return [gate.process(frame) for frame in frames]


def guard_lines(results: list[GateResult]) -> list[str]:
    return [line.text for r in results for line in r.logs if "music_mode (" in line.text]


@LEVELS
@pytest.mark.parametrize("piece", MUSIC)
def test_hold_music_is_withheld_after_its_first_second(piece: str, rms: int) -> None:
    results = heard(over_noise(pcm_of(piece, rms), 10, lead_ms=0, tail_ms=0))[50:]
    assert sum(r.dropped for r in results) >= 0.9 * len(results)


@LEVELS
@pytest.mark.parametrize("sentence", SENTENCES)
def test_speech_is_never_taken_for_music(sentence: str, rms: int) -> None:
    frames = over_noise(pcm_of(sentence, rms), 10)
    results, guard = heard(frames), InputGate(replace(CONFIG, music_mode_enabled=False))
    assert guard_lines(results) == []
    assert [r.dropped for r in results] == [guard.process(frame).dropped for frame in frames]


def test_entering_and_leaving_are_logged_with_the_measurements() -> None:
    frames = over_noise(pcm_of(MUSIC[0], 1640), 10, lead_ms=500, tail_ms=4000)
    lines = guard_lines(heard(frames))
    assert re.fullmatch(r"\[AUDIO_GUARD\] Entering music_mode \(rms=\d+\.\d, zcr=0\.\d{3}\)", lines[0])
    assert re.fullmatch(r"\[AUDIO_GUARD\] Leaving music_mode \(after \d+ ms\)", lines[-1])
    assert len(lines) % 2 == 0


def test_music_mode_lasts_two_seconds_past_the_music() -> None:
    frames = over_noise(pcm_of(MUSIC[0], 1640), 10, lead_ms=500, tail_ms=4000)
    gate = InputGate(CONFIG)
    states = []
    for frame in frames:
        gate.process(frame)
        states.append(gate.line_filter is not None and gate.line_filter.summary().endswith("on"))
    silence_after_music = states[-200:]
    assert 90 <= sum(silence_after_music) <= 105


def test_a_caller_who_talks_over_the_music_is_let_through() -> None:
    music, voice = pcm_of(MUSIC[0], 300), pcm_of("ru-sentence-followme_status", 3000)
    length = min(len(music) - 32000, len(voice))
    mixed = music[:32000] + audioop.add(music[32000 : 32000 + length], voice[:length], 2)
    results = heard(over_noise(mixed, 10, lead_ms=0, tail_ms=0))
    spoken = [r for r in results[100:] if r.rms > 1000]
    assert sum(not r.dropped for r in spoken) > 0.85 * len(spoken)
