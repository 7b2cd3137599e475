"""What is withheld, and what goes out in its place and later (L13)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.detection.pre_roll import PRE_ROLL_BYTES, PreRoll
from services.audio.g711 import FRAME_BYTES, SILENCE_FRAME

UNDECIDED_FRAMES = 13
RUNS = st.lists(st.tuples(st.integers(1, 120), st.integers(1, 30)), max_size=12)


def frame(number: int) -> bytes:
    return number.to_bytes(4, "big") * (FRAME_BYTES // 4)


def sent(runs: list[tuple[int, int]], silence_after: int = 0) -> tuple[list[bytes], int]:
    """What goes out for so many frames withheld, then so many passing, and so on; how many came in."""
    pre_roll, out, number = PreRoll(), [], 0
    for withheld, passing in runs:
        for index in range(withheld + passing):
            number += 1
            handle = pre_roll.withheld if index < withheld else pre_roll.passing
            out.append(handle(frame(number)))
    out += [pre_roll.withheld(SILENCE_FRAME) for _ in range(silence_after)]
    sound = b"".join(out)
    return [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)], number + silence_after


@given(st.lists(st.tuples(st.integers(1, UNDECIDED_FRAMES - 1), st.integers(1, 30)), max_size=12))
def test_a_short_silence_comes_back_as_the_sound_it_was(runs: list[tuple[int, int]]) -> None:
    out, count = sent(runs)
    assert out == [frame(number + 1) for number in range(count)]


@given(RUNS)
def test_no_frame_is_sent_twice_or_out_of_order_and_the_last_ones_before_a_word_are_sent(
    runs: list[tuple[int, int]],
) -> None:
    out, _count = sent(runs)
    numbers = [int.from_bytes(one[:4], "big") for one in out if one != SILENCE_FRAME]
    assert numbers == sorted(set(numbers))
    at = 0
    for withheld, passing in runs:
        kept = min(withheld, PRE_ROLL_BYTES // FRAME_BYTES)
        expected = range(at + withheld - kept + 1, at + withheld + passing + 1)
        assert set(expected) <= set(numbers)
        at += withheld + passing


@given(RUNS)
def test_after_a_long_silence_as_much_was_sent_as_came(runs: list[tuple[int, int]]) -> None:
    out, count = sent(runs, silence_after=300)
    assert len(out) == count


def test_a_frame_that_passes_between_others_is_the_very_same_object() -> None:
    pre_roll, sound = PreRoll(), frame(7)
    assert pre_roll.passing(sound) is sound


def test_what_is_forgotten_is_never_sent() -> None:
    pre_roll = PreRoll()
    for number in range(40):
        pre_roll.withheld(frame(number))
    pre_roll.forget()
    assert pre_roll.passing(frame(99)) == frame(99)


def test_frames_of_any_length_are_kept_for_the_same_time() -> None:
    pre_roll = PreRoll()
    for _ in range(100):
        pre_roll.withheld(b"\x01" * 480)
    assert len(pre_roll.passing(b"\x02" * 480)) == 2400 + 480
