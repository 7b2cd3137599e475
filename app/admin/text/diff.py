"""What changed between two texts: line by line, and within a changed line word by word. Pure.

Bounded, because anybody who may look may ask for it: two prompts of the greatest length with nothing in common cost
some milliseconds, as two that differ in a word do (S1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from app.admin.text.edits import Budget, edits

Kind = Literal["same", "added", "removed", "gap", "cut"]
# Comparisons of lines and words together, and what a page shows. A prompt as people write it needs a tenth of each.
WORK = 12_000
MOST_LINES = 600
MOST_PIECES = 4_000
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line; `changed`: it is not in the other text's line."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`number`: of the line in its own text, from 1. A gap stands for `number` unchanged lines left out, a cut for
    everything behind it."""

    kind: Kind
    number: int
    pieces: tuple[Piece, ...] = ()


def diff_lines(old: str, new: str, *, context: int = 3) -> list[DiffLine]:
    """The lines of both texts in reading order; unchanged stretches shortened to `context` lines on each side."""
    before, after = old.splitlines(), new.splitlines()
    found = list(islice(_lines(before, after, context, Budget(WORK)), MOST_LINES + 1))
    if len(found) > MOST_LINES:
        found[-1] = DiffLine("cut", 0)
    return _without_too_many_pieces(found)


def _lines(before: list[str], after: list[str], context: int, budget: Budget) -> Iterator[DiffLine]:
    codes = edits(before, after, budget)
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            is_first, is_last = index == 0, index == len(codes) - 1
            yield from _shortened(after, j1, j2, 0 if is_first else context, 0 if is_last else context)
        else:
            yield from _changed(before[i1:i2], after[j1:j2], i1, j1, budget)


def _without_too_many_pieces(lines: list[DiffLine]) -> list[DiffLine]:
    left, found = MOST_PIECES, []
    for line in lines:
        left -= len(line.pieces)
        whole = Piece("".join(piece.text for piece in line.pieces), line.kind != "same")
        found.append(line if left > 0 or len(line.pieces) < 2 else replace(line, pieces=(whole,)))
    return found


def _shortened(lines: Sequence[str], start: int, end: int, head: int, tail: int) -> Iterator[DiffLine]:
    """Unchanged lines, the middle left out. `head` and `tail`: how many stay after and before a change."""
    keep = [*range(start, min(end, start + head)), *range(max(start + head, end - tail), end)]
    hidden = (end - start) - len(keep)
    if hidden <= 1:
        keep, hidden = list(range(start, end)), 0
    shown = [DiffLine("same", n + 1, (Piece(lines[n]),)) for n in keep]
    before = sum(n < start + head for n in keep)
    yield from shown[:before] if hidden else shown
    if hidden:
        yield DiffLine("gap", hidden)
        yield from shown[before:]


def _changed(
    old: Sequence[str], new: Sequence[str], old_start: int, new_start: int, budget: Budget
) -> Iterator[DiffLine]:
    pairs = [_words(a, b, budget) for a, b in islice(zip(old, new, strict=False), MOST_LINES)]
    for n, line in enumerate(old):
        yield DiffLine("removed", old_start + n + 1, pairs[n][0] if n < len(pairs) else (Piece(line, True),))
    for n, line in enumerate(new):
        yield DiffLine("added", new_start + n + 1, pairs[n][1] if n < len(pairs) else (Piece(line, True),))


def _words(old: str, new: str, budget: Budget) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both lines in pieces; lines with little in common are marked whole."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    codes = edits(a, b, budget)
    stays = sum(each.i2 - each.i1 for each in codes if each.tag == "equal")
    if 2 * stays < 0.4 * (len(a) + len(b)):
        return (Piece(old, True),), (Piece(new, True),)
    left, right = [], []
    for tag, i1, i2, j1, j2 in codes:
        left.append(Piece("".join(a[i1:i2]), tag != "equal"))
        right.append(Piece("".join(b[j1:j2]), tag != "equal"))
    return tuple(p for p in left if p.text), tuple(p for p in right if p.text)
