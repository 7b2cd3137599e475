"""Spans of time as sets: joined, and one without another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from services.policy.hours import Span


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order; what overlaps or touches made one, what is empty left out."""
    found: list[Span] = []
    for each in sorted(spans):
        if each.start >= each.end:
            continue
        if found and each.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What of `spans` no hole covers, in order."""
    left: list[Span] = []
    gaps = joined(holes)
    for each in joined(spans):
        start = each.start
        for hole in gaps:
            if hole.end <= start or hole.start >= each.end:
                continue
            if hole.start > start:
                left.append(Span(start, hole.start))
            start = hole.end
        if start < each.end:
            left.append(Span(start, each.end))
    return left
