"""Where a caller's turn is ended by our own listening: in the middle of a thought, or after it (C5).

    python -m bench.end_of_turn                  # bench/material/pauses.toml
    python -m bench.end_of_turn --verbose        # with the utterances that were cut off
    python -m bench.end_of_turn --file SOME.toml

An utterance is pieces of words with the pauses its speaker makes between them. Each is played frame by frame, once with
the words told as a recogniser tells them (a while after they were said), once without any. A turn that ends in a pause
is a false cut-off (a monologue cut at MAX_UTT_SEC while it goes on is none); what passes between the last sound and
the turn's end is what the caller waits for it.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.markdown import table
from bench.report import command_line, percentile, provenance
from media.conversation.end_of_turn import ending_of
from media.conversation.endpointing import Edge, LocalEndpoint
from services.audio.g711 import FRAME_MS

MATERIAL = Path(__file__).with_name("material") / "pauses.toml"
LETTERS_A_SECOND = 15
TOLD_AFTER_MS = 300  # an interim result, after its last word
HANGOVER_MS = 200
GIVEN_UP_MS = 3000
LANGUAGES = ("he", "en", "ru", "ar")
HEAD = (
    "language",
    "utterances",
    "with pauses",
    "cut off without words",
    "cut off",
    "wait without words p50/p99 ms",
    "wait p50/p99 ms",
)


@dataclass(frozen=True, slots=True)
class Utterance:
    language: str
    pieces: tuple[str, ...]
    pauses_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """ended_in: the piece after which the turn ended; wait_ms: from the last sound to the turn's end, 0 when it was
    cut off before."""

    ended_in: int
    wait_ms: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=MATERIAL)
    parser.add_argument("--verbose", action="store_true", help="print what was cut off")
    options = parser.parse_args()
    utterances = read(options.file)
    if options.verbose:
        for each in utterances:
            played = play(each, with_words=True)
            at = played.ended_in
            if at < len(each.pieces) - 1:
                said = " | ".join(each.pieces[: at + 1])
                print(f"{each.language}  {said}  <{each.pauses_ms[at]} ms>  {each.pieces[at + 1]}")
    rows = [row(language, [each for each in utterances if each.language == language]) for language in LANGUAGES]
    rows.append(row("all", utterances))
    print("\n\n".join([provenance(command_line("bench.end_of_turn")), table(HEAD, rows)]))


def read(path: Path) -> list[Utterance]:
    entries = tomllib.loads(path.read_text("utf-8"))["utterance"]
    return [Utterance(each["language"], tuple(each["pieces"]), tuple(each["pauses_ms"])) for each in entries]


def row(name: str, utterances: list[Utterance]) -> list[str]:
    paused = sum(len(each.pieces) > 1 for each in utterances)
    cells = [name, str(len(utterances)), str(paused)]
    cuts, waits = [], []
    for with_words in (False, True):
        found = [(each, play(each, with_words=with_words)) for each in utterances]
        cuts.append(str(sum(played.ended_in < len(each.pieces) - 1 for each, played in found)))
        times = [played.wait_ms for each, played in found if played.ended_in == len(each.pieces) - 1] or [0]
        waits.append(f"{percentile(times, 0.5):.0f} / {percentile(times, 0.99):.0f}")
    return [*cells, *cuts, *waits]


def play(utterance: Utterance, *, with_words: bool) -> Played:
    """Frame by frame until the turn ends."""
    endpoint = LocalEndpoint()
    told: list[tuple[int, str]] = []  # frame, words known from then on
    frame, text = 0, ""
    for number, (speech, silence) in enumerate(lengths(utterance)):
        text = f"{text} {utterance.pieces[number]}".strip()
        told.append((frame + speech + TOLD_AFTER_MS // FRAME_MS, text))
        for n in range(speech + silence):
            if with_words and told and frame >= told[0][0]:
                endpoint.words(ending_of(told.pop(0)[1]))
            is_speech = n < speech + HANGOVER_MS // FRAME_MS
            if endpoint.frame(is_speech) is Edge.ENDED and n >= speech:
                return Played(number, (n + 1 - speech) * FRAME_MS)
            frame += 1
    raise AssertionError("a turn ends within three seconds of silence")


def lengths(utterance: Utterance) -> Iterator[tuple[int, int]]:
    """Frames of speech and of the pause after it, piece by piece."""
    for piece, pause_ms in zip(utterance.pieces, (*utterance.pauses_ms, GIVEN_UP_MS), strict=True):
        yield max(10, len(piece) * 1000 // LETTERS_A_SECOND // FRAME_MS), pause_ms // FRAME_MS


if __name__ == "__main__":
    main()
