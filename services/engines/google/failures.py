"""What becomes of a service that fails: which failures pass, which do not, and how often one tries again (C9). Pure.

Status names are gRPC's. One HTTP number stands for several of them, so none is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

FORGOTTEN_AFTER_S = 10.0
PAUSES_S: Sequence[float] = (0.0, 0.2, 1.0)  # before the next stream
QUOTA_PAUSES_S: Sequence[float] = (1.0, 1.0)


class Kind(StrEnum):
    LIMIT = "limit"  # the stream is over, as streams end: the next one at once
    PASSING = "passing"
    QUOTA = "quota"
    LANGUAGE = "language"  # this model does not know this language
    FATAL = "fatal"  # the key, the project, the request: the next try would end the same way


# google.rpc.Code, for errors that come inside a response.
_CODES = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED "
    "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS "
    "UNAUTHENTICATED"
)
_LIMITS = {"OK", "OUT_OF_RANGE", "ABORTED"}
_PASSING = {"UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "CANCELLED"}


def code_name(number: int) -> str:
    names = _CODES.split()
    return names[number] if 0 <= number < len(names) else "UNKNOWN"


def is_hopeless(code: str, details: str) -> bool:
    """Another session would end the same way."""
    return kind_of(code, details) in (Kind.FATAL, Kind.LANGUAGE)


def kind_of(code: str, details: str) -> Kind:
    """code: the name of the gRPC status."""
    if code in _LIMITS:
        return Kind.LIMIT
    if code in _PASSING:
        return Kind.PASSING
    if code == "RESOURCE_EXHAUSTED":
        return Kind.QUOTA
    return Kind.LANGUAGE if code == "INVALID_ARGUMENT" and "language" in details.lower() else Kind.FATAL


@dataclass(slots=True)
class Patience:
    """How often in a row a stream may fail without having said anything. `now_s`: seconds of any steady clock."""

    _failures: int = 0
    _last_s: float = float("-inf")

    def answered(self) -> None:
        """It works."""
        self._failures = 0

    def pause_s(self, kind: Kind, now_s: float) -> float | None:
        """How long to wait before the next try; None: no more."""
        if kind is Kind.FATAL:
            return None
        if now_s - self._last_s > FORGOTTEN_AFTER_S:
            self._failures = 0
        self._last_s = now_s
        pauses = QUOTA_PAUSES_S if kind is Kind.QUOTA else PAUSES_S
        if self._failures >= len(pauses):
            return None
        self._failures += 1
        return pauses[self._failures - 1]


@dataclass(slots=True)
class Languages:
    """The names a language may go by, the likeliest first; Google's own texts use an old one for Hebrew."""

    names: Sequence[str] = field(default_factory=tuple)
    _at: int = 0

    @property
    def current(self) -> str:
        return self.names[self._at]

    def next(self) -> bool:
        """The current one was refused; False when there is no other."""
        self._at += 1
        return self._at < len(self.names)
