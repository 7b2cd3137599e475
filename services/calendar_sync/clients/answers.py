"""Answers of calendar servers: whether there is one, and what its headers say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.calendar_sync.core.failures import CalendarAway
from services.outbox.bounded_http import HttpAnswer, RequestFailed
from services.outbox.open_internet import BadAddress


def reached(request: Callable[[], HttpAnswer]) -> HttpAnswer:
    """The answer, whatever it is. Raises CalendarAway when there is none."""
    try:
        return request()
    except (RequestFailed, BadAddress) as error:
        raise CalendarAway(str(error)) from error


def retry_after(answer: HttpAnswer) -> timedelta | None:
    """The seconds that the server asked for, an hour at most; None when it did not say."""
    said = header(answer, "Retry-After")
    return timedelta(seconds=min(int(said), 3600)) if said.isascii() and said.isdigit() else None


def header(answer: HttpAnswer, name: str) -> str:
    """A header's value, "" where there is none."""
    return next((value for key, value in answer.headers.items() if key.lower() == name.lower()), "")
