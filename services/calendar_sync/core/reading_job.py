"""What goes to the process that reads iCalendar text, and what comes back: JSON both ways. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from services.calendar_sync.core.events import ForeignEvent, Mark, Span, Version
from services.calendar_sync.core.ical_reading import Document, NoCalendar, Reading, read_documents


def job_of(documents: Sequence[Document], window: Span, zone: str) -> bytes:
    return orjson.dumps({"documents": documents, "window": window, "zone": zone})


def carry_out(job: bytes) -> bytes:
    """In the process. Raises NoCalendar."""
    asked = orjson.loads(job)
    documents = [Document(**one) for one in asked["documents"]]
    return orjson.dumps(read_documents(documents, _span(asked["window"]), asked["zone"]))


def refusal(reason: str) -> bytes:
    return orjson.dumps({"refused": reason})


def read_answer(answer: bytes) -> Reading:
    """What the process found. Raises NoCalendar with what it said, or when it said nothing that can be used."""
    try:
        found = orjson.loads(answer)
        if "refused" in found:
            raise NoCalendar(str(found["refused"]))
        return Reading([_event(one) for one in found["events"]], int(found["unreadable"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise NoCalendar("cannot be read") from error


def _event(found: dict[str, Any]) -> ForeignEvent:
    mark = found.pop("mark")
    return ForeignEvent(**{**found, "span": _span(found["span"])}, mark=None if mark is None else _mark(mark))


def _mark(found: dict[str, Any]) -> Mark:
    written = found["written"]
    version = None if written is None else Version(written["sequence"], _span(written["span"]))
    return Mark(found["uid"], found["connection_id"], version)


def _span(found: dict[str, str]) -> Span:
    return Span(datetime.fromisoformat(found["start"]), datetime.fromisoformat(found["end"]))
