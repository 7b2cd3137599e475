"""Sound that says which millisecond of which answer it is.

A test that wants to know whether the caller heard every byte once and in order cannot compare tones. Here
every millisecond (8 mu-law bytes) is a code word: a loud byte that marks its beginning, seven softer ones,
five bits in each, together the answer's number, the millisecond and a check. It sounds like a buzz at the
level of speech (RMS about 1,700) and never contains mu-law silence (0xFF), so gaps, repeats, losses and swaps
show exactly, at any byte alignment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

BYTES_PER_MS = 8
MAX_ANSWER = (1 << 12) - 1
MAX_MS = (1 << 20) - 1

# Mu-law bytes by segment: 0x30..0x3F and 0xB0..0xBF are magnitudes 1,980..3,900 (they begin a word),
# 0x40..0x4F and 0xC0..0xCF are 924..1,884 (they fill it). Bit 4 of the five is the sign, the other four the
# mantissa.
_WORD = re.compile(rb"[\x30-\x3f\xb0-\xbf][\x40-\x4f\xc0-\xcf]{7}")
_FIRST, _REST = 0x30, 0x40


@dataclass(frozen=True, slots=True)
class Run:
    """An unbroken stretch of one answer: milliseconds [start_ms, end_ms), beginning at byte `at` of the data."""

    answer: int
    start_ms: int
    end_ms: int
    at: int


def encode(answer: int, start_ms: int, length_ms: int) -> bytes:
    """Mu-law of milliseconds [start_ms, start_ms + length_ms) of the answer with this number.

    Raises ValueError when the number (0..4095) or a millisecond (0..1,048,575) does not fit into a word.
    """
    if not 0 <= answer <= MAX_ANSWER:
        raise ValueError(f"answer {answer} is outside 0..{MAX_ANSWER}")
    if start_ms < 0 or length_ms < 0 or start_ms + length_ms > MAX_MS + 1:
        raise ValueError(f"milliseconds {start_ms}+{length_ms} are outside 0..{MAX_MS}")
    return _encode(answer, start_ms, length_ms)


def decode(data: bytes) -> list[tuple[int, int] | None]:
    """What each millisecond of `data` is: (answer, millisecond), or None for sound that is not code.

    The words are found wherever they stand; a stretch of n foreign bytes gives ceil(n / 8) times None.
    """
    found: list[tuple[int, int] | None] = []
    end = 0
    for at, answer, ms in _words(data):
        found += [None] * _ms(at - end)
        found.append((answer, ms))
        end = at + BYTES_PER_MS
    return found + [None] * _ms(len(data) - end)


def runs(data: bytes) -> list[Run]:
    """The unbroken stretches in `data`, in the order they stand there. One answer heard whole is one run."""
    found: list[Run] = []
    for at, answer, ms in _words(data):
        last = found[-1] if found else None
        follows = last and last.answer == answer and last.end_ms == ms
        if last and follows and at == last.at + (ms - last.start_ms) * BYTES_PER_MS:
            found[-1] = Run(answer, last.start_ms, ms + 1, last.at)
        else:
            found.append(Run(answer, ms, ms + 1, at))
    return found


@lru_cache(maxsize=256)
def _encode(answer: int, start_ms: int, length_ms: int) -> bytes:
    ms = np.arange(start_ms, start_ms + length_ms, dtype=np.uint64)
    word = (np.uint64(answer) << np.uint64(20)) | ms
    word = (word << np.uint64(8)) | _check(word)
    shifts = np.array([35, 30, 25, 20, 15, 10, 5, 0], dtype=np.uint64)
    fives = (word[:, None] >> shifts[None, :]) & np.uint64(31)
    base = np.array([_FIRST] + [_REST] * 7, dtype=np.uint64)
    signs, mantissas = (fives & np.uint64(16)) << np.uint64(3), fives & np.uint64(15)
    return bytes((signs | mantissas | base).astype(np.uint8))


def _words(data: bytes) -> list[tuple[int, int, int]]:
    """(byte position, answer, millisecond) of every valid word."""
    found = []
    at = 0
    while match := _WORD.search(data, at):
        at = match.start()
        word = 0
        for byte in match.group():
            word = (word << 5) | ((byte & 0x80) >> 3) | (byte & 0x0F)
        value = word >> 8
        if _check(value) == word & 0xFF:
            found.append((at, value >> 20, value & MAX_MS))
            at += BYTES_PER_MS
        else:
            at += 1
    return found


def _check(value: Any) -> Any:
    """Eight bits over the 32 of a word (an int or an array of uint64), so that other sound is not taken for
    code.
    """
    mixed = (value ^ (value >> 15)) * 0x2C1B3C6D & 0xFFFFFFFF
    return (mixed ^ (mixed >> 13) ^ (mixed >> 24)) & 0xFF


def _ms(count: int) -> int:
    return -(-count // BYTES_PER_MS)
