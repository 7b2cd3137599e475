"""Stream after stream, and every word of the call in one turn, once (C3, C4).

A caller on a virtual clock, and a recogniser that hears what it is played: interims that trail the voice, finals that
come late and whose end is not exact. Streams are replaced by age, or fail at any moment.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.engines.google import rotation
from services.engines.google.results import Final, Interim, Word
from services.engines.google.rotation import CallSound
from services.engines.google.turn_words import TurnWords

STEP_MS = 100
PIECE = b"\xff" * 800
TURN_PAUSE_MS = 500
SEGMENT_PAUSE_MS = 700
LONGEST_SEGMENT_MS = 12_000


def speech(chance: random.Random, count: int, pauses: float) -> list[Word]:
    """Words one after the other, a pause of a second or more after a share of them."""
    words, at = [], 500
    for number in range(count):
        ms = chance.randrange(180, 420)
        words.append(Word(f"w{number}", at, at + ms))
        at += ms + chance.randrange(20, 90)
        if chance.random() < pauses:
            at += chance.randrange(1000, 4000)
    return words


@dataclass
class FakeStream:
    """One recogniser stream that begins at base_ms and knows nothing from before."""

    words: list[Word]
    base_ms: int
    chance: random.Random
    with_times: bool
    done: int = 0  # words in finals
    due_ms: int | None = None

    def __post_init__(self) -> None:
        self.words = [word for word in self.words if word.start_ms >= self.base_ms]

    def at(self, now_ms: int) -> tuple[list[Final], Interim | None]:
        open_words = self.words[self.done :]
        known = [word for word in open_words if word.end_ms <= now_ms - 200]
        if not known:
            return [], None
        segment = self._segment(open_words)
        last = segment[-1].end_ms
        if last <= now_ms - 300 and self.due_ms is None:
            self.due_ms = last + self.chance.randrange(300, 1600)
        if self.due_ms is not None and now_ms >= self.due_ms:
            self.due_ms = None
            self.done += len(segment)
            times = tuple(segment) if self.with_times else ()
            end_ms = last + self.chance.randrange(-120, 121)
            return [Final(" ".join(word.text for word in segment), end_ms, 0.9, times)], None
        shown = [word for word in segment if word.end_ms <= now_ms - 200]
        return [], Interim(" ".join(word.text for word in shown), shown[-1].end_ms, True) if shown else None

    @staticmethod
    def _segment(words: list[Word]) -> list[Word]:
        segment = [words[0]]
        for word in words[1:]:
            too_long = word.end_ms - segment[0].start_ms > LONGEST_SEGMENT_MS
            if word.start_ms - segment[-1].end_ms > SEGMENT_PAUSE_MS or too_long:
                break
            segment.append(word)
        return segment


@dataclass
class Caller:
    """Plays the words into the parts under test and collects the turns."""

    said: list[Word]
    chance: random.Random
    with_times: bool = True
    failing: float = 0.0  # of every step
    longest_ms: int = 10_000_000  # of a turn: a monologue is cut there
    sound: CallSound = field(default_factory=lambda: CallSound(rotate_after_ms=20_000))
    words: TurnWords = field(default_factory=TurnWords)
    turns: list[str] = field(default_factory=list)
    rotations: int = 0
    most_replayed_ms: int = 0

    def run(self) -> list[str]:
        stream, quiet_ms, turn_ms, in_turn = self._next_stream(), 0, 0, False
        end_ms = self.said[-1].end_ms + 6000
        while self.sound.at_ms < end_ms:
            loud = any(w.start_ms < self.sound.at_ms + STEP_MS and w.end_ms > self.sound.at_ms for w in self.said)
            self.sound.sent(PIECE, loud)
            finals, interim = stream.at(self.sound.at_ms)
            for final in finals:
                self.words.final(final)
            if interim is not None:
                self.words.interim(interim)
            quiet_ms, in_turn = (0, True) if loud else (quiet_ms + STEP_MS, in_turn)
            turn_ms = turn_ms + STEP_MS if in_turn else 0
            if in_turn and (quiet_ms >= TURN_PAUSE_MS or turn_ms >= self.longest_ms):
                in_turn, turn_ms = False, 0
                self.turns.append(self.words.take(self.sound.at_ms).text)
            due = self.sound.should_rotate(self.words.has_open_interim, turn_waits=False)
            if due or self.chance.random() < self.failing:
                stream = self._next_stream(in_pause=due)
        self.turns.append(self.words.take(self.sound.at_ms).text)
        return " ".join(self.turns).split()

    def _next_stream(self, *, in_pause: bool = False) -> FakeStream:
        self.rotations += 1
        again = self.sound.rotate(self.words.settled_ms, self.words.has_open_interim, in_pause=in_pause)
        self.words.new_stream(self.sound.base_ms)
        assert all(len(piece) <= rotation.MOST_REPLAYED_BYTES for piece in again)
        assert sum(map(len, again)) // 8 == self.sound.at_ms - self.sound.base_ms
        self.most_replayed_ms = max(self.most_replayed_ms, self.sound.at_ms - self.sound.base_ms)
        return FakeStream(self.said, self.sound.base_ms, self.chance, self.with_times)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), pauses=st.sampled_from([0.0, 0.1, 0.3]), with_times=st.booleans())
@example(seed=1, pauses=0.0, with_times=True)
@example(seed=44, pauses=0.1, with_times=True)
@example(seed=285, pauses=0.1, with_times=True)
def test_every_word_arrives_once_over_many_streams(seed: int, pauses: float, with_times: bool) -> None:
    chance = random.Random(seed)
    caller = Caller(speech(chance, 150, pauses), chance, with_times)
    assert caller.run() == [word.text for word in caller.said]
    assert caller.rotations > 1 or not pauses


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), with_times=st.booleans())
@example(seed=3619, with_times=False)
@example(seed=3314, with_times=False)
@example(seed=3467, with_times=False)
@example(seed=6836, with_times=False)
def test_a_stream_that_fails_at_any_moment_loses_and_doubles_nothing(seed: int, with_times: bool) -> None:
    chance = random.Random(seed)
    caller = Caller(speech(chance, 60, 0.2), chance, with_times, failing=0.01)
    assert caller.run() == [word.text for word in caller.said]


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), with_times=st.booleans())
def test_a_monologue_that_is_cut_into_turns_is_heard_whole(seed: int, with_times: bool) -> None:
    chance = random.Random(seed)
    caller = Caller(speech(chance, 80, 0.05), chance, with_times, longest_ms=4500)
    assert caller.run() == [word.text for word in caller.said]


def test_a_monologue_is_carried_over_at_the_last_moment() -> None:
    chance = random.Random(7)
    caller = Caller(speech(chance, 1200, 0.0), chance, sound=CallSound(rotate_after_ms=200_000))
    assert caller.run() == [word.text for word in caller.said]
    assert caller.rotations >= 2


@pytest.mark.parametrize("with_times", [True, False])
def test_sixteen_minutes_of_a_counted_text_go_over_four_streams_and_more(with_times: bool) -> None:
    chance = random.Random(16)
    caller = Caller(speech(chance, 1800, 0.08), chance, with_times, sound=CallSound(rotate_after_ms=200_000))
    assert caller.run() == [word.text for word in caller.said]
    assert caller.sound.at_ms > 16 * 60_000
    assert caller.rotations > 4


def test_a_call_in_which_nobody_speaks_replays_next_to_nothing() -> None:
    sound = CallSound(rotate_after_ms=20_000)
    for _ in range(200):
        sound.sent(PIECE, loud=False)
    assert sound.should_rotate(has_open_interim=False, turn_waits=False)
    assert sum(map(len, sound.rotate(0, has_open_interim=False, in_pause=True))) <= rotation.UNREPORTED_MS * 8


def test_a_stream_is_replaced_in_a_pause_and_never_while_a_turn_waits_for_its_words() -> None:
    sound = CallSound(rotate_after_ms=1000)
    for _ in range(12):
        sound.sent(PIECE, loud=True)
    assert not sound.should_rotate(has_open_interim=False, turn_waits=False)
    for _ in range(3):
        sound.sent(PIECE, loud=False)
    assert not sound.should_rotate(has_open_interim=True, turn_waits=False)
    assert not sound.should_rotate(has_open_interim=False, turn_waits=True)
    assert sound.should_rotate(has_open_interim=False, turn_waits=False)


def test_the_same_word_after_a_long_pause_and_another_stream_is_said_again() -> None:
    words = TurnWords()
    words.final(Final("yes", 900))
    assert words.take(1500).text == "yes"
    words.new_stream(200_000)
    words.interim(Interim("yes", 203_000, True))
    assert words.text == "yes"


@pytest.mark.parametrize(
    ("taken", "final", "rest"),
    [
        ("one two", "one two", ""),
        ("one two", "one too", ""),
        ("one two", "won two three", "three"),
        ("one two", "one two three four", "three four"),
        ("one two three", "two three four", "four"),
    ],
)
def test_words_that_were_taken_from_an_interim_are_not_in_the_next_turn(taken: str, final: str, rest: str) -> None:
    words = TurnWords()
    words.interim(Interim(taken, 900, True))
    assert words.take(1500).text == taken
    words.final(Final(final, 3000 if rest else 900))
    assert words.take(4000).text == rest


def test_a_final_that_says_something_else_altogether_is_not_heard_twice() -> None:
    words = TurnWords()
    words.interim(Interim("I want to book", 900, True))
    words.take(1500)
    words.final(Final("eye won two buck it", 950))
    assert words.take(4000).text == ""


def test_words_whose_final_never_comes_do_not_swallow_later_ones() -> None:
    words = TurnWords()
    words.interim(Interim("hello there", 900, True))
    words.take(1500)
    words.final(Final("goodbye now", 9000))
    assert words.take(9500).text == "goodbye now"


def test_the_confidence_of_a_turn_is_that_of_its_finals_by_their_length() -> None:
    words = TurnWords()
    words.final(Final("aaaa", 500, 0.9))
    words.final(Final("bb", 900, 0.3))
    assert words.take(1500).confidence == pytest.approx(0.7)
    words.final(Final("cc", 2500, None))
    assert words.take(3000).confidence is None
