"""Speech or not: the tables of docs/benchmarks.md (`python -m bench.speech_detection`).

Recorded speech and hold music from ../shared/audio; see `speech_corpus` for the ground truth and `training_lines` for
what the net has and has not heard. Everything is seeded: the same figures every time, but for the microseconds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import numpy as np

from bench.barge_in_sounds import interruption_rows, nuisance_rows
from bench.echo_lines import echo_rows
from bench.line_modes import NOISE_RMS, SOFT_RMS, condition_rows, noise_rows, soft_rows
from bench.markdown import rate, table
from bench.music_withheld import music_rows
from bench.speech_corpus import Clip, Labels, load_clips
from bench.speech_detectors import ENDPOINTING, LINE_MODES, Anchor, anchors, ours
from bench.speech_lines import LEVELS, Condition, columns, condition_lines
from media.detection.input_gate import InputGate
from media.detection.voice_activity import VoiceActivity

Pairs = list[tuple[Labels, Labels]]  # answer and truth


def hit_and_false_alarm(pairs: Pairs) -> tuple[float, float]:
    answer = np.concatenate([a for a, _ in pairs])
    truth = np.concatenate([t for _, t in pairs])
    return float(answer[truth].mean()), float(answer[~truth].mean())


def balanced(pairs: Pairs) -> float:
    hit, false_alarm = hit_and_false_alarm(pairs)
    return (hit + 1 - false_alarm) / 2


class Results:
    """Every detector's answers on every line."""

    def __init__(self, lines: list[Condition], others: list[Anchor]) -> None:
        self.lines = lines
        self.answers: dict[str, list[Labels]] = {}
        for condition in lines:
            for name, answer in ours(condition.line).items():
                self.answers.setdefault(name, []).append(answer)
        for anchor in others:
            self.answers[anchor.name] = [anchor.answers[c.name] for c in lines]

    def pairs(self, detector: str, column: str, level: int | None = None) -> Pairs:
        chosen = zip(self.lines, self.answers[detector], strict=True)
        return [(a, c.line.speech) for c, a in chosen if c.column == column and level in (None, c.level)]

    def judges(self) -> list[str]:
        return [name for name in self.answers if name not in (*LINE_MODES, ENDPOINTING)]


def accuracy_table(results: Results) -> str:
    """Balanced accuracy by condition, all levels together."""
    at_least_10 = [c for c in columns() if c.split(" ")[-1] in ("clean", "10", "20")]
    rows = []
    for name in results.judges():
        by_column = {c: balanced(results.pairs(name, c)) for c in columns()}
        mean = f"{np.mean([by_column[c] for c in at_least_10]):.3f}"
        rows.append([name, mean, *(rate(by_column[c]) for c in columns())])
    return table(["balanced accuracy", "mean ≥ 10 dB", *columns()], rows)


def rates_table(results: Results, detectors: list[str]) -> str:
    rows = []
    for name in detectors:
        cells = ["/".join(rate(v) for v in hit_and_false_alarm(results.pairs(name, c))) for c in columns()]
        rows.append([name, *cells])
    return table(["hit / false alarm", *columns()], rows)


def levels_table(results: Results) -> str:
    noises = ("white 10", "babble 10", "music 10")
    rows = [
        [name, *(rate(float(np.mean([balanced(results.pairs(name, c, level)) for c in noises]))) for level in LEVELS)]
        for name in results.judges()
    ]
    return table(["balanced accuracy at 10 dB", *(f"RMS {level}" for level in LEVELS)], rows)


def _us_per_frame(feed: object, frames: list[bytes], rounds: int = 400) -> float:
    """The best of many rounds: what it costs when nothing else disturbs."""
    assert callable(feed)
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for frame in frames:
            feed(frame)
        best = min(best, time.perf_counter() - started)
    return best / len(frames) * 1e6


def cost_table(clips: list[Clip], lines: list[Condition], others: list[Anchor]) -> str:
    quiet = [bytes([0xFF, 0xFE] * 80)] * 100
    spoken = next(c.line.frames()[150:250] for c in lines if c.ratio_db == 10)
    rows = []
    for name, make in (
        ("the net with its features", lambda: VoiceActivity().feed),
        ("whole input gate, simple mode (decoding, level, VAD, net)", lambda: InputGate().process),
        *((f"whole input gate, {mode}", lambda c=config: InputGate(c).process) for mode, config in LINE_MODES.items()),
        ("simple mode with soft preprocessing", lambda: InputGate(soft_preprocess=True).process),
    ):
        rows.append([name, f"{_us_per_frame(make(), quiet):.1f}", f"{_us_per_frame(make(), spoken):.1f}"])
    rows += [[other.name, "", f"{other.us_per_frame:.1f}"] for other in others]
    return table(["µs per 20 ms frame", "quiet line", "speech at 10 dB"], rows)


def tables(with_anchors: bool) -> str:
    clips = load_clips()
    lines = condition_lines(clips)
    others: list[Anchor] = []
    if with_anchors:
        try:
            others = anchors(lines)
        except subprocess.CalledProcessError as error:
            print(f"without anchors: {error}", file=sys.stderr)
    results = Results(lines, others)
    spread = ["utterances", "missed", "p50 / p90 / p99 ms"]
    parts = [
        "### Speech or not, frame by frame",
        accuracy_table(results),
        rates_table(results, results.judges()),
        levels_table(results),
        "### What reaches the model, and what ends a turn here (hangover included)",
        rates_table(results, [*LINE_MODES, ENDPOINTING]),
        "### Beginnings of utterances that do not reach the model: share of utterances / most ms lost",
        table(["", *columns()], condition_rows(lines, results.answers, columns())),
        "### The same for the first utterance of a line, spoken softly, by its active level",
        table(["", "hiss, RMS", *(f"RMS {rms}" for rms in SOFT_RMS)], soft_rows(clips)),
        "### Noise on which nobody has spoken yet: share of frames that pass",
        table([f"at RMS {' / '.join(map(str, NOISE_RMS))}", *LINE_MODES], noise_rows(clips)),
        "### Music mode: share of frames withheld, after the first second for music",
        table(["", *(f"RMS {level}" for level in LEVELS), "by level and ZCR alone"], music_rows(clips)),
        "### Barge-in candidate: an utterance of the caller makes the agent fall silent",
        table(["behind the caller", "listener", *spread], interruption_rows(clips)),
        "### Barge-in candidate: sounds that are no caller, times a minute the agent would fall silent",
        table(["sound", "level alone", "voice"], nuisance_rows(clips)),
        "### Echo of the agent: times a minute it would silence itself, and callers heard over it",
        table(["way back", "no guard", "guard", "caller RMS 1640", "caller RMS 520"], echo_rows(clips)),
        "### What it costs",
        cost_table(clips, lines, others),
    ]
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-anchors", action="store_true", help="ours alone, without Silero and webrtcvad")
    print(tables(not parser.parse_args().no_anchors))


if __name__ == "__main__":
    main()
