"""What the line modes let through: beginnings of utterances, soft first ones, noise on which nobody speaks (L13)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bench.barge_in_sounds import nuisances, utterances
from bench.noise_makers import white
from bench.speech_corpus import Clip, Labels, at_level, to_mulaw
from bench.speech_detectors import LINE_MODES, forwarded
from bench.speech_lines import TEST_LANGUAGE, Condition
from services.audio import g711
from services.audio.g711 import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ

SOFT_RMS = (60, 90, 130, 200, 350, 520)
HISS_RMS = (0, 5, 12, 30)
LEAD_IN_FRAMES = (10, 50, 150)
NOISE_RMS = (80, 800)
NOISE_S = 30


def lost_ms(reached: Labels, first: int, last: int) -> int:
    """How much of an utterance is over before anything of it reaches the model."""
    hits = np.flatnonzero(reached[first : last + 1])
    return FRAME_MS * int(hits[0] if len(hits) else last + 1 - first)


def _cell(lost: Iterable[int]) -> str:
    """Share of utterances that lose their beginning, and the most that is lost."""
    times = np.array(list(lost))
    return f"{100 * np.mean(times > 0):.0f} % / {times.max()}"


def condition_rows(lines: list[Condition], answers: dict[str, list[Labels]], columns: list[str]) -> list[list[str]]:
    """Per line mode, by condition; `answers` as in speech_detection.Results."""
    rows = []
    for mode in LINE_MODES:
        cells = []
        for column in columns:
            chosen = [(c.line.speech, a) for c, a in zip(lines, answers[mode], strict=True) if c.column == column]
            cells.append(_cell(lost_ms(a, *span) for speech, a in chosen for span in utterances(speech)))
        rows.append([mode, *cells])
    return rows


def soft_rows(clips: list[Clip]) -> list[list[str]]:
    """Per line mode and hiss, by the talker's active level: each recording as the first sound of a line of its own."""
    talkers = [clip for clip in clips if clip.language == TEST_LANGUAGE and clip.speech.any()]
    rng = np.random.default_rng(13)
    rows = []
    for hiss in HISS_RMS:
        lost: dict[str, list[list[int]]] = {mode: [[] for _ in SOFT_RMS] for mode in LINE_MODES}
        for place, rms in enumerate(SOFT_RMS):
            for number, clip in enumerate(talkers):
                lead = LEAD_IN_FRAMES[number % len(LEAD_IN_FRAMES)]
                samples = np.concatenate([np.zeros(lead * FRAME_BYTES), clip.samples * rms / clip.active_rms])
                if hiss:
                    samples = samples + at_level(white(len(samples), rng), hiss)
                frames = list(g711.frames(to_mulaw(samples)))
                spoken = lead + np.flatnonzero(clip.speech)
                for mode, config in LINE_MODES.items():
                    lost[mode][place].append(lost_ms(forwarded(frames, config), int(spoken[0]), int(spoken[-1])))
        rows += [[mode, str(hiss), *map(_cell, by_level)] for mode, by_level in lost.items()]
    return sorted(rows, key=lambda row: list(LINE_MODES).index(row[0]))


def noise_rows(clips: list[Clip]) -> list[list[str]]:
    """Per sound that is no caller: share of frames that pass after the first second, by mode and level."""
    talkers = [clip for clip in clips if clip.language == TEST_LANGUAGE and clip.speech.any()]
    rows = []
    for name, make in nuisances(talkers, [clip for clip in clips if clip.kind == "music"]).items():
        sound = make(NOISE_S * SAMPLE_RATE_HZ, np.random.default_rng(14))
        lines = [list(g711.frames(to_mulaw(at_level(sound, rms)))) for rms in NOISE_RMS]
        cells = [[f"{forwarded(line, config)[50:].mean():.2f}" for line in lines] for config in LINE_MODES.values()]
        rows.append([name, *(" / ".join(by_level) for by_level in cells)])
    return rows
