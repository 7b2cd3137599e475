"""Learns the weights of `media/detection/voice_model.py`: `python -m bench.train_voice_activity [--write]`.

Features come from the production code itself, frame by frame, out of the lines of `training_lines`; every fifth
English recording is kept aside to choose among a few random starts. The net has one hidden layer of rectifying units;
the first few of them are taught to judge alone as well, so that production can stop there when they are sure. Weights
are rounded to the 16-bit integers production multiplies with. Takes about three minutes on one core.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.speech_corpus import Labels, Line, load_clips
from bench.training_lines import TRAINING_LANGUAGE, TRAINING_MUSIC, training_lines
from media.detection.voice_activity import LOOK_BACK, SURE_SCORE
from media.detection.voice_features import VoiceFeatures
from services.audio import g711

Floats = NDArray[np.floating[Any]]
FIRST, HIDDEN = 6, 24  # units asked first, and all of them
ALONE = 0.5  # how much the judgement of the first units alone counts beside that of all
TARGET = Path(__file__).resolve().parents[1] / "media" / "voice_model.py"


def dataset(lines: list[Line]) -> tuple[Floats, Labels]:
    """What the net is given and the truth, for the frames it is asked about: those that sound at all."""
    rows, truths = [], []
    for line in lines:
        follower = VoiceFeatures()
        measured, sounding = [], []
        for frame in line.frames():
            level = follower.level(g711.decode(frame), g711.rms(frame))
            measured.append(follower.measure(level))
            sounding.append(level.sounding)
        now = np.array(measured, np.float32)
        before = [now[np.maximum(np.arange(len(now)) - lag, 0)] for lag in LOOK_BACK]
        rows.append(np.concatenate([now, *before], axis=1)[sounding])
        truths.append(line.speech[sounding])
    return np.concatenate(rows), np.concatenate(truths)


@dataclass(slots=True)
class Net:
    """Rectified hidden layer, linear output: positive means speech. Works on raw feature values."""

    hidden: Floats  # HIDDEN x features
    hidden_bias: Floats
    output: Floats
    first_bias: float  # of the output, when the first units judge
    second_bias: float  # … added with the rest of them

    def __call__(self, rows: Floats) -> Floats:
        drive = np.maximum(rows @ self.hidden.T + self.hidden_bias, 0)
        first = drive[:, :FIRST] @ self.output[:FIRST] + self.first_bias
        whole = first + drive[:, FIRST:] @ self.output[FIRST:] + self.second_bias
        return np.asarray(np.where(np.abs(first) < SURE_SCORE, whole, first))


def balanced_accuracy(answer: Floats, truth: Labels) -> float:
    return float((np.mean(answer[truth] > 0) + np.mean(answer[~truth] <= 0)) / 2)


def _error(score: Floats, truth: Labels) -> Floats:
    """Slope of the log-loss."""
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))) - truth)


def train(rows: Floats, truth: Labels, seed: int, epochs: int = 8, batch: int = 1024) -> Net:
    """Adam on the balanced log-loss, the step falling linearly to nothing."""
    rng = np.random.default_rng(seed)
    mean, spread = rows.mean(0, dtype=np.float64), rows.std(0, dtype=np.float64) + 1e-6
    weight = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean())) / batch
    shape = (HIDDEN, rows.shape[1])
    theta = [rng.standard_normal(shape) / shape[1] ** 0.5, np.zeros(HIDDEN), rng.standard_normal(HIDDEN) / 2]
    theta += [np.zeros(1), np.zeros(1)]
    first, second = [np.zeros_like(t) for t in theta], [np.zeros_like(t) for t in theta]
    steps = epochs * (len(rows) // batch)
    for step in range(steps):
        pick = rng.integers(len(rows), size=batch)
        x, y, w = (rows[pick] - mean) / spread, truth[pick], weight[pick]
        drive = np.maximum(x @ theta[0].T + theta[1], 0)
        alone = drive[:, :FIRST] @ theta[2][:FIRST] + theta[3]
        whole = alone + drive[:, FIRST:] @ theta[2][FIRST:] + theta[4]
        slope = w * _error(whole, y)
        slopes = np.repeat(slope[:, None], HIDDEN, axis=1)
        slopes[:, :FIRST] += (ALONE * w * _error(alone, y))[:, None]
        back = slopes * theta[2] * (drive > 0)
        gradient = [back.T @ x + 1e-5 * theta[0], back.sum(0), (drive * slopes).sum(0)]
        gradient += [slopes[:, :1].sum(0), slope.sum(keepdims=True)]
        rate = 1e-2 * (1 - step / steps)
        for i, g in enumerate(gradient):
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g * g
            corrected = np.sqrt(second[i] / (1 - 0.999 ** (step + 1))) + 1e-8
            theta[i] -= rate * first[i] / (1 - 0.9 ** (step + 1)) / corrected
    hidden = theta[0] / spread
    return Net(hidden, theta[1] - hidden @ mean, theta[2], float(theta[3][0]), float(theta[4][0]))


def quantised(net: Net) -> tuple[NDArray[np.int16], Floats]:
    """Integer rows and, for each, what one step of it is worth."""
    steps = np.max(np.abs(net.hidden), axis=1) / 32000
    return np.round(net.hidden / steps[:, None]).astype(np.int16), steps


def source(net: Net, note: str) -> str:
    """The module `media/detection/voice_model.py`."""
    rows, steps = quantised(net)
    lines = [
        '"""Weights of `voice_activity`, written by `python -m bench.train_voice_activity --write`.',
        "",
        note,
        "Each hidden unit: integer weights in the order of `voice_features.FEATURES`, for the frame itself and for",
        "each of `voice_activity.LOOK_BACK` before it; what one step is worth, bias, weight in the output. Negative",
        "sums count as zero (ReLU). The output is the logarithm of the odds of speech, by the first",
        "units or by all.",
        '"""',
        "",
        "# ruff: noqa: E501",
        "# fmt: off",
        "Unit = tuple[tuple[int, ...], float, float, float]",
    ]
    for index, (row, step, bias, weight) in enumerate(zip(rows, steps, net.hidden_bias, net.output, strict=True)):
        if index in (0, FIRST):
            lines += [*[")"] * bool(index), f"{'SECOND' if index else 'FIRST'}: tuple[Unit, ...] = ("]
        numbers = ", ".join(str(int(n)) for n in row)
        lines.append(f"    (({numbers}), {step:.6g}, {bias:.5g}, {weight:.5g}),")
    return "\n".join([*lines, ")", f"FIRST_BIAS = {net.first_bias:.5g}", f"SECOND_BIAS = {net.second_bias:.5g}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace media/detection/voice_model.py")
    parser.add_argument("--lines", type=int, default=800)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    clips = load_clips()
    music = [clip for clip in clips if clip.name in TRAINING_MUSIC]
    talkers = [clip for clip in clips if clip.language == TRAINING_LANGUAGE and clip.speech.any()]
    kept = talkers[::5]
    learn = dataset(training_lines([c for c in talkers if c not in kept], music, options.lines, seed=7))
    check = dataset(training_lines(kept, music, options.lines // 4, seed=8))
    nets = [train(*learn, seed=seed) for seed in range(options.starts)]
    scores = [balanced_accuracy(net(check[0]), check[1]) for net in nets]
    print("balanced accuracy on English recordings kept aside:", ", ".join(f"{s:.4f}" for s in scores))
    best = nets[int(np.argmax(scores))]
    hours = len(learn[1]) * 0.02 / 3600
    accuracy = f"balanced accuracy on recordings not used for training {max(scores):.3f}"
    note = f"Learned from {hours:.1f} hours of sounding frames; {accuracy}."
    text = source(best, note)
    if options.write:
        TARGET.write_text(text, encoding="utf-8")
    print(text if not options.write else f"wrote {TARGET}")


if __name__ == "__main__":
    main()
