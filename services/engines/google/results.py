"""What the recogniser said, as plain values on the call's own time line. Pure.

`results` of one response are at most one final and then interims of consecutive stretches: their texts make up the
hypothesis. Alternatives may be missing, stability and confidence may be 0.0 for "not told".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

STABLE = 0.8


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Final:
    """Words that will not change. end_ms: 0 when it is not told. words: with their times, () where there are none."""

    text: str
    end_ms: int
    confidence: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Interim:
    """The hypothesis so far, up to this moment; is_stable: the recogniser does not expect to change it."""

    text: str = ""
    end_ms: int = 0
    is_stable: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One response. Results without alternatives or words say nothing."""

    finals: tuple[Final, ...] = ()
    interim: Interim | None = None


def read_results(results: Iterable[Any], base_ms: int) -> Heard:
    """base_ms: where on the call's time line the stream's first sample is."""
    finals: list[Final] = []
    texts: list[str] = []
    end_ms, is_stable = 0, True
    for result in results:
        best = result.alternatives[0] if result.alternatives else None
        text = " ".join(best.transcript.split()) if best is not None else ""
        length_ms = _ms(result.result_end_time)
        ends_at = base_ms + length_ms if length_ms else 0
        if best is None or not text:
            continue
        if result.is_final:
            finals.append(Final(text, ends_at, best.confidence or None, _words(best, base_ms)))
        else:
            texts.append(text)
            end_ms = max(end_ms, ends_at)
            is_stable = is_stable and result.stability >= STABLE
    interim = Interim(" ".join(texts), end_ms, is_stable) if texts else None
    return Heard(tuple(finals), interim)


def _words(best: Any, base_ms: int) -> tuple[Word, ...]:
    """All of them with times, or none: some languages have none."""
    words = [Word(one.word, base_ms + _ms(one.start_time), base_ms + _ms(one.end_time)) for one in best.words]
    return tuple(words) if any(word.end_ms > base_ms for word in words) else ()


def _ms(duration: Any) -> int:
    return int(duration.seconds * 1000 + duration.nanos // 1_000_000)
