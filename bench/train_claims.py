"""Learns the weights of `services/claims/weights.py`: `python -m bench.train_claims [--write]`.

What is weighed comes from the production code (`services.claims.weighing.signs`), sentence by sentence, out of the
material of `bench.claims` and the lists of its tests: false claims and honest sentences. Of a claim of several
sentences the one that weighs most is taken for the claim. Logistic regression with steps of its own for each sign
(Adagrad), the average of the later rounds. `--without` says how the rest judges a directory that is left out.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.claims import DIRECTORY, Sentence, load
from services.claims.sentences import read
from services.claims.weighing import signs

MATERIAL = Path(__file__).resolve().parent / "material"
DIRECTORIES = (
    DIRECTORY,
    *(MATERIAL / name for name in ("claims", "claims_later", "claims_weighed")),
    *sorted(MATERIAL.glob("claims_round_*")),
)
LISTS = Path(__file__).resolve().parents[1] / "tests" / "data" / "honesty"
TARGET = Path(__file__).resolve().parents[1] / "services" / "claims" / "weights.py"
ONE = 100  # an integer of this size weighs one
ROUNDS, WHOLE_TEXT, RATE, DECAY = 14, 2, 0.3, 3e-4
SELDOM = 2  # a sign of fewer texts is not learned
LIGHT = 30  # in hundredths of one: what weighs less is left out
SEED = 1

Signs = tuple[frozenset[str], ...]


@dataclass(slots=True)
class Weights:
    """What each sign weighs; `bias` what a sentence without any does."""

    bias: float = 0.0
    of: dict[str, float] = field(default_factory=dict)

    def judge(self, known: Sequence[str]) -> float:
        return self.bias + sum(self.of[sign] for sign in known) / math.sqrt(len(known) + 1)

    def judge_text(self, text: str) -> float:
        """Of the sentence that weighs most."""
        of = self.of
        return max((self.judge([sign for sign in one if sign in of]) for one in signs_of(text)), default=-math.inf)


def signs_of(text: str) -> Signs:
    """The signs of each sentence."""
    sentences = read(text)
    return tuple(signs(sentences, at) for at in range(len(sentences)))


def train(claims: Sequence[Sentence], honest: Sequence[Sentence]) -> Weights:
    """Weights for what these texts have in common."""
    texts = [(signs_of(one.text), bool(one.kind)) for one in (*claims, *honest)]
    seen = Counter(sign for sentences, _ in texts for sign in frozenset().union(*sentences))
    weights = Weights(of={sign: 0.0 for sign, times in sorted(seen.items()) if times >= SELDOM})
    learned = [
        ([sorted(sign for sign in one if sign in weights.of) for one in sentences], claim)
        for sentences, claim in texts
        if sentences
    ]
    total, slopes = Weights(of=dict.fromkeys(weights.of, 0.0)), dict.fromkeys(weights.of, 1e-2)
    rng = random.Random(SEED)
    for number in range(ROUNDS):
        rng.shuffle(learned)
        for sentences, claim in learned:
            told = [max(sentences, key=weights.judge)] if claim and number >= WHOLE_TEXT else sentences
            for known in told:
                _step(weights, slopes, known, claim=claim, share=1 / len(told) if claim else 1.0)
        if number >= ROUNDS // 2:
            total.bias += weights.bias
            for sign, weight in weights.of.items():
                total.of[sign] += weight
    counted = ROUNDS - ROUNDS // 2
    return Weights(total.bias / counted, {sign: weight / counted for sign, weight in total.of.items()})


def _step(weights: Weights, slopes: dict[str, float], known: Sequence[str], *, claim: bool, share: float) -> None:
    error = (1 / (1 + math.exp(-weights.judge(known))) - claim) * share
    scale = error / math.sqrt(len(known) + 1)
    for sign in known:
        slope = scale + DECAY * weights.of[sign]
        slopes[sign] += slope * slope
        weights.of[sign] -= RATE * slope / math.sqrt(slopes[sign])
    weights.bias -= 0.02 * error


def source(weights: Weights, note: str) -> str:
    """The module `services/claims/weights.py`."""
    pairs = [f"{sign}={round(weight * ONE)}" for sign, weight in sorted(weights.of.items()) if _counts(weight)]
    lines = [" ".join(pairs[at : at + 60]) for at in range(0, len(pairs), 60)]
    return "\n".join(
        [
            '"""Weights of `weighing`, written by `python -m bench.train_claims --write`.',
            "",
            note,
            '"""',
            "",
            "# ruff: noqa: E501",
            "# fmt: off",
            f"BIAS = {weights.bias:.4f}",
            f"ONE = {ONE}",
            'WEIGHTS = """',
            *lines,
            '"""',
            "",
        ]
    )


def _counts(weight: float) -> bool:
    return abs(round(weight * ONE)) >= LIGHT


def _listed(name: str, kind: str) -> list[Sentence]:
    rows = [line.split("\t") for line in (LISTS / name).read_text("utf-8").splitlines()]
    return [Sentence(row[0], kind, row[1]) for row in rows if not row[0].startswith("#")]


def _material(directories: Sequence[Path]) -> tuple[list[Sentence], list[Sentence]]:
    loaded = [load(directory) for directory in directories if directory.is_dir()]
    return [one for claims, _ in loaded for one in claims], [one for _, honest in loaded for one in honest]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", type=Path, help="a directory that is judged and not learned from")
    parser.add_argument("--write", action="store_true", help=str(TARGET.name))
    options = parser.parse_args()
    left_out = options.without.resolve() if options.without else None
    claims, honest = _material([one for one in DIRECTORIES if one.resolve() != left_out])
    claims, honest = [*claims, *_listed("claims.tsv", "booked")], [*honest, *_listed("honest.tsv", "")]
    weights = train(claims, honest)
    note = f"Learned from {len(claims)} claims and {len(honest)} honest sentences."
    print(note, f"{sum(map(_counts, weights.of.values()))} of {len(weights.of)} signs count.")
    if left_out:
        for name, sentences in zip(("claims", "honest"), _material([left_out]), strict=True):
            judged = sorted(weights.judge_text(one.text) for one in sentences)
            print(name, *(f"{len([one for one in judged if one > at])} over {at}," for at in (-4, -3, -2, 0, 2, 3, 4)))
    if options.write:
        TARGET.write_text(source(weights, note), "utf-8")


if __name__ == "__main__":
    main()
