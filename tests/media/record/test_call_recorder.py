"""What is kept of a call's sound: both sides in their place, nothing that was never heard, and never the whole call."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from media.playout.playout import Playout
from media.playout.queue import SpeechKind, Utterance
from media.record.call_recorder import CHUNK_MS, SETTLED_MS, WAITING_CHUNKS, CallRecorder
from sandbox.twilio.playback import PlaybackBuffer
from services.audio.g711 import FRAME_BYTES, SILENCE_FRAME
from services.calls.context import ResumeState, SoundChunk
from services.db.database import DatabaseUnavailable

MEDIA, MARK, CLEAR = b"M", b"K", b"C"


class Wire:
    """Messages to a far end that shares our memory."""

    def media(self, mulaw: bytes) -> bytes:
        return MEDIA + mulaw

    def mark(self, name: str) -> bytes:
        return MARK + name.encode()

    def clear(self) -> bytes:
        return CLEAR


@dataclass
class Line:
    """A call on a virtual clock, 20 ms a step; its far end notes what it plays, its journal's database may be away."""

    resume: ResumeState = field(default_factory=ResumeState)
    now_s: float = 100.0
    ear: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    kept: list[SoundChunk] = field(default_factory=list)
    jobs: list[Callable[[], None]] = field(default_factory=list)
    away: bool = False

    def __post_init__(self) -> None:
        self.gate = InputGate()
        listener = VoiceListener(self.gate, self.now)
        self.recorder = CallRecorder(listener, self.write, self.put, self.now, self.resume)
        self.playout = Playout(self.now, lambda: None, far_end=self.recorder)
        self.far = PlaybackBuffer()

    def now(self) -> float:
        return self.now_s

    def write(self, chunk: SoundChunk) -> None:
        if self.away:
            raise DatabaseUnavailable("away")
        self.kept.append(chunk)

    def put(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)
        self.journal()

    def journal(self) -> None:
        try:
            while self.jobs:
                self.jobs[0]()
                self.jobs.pop(0)
        except DatabaseUnavailable:
            pass

    def step(self, frame: bytes = SILENCE_FRAME) -> None:
        """20 ms: the caller's frame arrives when it is over; what is sent arrives at once."""
        for message in self.playout.step(Wire())[0]:
            kind, rest = message[:1], message[1:]
            if kind == MEDIA:
                self.far.append(rest)
            elif kind == CLEAR:
                self.far.clear()
        self.ear += self.far.tick()[0]
        self.now_s += 0.02
        self.said += frame
        self.recorder.hear(frame, self.gate.process(frame))

    def side(self, name: str) -> bytes:
        """One side of what was kept, put together."""
        whole = bytearray()
        for chunk in self.kept:
            sound: bytes = getattr(chunk, name)
            whole += sound.ljust(chunk.samples, b"\xff")
        return bytes(whole)


def noise(dice: random.Random, frames: int) -> bytes:
    return bytes(dice.randrange(0, 127) for _ in range(frames * FRAME_BYTES))


def speak(line: Line, sound: bytes) -> None:
    utterance = Utterance(SpeechKind.ANSWER)
    line.playout.open(utterance)
    line.playout.append(utterance, sound)
    line.playout.complete(utterance)


@pytest.mark.parametrize("seed", range(20))
def test_both_sides_are_kept_as_they_sounded_through_holds_and_interruptions(seed: int) -> None:
    dice, line = random.Random(seed), Line()
    line.step()
    for _ in range(dice.randrange(400, 1300)):
        match dice.randrange(60):
            case 0 | 1:
                speak(line, noise(dice, dice.randrange(1, 120)))
            case 2:
                line.playout.hold()
            case 3:
                line.playout.resume()
            case 4:
                line.playout.interrupt()
        line.step(noise(dice, 1) if dice.randrange(3) else SILENCE_FRAME)
    line.recorder.close()
    assert line.side("caller") == bytes(line.said)
    assert line.side("agent") == bytes(line.ear)


def test_late_frames_of_the_caller_do_not_move_the_agent() -> None:
    line, dice = Line(), random.Random(1)
    for _ in range(20):  # the reader was busy: these come all at once
        line.said += SILENCE_FRAME
        line.recorder.hear(SILENCE_FRAME, line.gate.process(SILENCE_FRAME))
    answer = noise(dice, 50)
    speak(line, answer)
    for _ in range(100):
        line.step()
    line.recorder.close()
    assert line.side("agent").index(answer) == 20 * FRAME_BYTES


def test_in_memory_is_only_the_open_piece() -> None:
    line = Line()
    for _ in range(60 * 50):
        line.step(b"\x10" * FRAME_BYTES)
        assert len(line.recorder._caller) <= (CHUNK_MS + SETTLED_MS) * 8
    assert [chunk.start_ms for chunk in line.kept] == list(range(0, 55_000, CHUNK_MS))


def test_a_stream_that_follows_another_goes_on_where_the_call_is() -> None:
    line = Line(resume=ResumeState(generation=2, begins_ms=61_234))
    for _ in range(400):
        line.step()
    line.recorder.close()
    assert [(c.generation, c.seq, c.start_ms, c.samples) for c in line.kept] == [
        (2, 1, 61_234, 40_000),
        (2, 2, 66_234, 24_000),
    ]


def test_silence_takes_no_room() -> None:
    line = Line()
    for _ in range(400):
        line.step()
    line.recorder.close()
    assert all(chunk.caller == chunk.agent == b"" for chunk in line.kept)


def test_sound_waits_for_a_database_that_is_away_but_not_for_ever() -> None:
    line = Line(away=True)
    pieces = WAITING_CHUNKS + 3
    for _ in range((pieces * CHUNK_MS + SETTLED_MS) // 20):
        line.step(b"\x10" * FRAME_BYTES)
    line.away = False
    line.journal()
    assert [chunk.seq for chunk in line.kept] == list(range(4, pieces + 1))
    assert line.jobs == []
