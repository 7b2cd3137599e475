"""The playback buffer as Twilio describes it: bytes once and in order, marks behind their bytes, clear."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sandbox.twilio.playback import PlaybackBuffer
from services.audio.g711 import FRAME_BYTES, MULAW_SILENCE, SILENCE_FRAME

TONE = bytes(range(1, 101)) * 4  # 400 bytes, no silence


def test_an_empty_buffer_plays_silence_and_echoes_a_mark_at_once() -> None:
    buffer = PlaybackBuffer()
    assert buffer.tick() == (SILENCE_FRAME, [])
    assert buffer.mark("now") == ["now"]


def test_a_mark_comes_back_only_when_the_last_frame_before_it_is_over() -> None:
    buffer = PlaybackBuffer()
    buffer.append(TONE)
    assert buffer.mark("end") == []
    assert buffer.tick() == (TONE[:160], [])
    assert buffer.tick() == (TONE[160:320], [])
    last, passed = buffer.tick()
    assert last == TONE[320:] + bytes([MULAW_SILENCE]) * 80
    assert passed == []
    assert buffer.mark("behind") == []  # the last frame is still sounding
    assert buffer.tick() == (SILENCE_FRAME, ["end", "behind"])


def test_clear_drops_what_is_not_sounding_yet_and_returns_the_marks() -> None:
    buffer = PlaybackBuffer()
    buffer.append(TONE)
    buffer.mark("a")
    buffer.tick()
    assert buffer.clear() == ["a"]
    assert buffer.cleared_bytes == 240
    buffer.append(b"\x01" * 160)
    assert buffer.tick() == (b"\x01" * 160, [])


def test_more_than_the_capacity_is_discarded_and_counted() -> None:
    buffer = PlaybackBuffer(capacity_bytes=500)
    assert buffer.append(TONE)
    assert not buffer.append(TONE)
    assert buffer.overflowed_bytes == 400
    assert buffer.buffered_bytes == 400


class PlaybackMachine(RuleBasedStateMachine):
    """Random media, marks, clears and frames against a model that numbers every byte."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = PlaybackBuffer(capacity_bytes=4000)
        self.waiting: list[int] = []
        self.next_byte = 0
        self.sounding = 0
        self.marks: list[tuple[str, int]] = []  # name, how many bytes must have sounded
        self.sounded = 0
        self.expected_total = 0
        self.mark_count = 0

    @rule(size=st.integers(0, 900))
    def media(self, size: int) -> None:
        audio = bytes((self.next_byte + n) % 251 for n in range(size))
        if self.buffer.append(audio):
            self.waiting += audio
            self.expected_total += size
            self.next_byte += size

    @rule()
    def mark(self) -> None:
        self.mark_count += 1
        name = f"m{self.mark_count}"
        echoed = self.buffer.mark(name)
        if not self.waiting and not self.sounding:
            assert echoed == [name]
        else:
            assert echoed == []
            self.marks.append((name, self.expected_total))

    @rule()
    def clear(self) -> None:
        assert self.buffer.clear() == [name for name, _ in self.marks]
        self.expected_total -= len(self.waiting)
        self.waiting, self.marks = [], []

    @rule()
    def tick(self) -> None:
        frame, passed = self.buffer.tick()
        self.sounded += self.sounding
        assert passed == [name for name, end in self.marks if end <= self.sounded]
        self.marks = self.marks[len(passed) :]
        played, self.waiting = self.waiting[:FRAME_BYTES], self.waiting[FRAME_BYTES:]
        self.sounding = len(played)
        assert frame == bytes(played).ljust(FRAME_BYTES, bytes([MULAW_SILENCE]))

    @invariant()
    def buffered_is_what_waits(self) -> None:
        assert self.buffer.buffered_bytes == len(self.waiting)


PlaybackMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestPlayback = PlaybackMachine.TestCase
