"""Everything about a person as files in one zip, made as it is sent: JSON, transcripts, sound (D3).

No call's sound is whole in memory, and each call is read in transactions of its own, so that a download of an hour
holds up nobody.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import LargeBinary, inspect
from sqlalchemy.orm import Session

from services.calls.recordings import Recording, recording_of, sound_of
from services.calls.voice_messages import message_sound
from services.calls.wav import RecordingWav, mono_wav
from services.db.database import Database
from services.db.models import Base, Call, TurnRole
from services.db.tenancy import bind_business
from services.privacy.person import Person
from services.reports.calls import CallDetail, call_detail

_PIECE_BYTES = 1 << 16
# Secrets of the installation and figures of the business: nothing of the person.
_NOT_THEIRS = frozenset(
    {
        "business_id",
        "stream_nonce",
        "streams",
        "metrics",
        "cost_usd",
        "cost_ils",
        "claim",
        "claimed_at",
        "request_key",
        "taken_id",
        "seat",
        "capacity",
    }
)

File = tuple[str, Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ExportedCall:
    """A call and where its files stand in the zip."""

    call: Call
    folder: str
    has_recording: bool
    messages: int


def exported_calls(person: Person, zone: ZoneInfo) -> list[ExportedCall]:
    """The person's calls in the order of time."""
    counted = [row.call_id for row in person.messages]
    return [
        ExportedCall(call, _folder(call, zone), call.id in person.recorded, counted.count(call.id))
        for call in person.calls
    ]


def person_zip(
    database: Database, business_id: int, person: Person, index: str, zone: ZoneInfo, now: datetime
) -> Iterator[bytes]:
    """The zip, piece by piece. index: a page (HTML) that leads to the files. Raises DatabaseUnavailable."""

    def files() -> Iterator[File]:
        yield "index.html", [index.encode()]
        yield "person.json", [_json(_person(person, now))]
        for each in exported_calls(person, zone):
            yield from _call_files(database, business_id, each)

    return _zipped(files())


def _zipped(files: Iterable[File]) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for name, pieces in files:
            entry = ZipInfo(name)
            entry.compress_type = ZIP_STORED if name.endswith(".wav") else ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                for piece in pieces:
                    file.write(piece)
                    yield sink.take()
    yield sink.take()


class _Sink:
    """Takes what the zip is made of, and gives it away."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits here but for `take`."""

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def _call_files(database: Database, business_id: int, each: ExportedCall) -> Iterator[File]:
    def read(session: Session) -> tuple[CallDetail | None, Recording | None]:
        bind_business(session, business_id)
        return call_detail(session, each.call.id), recording_of(session, each.call.id)

    detail, recording = database.read(read)
    if detail is None:  # deleted while the zip was made
        return
    yield f"{each.folder}/call.json", [_json(_call(detail))]
    yield f"{each.folder}/transcript.txt", [_transcript(detail).encode()]
    if recording is not None:
        yield f"{each.folder}/recording.wav", _wav(database, business_id, recording)
    for number, message in enumerate(detail.messages, 1):
        sound = database.read(partial(_message, business_id=business_id, message_id=message.id))
        if sound is not None:
            yield f"{each.folder}/message-{number}.wav", [mono_wav(sound)]


def _wav(database: Database, business_id: int, recording: Recording) -> Iterator[bytes]:
    def sound(chunk_id: int) -> tuple[bytes, bytes] | None:
        return database.read(lambda s: sound_of(bind_business(s, business_id), chunk_id))

    file = io.BufferedReader(RecordingWav(recording, sound), _PIECE_BYTES)
    read: Callable[[], bytes] = partial(file.read, _PIECE_BYTES)
    yield from iter(read, b"")


def _message(session: Session, business_id: int, message_id: int) -> bytes | None:
    return message_sound(bind_business(session, business_id), message_id)


def _person(person: Person, now: datetime) -> dict[str, Any]:
    return {
        "number": person.number,
        "exported_at": now.isoformat(timespec="seconds"),
        "counts": dict(person.counts),
        "customer": None if person.customer is None else _row(person.customer),
        "leads": [_row(row) for row in person.leads],
        "appointments": [_row(row) | {"with": row.resource.name} for row in (*person.appointments, *person.coming)],
        "outgoing_messages": [_row(row) for row in person.outbox],
        "messages_received": [_row(row) for row in person.texts],
        "wants_no_messages": [_row(row) for row in person.stops],
        "calls": [_row(row) for row in person.calls],
    }


def _call(detail: CallDetail) -> dict[str, Any]:
    return {
        "call": _row(detail.call),
        "turns": [_row(row) for row in detail.turns],
        "server_events": [_row(row) for row in detail.server_events],
        "events": [_row(row) for row in detail.events],
        "voice_messages": [_row(row) for row in detail.messages],
    }


def _row(row: Base) -> dict[str, Any]:
    """A row's own columns, without sound and what is not loaded."""
    there = inspect(row).dict
    return {
        column.key: _value(there[column.key])
        for column in row.__table__.columns
        if column.key in there and column.key not in _NOT_THEIRS and not isinstance(column.type, LargeBinary)
    }


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def _transcript(detail: CallDetail) -> str:
    """As it was heard: minutes and seconds, who, words; what an interruption cut off stands in brackets."""
    lines = []
    for turn in detail.turns:
        seconds = turn.started_ms // 1000
        who = "caller" if turn.role is TurnRole.CALLER else "assistant"
        cut = f" [{turn.text_unheard}]" if turn.text_unheard else ""
        lines.append(f"{seconds // 60:02d}:{seconds % 60:02d} {who}: {turn.text}{cut}\n")
    return "".join(lines)


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _folder(call: Call, zone: ZoneInfo) -> str:
    return f"calls/{call.started_at.astimezone(zone):%Y-%m-%d}-{call.id}"
