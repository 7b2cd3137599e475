"""One call on the cascade for sixteen minutes at the pace of speech, over the recogniser's real five-minute limit (C3).

    python -m bench.long_call --minutes 16

The caller counts: every word is another number. Turns of eight words with a pause after each and, over each stream's
last moment, two minutes without any pause, cut into turns as the product cuts a monologue (MAX_UTT_SEC). What counts is
that every number arrives once, in order, whatever stream heard it. Where a monologue is cut, the last word may be taken
as the recogniser tells a word that is only half said: without its last letter.
"""

from __future__ import annotations

import argparse
import base64
import threading
import time
from collections.abc import Iterator

from openai import OpenAI

from bench.markdown import table
from bench.report import command_line, percentile, provenance
from sandbox import coded_audio
from sandbox.google.running import RunningGoogle, running_google
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, silence
from services.engines import interface as e
from services.engines.google.cascade import Cascade
from services.engines.google.credentials import read_endpoint
from services.engines.google.session import CascadeConfig, CascadeDefaults, Recognition, voices_of
from services.engines.google.wire import Wire

WORD_MS, GAP_MS, PAUSE_MS = 300, 60, 1200
SHORT_TURN, CUT_TURN, CUTS = 8, 12, 27  # words; the monologue takes two minutes
LONG_EVERY_MS = 280_000  # so that a stream's last moment comes in the middle of one
WAIT_S = 10.0
LAST = "x"  # letter of every word
HEAD = (
    "minutes",
    "words said",
    "arrived once, in order",
    "lost",
    "doubled",
    "half said",
    "streams",
    "words known after p50/p99 ms",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=16.0)
    minutes = parser.parse_args().minutes
    turns = list(turns_of(int(minutes * 60_000)))
    words = [f"w{n}{LAST}" for n in range(sum(each for each, _ in turns))]
    script = {"google": {"coded_words": words}}
    with running_google(scripts=[script]) as google:
        heard, waits = call(google, turns)
        streams = len(google.wait_call().streams)
    half = sum(not word.endswith(LAST) for word in heard)
    heard = [word.removesuffix(LAST) + LAST for word in heard]
    lost, doubled = len(set(words) - set(heard)), len(heard) - len(set(heard))
    row = [
        f"{minutes:g}",
        str(len(words)),
        "yes" if heard == words else "no",
        str(lost),
        str(doubled),
        str(half),
        str(streams),
        f"{percentile(waits, 0.5):.0f} / {percentile(waits, 0.99):.0f}",
    ]
    missing = ", ".join(word for word in words if word not in set(heard))
    print("\n\n".join([provenance(command_line("bench.long_call")), table(HEAD, [row]), f"lost: {missing or 'none'}"]))


def turns_of(length_ms: int) -> Iterator[tuple[int, int]]:
    """Of each turn: how many words, and the pause after them (ms)."""
    at_ms, monologue_ms = 0, CUTS * CUT_TURN * (WORD_MS + GAP_MS)
    next_long_ms = LONG_EVERY_MS - monologue_ms // 2
    while at_ms < length_ms:
        if at_ms >= next_long_ms:
            yield from [(CUT_TURN, 0)] * CUTS
            at_ms, next_long_ms = at_ms + monologue_ms, next_long_ms + LONG_EVERY_MS
        yield SHORT_TURN, PAUSE_MS
        at_ms += SHORT_TURN * (WORD_MS + GAP_MS) + PAUSE_MS


def call(google: RunningGoogle, turns: list[tuple[int, int]]) -> tuple[list[str], list[float]]:
    """The words of all turns, and how long after each turn's end they were known (ms)."""
    tts = read_endpoint(google.tts_endpoint, "")
    wire = Wire(read_endpoint(google.speech_endpoint, ""), tts, None, calls=1)
    config = CascadeConfig(
        instructions="You listen.",
        recognition=Recognition("en-US"),
        language_names=("en-US",),
        voices=voices_of("en", "female", "", CascadeDefaults("m")),
        chat_model="m",
    )
    engine = Cascade(wire, OpenAI(api_key="none", base_url=google.base_url), config)
    engine.connect()
    said: list[tuple[str, float]] = []

    def read() -> None:
        for event in engine.events():
            if isinstance(event, e.CallerTranscript):
                said.append((event.text, time.monotonic()))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    ends_s = _speak(engine, turns)
    until_s = time.monotonic() + WAIT_S
    while len(said) < len(turns) and time.monotonic() < until_s:
        time.sleep(0.05)
    engine.close()
    reader.join(WAIT_S)
    waits = [1000 * (known_s - over_s) for (_, known_s), over_s in zip(said, ends_s, strict=False)]
    return " ".join(text for text, _ in said).split(), waits


def _speak(engine: Cascade, turns: list[tuple[int, int]]) -> list[float]:
    """All of it at the pace of speech; when each turn was over."""
    line, ends_s, number = Line(engine), [], 0
    for words, pause_ms in turns:
        for _ in range(words):
            line.say(coded_audio.encode(number, 0, WORD_MS) + silence(GAP_MS * BYTES_PER_MS))
            number += 1
        line.say(silence(pause_ms * BYTES_PER_MS // 2))
        ends_s.append(time.monotonic())
        engine.commit_turn()
        line.say(silence(pause_ms * BYTES_PER_MS // 2))
    return ends_s


class Line:
    """The caller's sound, frame by frame, each at its time."""

    def __init__(self, engine: Cascade) -> None:
        self._engine = engine
        self._began_s = time.monotonic()
        self._frames = 0

    def say(self, sound: bytes) -> None:
        for at in range(0, len(sound), FRAME_BYTES):
            self._frames += 1
            ahead_s = self._began_s + self._frames * FRAME_MS / 1000 - time.monotonic()
            if ahead_s > 0:
                time.sleep(ahead_s)
            self._engine.hear(base64.b64encode(sound[at : at + FRAME_BYTES]).decode())


if __name__ == "__main__":
    main()
