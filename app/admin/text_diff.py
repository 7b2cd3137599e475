"""What changed between two texts: line by line, and within a changed line word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed", "gap"]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line; `changed`: it is not in the other text's line."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`number`: of the line in its own text, from 1. A gap stands for `number` unchanged lines left out."""

    kind: Kind
    number: int
    pieces: tuple[Piece, ...] = ()


def diff_lines(old: str, new: str, *, context: int = 3) -> list[DiffLine]:
    """The lines of both texts in reading order; unchanged stretches shortened to `context` lines on each side."""
    before, after = old.splitlines(), new.splitlines()
    found: list[DiffLine] = []
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            is_first, is_last = index == 0, index == len(codes) - 1
            found += _shortened(after, j1, j2, 0 if is_first else context, 0 if is_last else context)
        else:
            found += _changed(before[i1:i2], after[j1:j2], i1, j1)
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


def _changed(old: Sequence[str], new: Sequence[str], old_start: int, new_start: int) -> Iterator[DiffLine]:
    pairs = [_words(a, b) for a, b in zip(old, new, strict=False)]
    for n, line in enumerate(old):
        yield DiffLine("removed", old_start + n + 1, pairs[n][0] if n < len(pairs) else (Piece(line, True),))
    for n, line in enumerate(new):
        yield DiffLine("added", new_start + n + 1, pairs[n][1] if n < len(pairs) else (Piece(line, True),))


def _words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both lines in pieces; lines with little in common are marked whole."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.4:
        return (Piece(old, True),), (Piece(new, True),)
    left, right = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        left.append(Piece("".join(a[i1:i2]), tag != "equal"))
        right.append(Piece("".join(b[j1:j2]), tag != "equal"))
    return tuple(p for p in left if p.text), tuple(p for p in right if p.text)
