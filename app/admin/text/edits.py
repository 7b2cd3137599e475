"""The shortest way from one sequence to another, within a budget of work. Pure.

The algorithm is E. W. Myers's ("An O(ND) Difference Algorithm and Its Variations", 1986): what is nearly the same is
compared fast, however long. Two long texts with nothing in common would cost their product; there it gives up, and says
that all of one was replaced by all of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Tag = Literal["equal", "replace"]


class Edit(NamedTuple):
    """old[i1:i2] became new[j1:j2]; either may be empty."""

    tag: Tag
    i1: int
    i2: int
    j1: int
    j2: int


@dataclass(slots=True)
class Budget:
    """Comparisons that may still be made, over several calls: about a third of a microsecond each."""

    left: int


def edits(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Edit]:
    """Both sequences from beginning to end; equal and replaced parts in turn."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    same = [(head + i, head + j) for i, j in _path(a, b, budget)]
    pairs = [*((n, n) for n in range(head)), *same]
    pairs += [(len(old) - n, len(new) - n) for n in range(tail, 0, -1)]
    return _grouped(pairs, len(old), len(new))


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many elements both begin with."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _path(a: Sequence[str], b: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Places of elements that stay, in order; [] when there are none or the budget does not reach."""
    if not a or not b:
        return []
    furthest = {1: 0}  # diagonal → how far along `a`
    trace: list[dict[int, int]] = []
    for distance in range(len(a) + len(b) + 1):
        reached: dict[int, int] = {}
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            begin = x
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            reached[k] = x
            budget.left -= 1 + x - begin
            if x >= len(a) and x - k >= len(b):
                return _walk_back(trace, reached, k)
        if budget.left <= 0:
            return []
        trace.append(reached)
        furthest = reached
    return []


def _walk_back(trace: list[dict[int, int]], last: dict[int, int], k: int) -> list[tuple[int, int]]:
    """The diagonal steps of the path that ends on diagonal `k`."""
    steps: list[tuple[int, int]] = []
    x = last[k]
    for distance in range(len(trace), -1, -1):
        before = trace[distance - 1] if distance else {1: 0}
        down = k == -distance or (k != distance and before[k - 1] < before[k + 1])
        begin = before[k + 1] if down else before[k - 1] + 1
        steps += [(n, n - k) for n in range(x - 1, begin - 1, -1)]
        k = k + 1 if down else k - 1
        x = before[k]
    return steps[::-1]


def _grouped(pairs: list[tuple[int, int]], old_length: int, new_length: int) -> list[Edit]:
    found: list[Edit] = []
    i = j = 0
    for x, y in [*pairs, (old_length, new_length)]:
        if (x, y) != (i, j):
            found.append(Edit("replace", i, x, j, y))
        if x < old_length and y < new_length:
            if found and found[-1].tag == "equal" and (x, y) == (i, j):
                found[-1] = found[-1]._replace(i2=x + 1, j2=y + 1)
            else:
                found.append(Edit("equal", x, x + 1, y, y + 1))
        i, j = x + 1, y + 1
    return found
