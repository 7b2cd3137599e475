"""Music mode measured: hold music withheld after its first second, and speech never (I8)."""

from __future__ import annotations

import numpy as np

from bench.speech_corpus import Clip, Samples, at_level, looped, talk, to_mulaw
from bench.speech_detectors import MUSIC
from bench.speech_lines import LEVELS
from bench.training_lines import TEST_MUSIC
from media.detection.filters import GuardedLine
from media.detection.input_gate import InputGate
from media.detection.music import ENTER_FRAMES, HOLD_FRAMES, MUSIC_ZCR
from services.audio import g711

FIRST_SECOND = 50
HISS = 10.0


def _in_music_mode(samples: Samples, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Frame by frame, from the filter of a guarded line."""
    gate = InputGate(MUSIC)
    states = []
    for frame in g711.frames(to_mulaw(samples + rng.standard_normal(len(samples)) * HISS)):
        gate.process(frame)
        states.append(isinstance(gate.line_filter, GuardedLine) and gate.line_filter.in_music)
    return np.array(states, bool)


def _by_formula(samples: Samples, threshold: float = 160.0) -> float:
    """The share withheld if level and zero crossings alone decided."""
    run = left = withheld = total = 0
    for frame in g711.frames(to_mulaw(samples)):
        pcm16 = g711.decode(frame)
        run = run + 1 if g711.rms(frame) > threshold and g711.zcr(pcm16) > MUSIC_ZCR else 0
        left = HOLD_FRAMES if run >= ENTER_FRAMES else max(0, left - 1)
        withheld += left > 0
        total += 1
    return withheld / total


def music_rows(clips: list[Clip]) -> list[list[str]]:
    rows = []
    for clip in clips:
        if clip.kind != "music":
            continue
        shares = []
        for level in LEVELS:
            states = _in_music_mode(at_level(clip.samples, level), np.random.default_rng(31))
            shares.append(f"{100 * states[FIRST_SECOND:].mean():.1f} %")
        name = clip.name.rsplit("-", 1)[1]
        rows.append([f"{name}{'' if clip.name != TEST_MUSIC else ' (not in the training)'}", *shares, ""])
    for language in ("en", "ru"):
        talkers = [c for c in clips if c.language == language and c.speech.any()]
        shares = []
        for level in LEVELS:
            samples = np.concatenate([clip.samples * (level / clip.active_rms) for clip in talkers])
            shares.append(f"{100 * _in_music_mode(samples, np.random.default_rng(32)).mean():.2f} %")
        rows.append([f"speech, {language}, without pauses", *shares, f"{100 * _by_formula(samples):.0f} %"])
    rows.extend(_speech_over_music(clips))
    return rows


def _speech_over_music(clips: list[Clip]) -> list[list[str]]:
    """Speech frames withheld while music plays behind the caller."""
    talkers = [c for c in clips if c.language == "ru" and c.speech.any()]
    pieces = [c for c in clips if c.kind == "music"]
    rows = []
    for ratio in (10, 20):
        shares = []
        for level in LEVELS:
            rng = np.random.default_rng(33)
            samples, speech = talk(talkers, 120, level, rng)
            sound = np.concatenate([looped(p.samples, len(samples) // 3, rng) for p in pieces])[: len(samples)]
            behind = at_level(sound, level * 10 ** (-ratio / 20))
            states = _in_music_mode(samples[: len(behind)] + behind, rng)
            shares.append(f"{100 * states[speech[: len(states)]].mean():.2f} %")
        rows.append([f"speech, ru, over music {ratio} dB lower", *shares, ""])
    return rows
