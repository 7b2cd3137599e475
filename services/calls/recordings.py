"""Recordings of calls: rows of a few seconds of both sides each, where the business keeps them.

Sound is 8 kHz mu-law. Functions run in the transaction of the calling code; those on one call raise UnknownCall.
"""

from __future__ import annotations

import audioop
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, PCM_WIDTH
from services.calls.context import SoundChunk
from services.db.models import RecordingChunk
from services.db.tenancy import Rows

PEAK_MS = 100
_PEAK_SAMPLES = PEAK_MS * BYTES_PER_MS


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recording that one row holds: its place and length, and where in the row it begins; samples."""

    chunk_id: int
    start: int
    samples: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """What is kept of a call, in order, on the call's time line; between the pieces is silence.

    Peaks: (milliseconds on the time line, one byte for each PEAK_MS from there on).
    """

    pieces: Sequence[Piece]
    caller_peaks: Sequence[tuple[int, bytes]]
    agent_peaks: Sequence[tuple[int, bytes]]

    @property
    def samples(self) -> int:
        """The whole length, silence at the beginning included."""
        return self.pieces[-1].start + self.pieces[-1].samples

    @property
    def length_ms(self) -> int:
        return self.samples // BYTES_PER_MS


def peaks(mulaw: bytes) -> bytes:
    """One byte for each PEAK_MS of sound: the loudest sample in it, 255 is full scale."""
    linear = g711.decode(mulaw)
    size = PCM_WIDTH * _PEAK_SAMPLES
    return bytes(min(255, audioop.max(linear[at : at + size], PCM_WIDTH) >> 7) for at in range(0, len(linear), size))


def add_chunk(rows: Rows, call_id: int, chunk: SoundChunk, *, now: datetime) -> None:
    """Keep a piece of sound; the same piece again changes nothing."""
    rows.insert_missing(
        RecordingChunk,
        {
            "call_id": call_id,
            "generation": chunk.generation,
            "seq": chunk.seq,
            "start_ms": chunk.start_ms,
            "samples": chunk.samples,
            "caller": chunk.caller,
            "agent": chunk.agent,
            "caller_peaks": peaks(chunk.caller),
            "agent_peaks": peaks(chunk.agent),
            "created_at": now,
        },
        key=["call_id", "generation", "seq"],
    )


def recording_of(session: Session, call_id: int) -> Recording | None:
    """What is kept of a call of this business, without its sound; None when nothing is."""
    row = RecordingChunk
    query = select(row.id, row.start_ms, row.samples, row.caller_peaks, row.agent_peaks).where(row.call_id == call_id)
    rows = session.execute(query.order_by(row.start_ms, row.generation, row.seq)).all()
    pieces: list[Piece] = []
    end = 0
    for chunk_id, start_ms, samples, _, _ in rows:
        # A stream and its successor may overlap by a little, since each counts its own sound.
        skipped = max(0, end - start_ms * BYTES_PER_MS)
        if skipped < samples:
            pieces.append(Piece(chunk_id, start_ms * BYTES_PER_MS + skipped, samples - skipped, skipped))
            end = start_ms * BYTES_PER_MS + samples
    if not pieces:
        return None
    return Recording(pieces, [(each[1], each[3]) for each in rows], [(each[1], each[4]) for each in rows])


def sound_of(session: Session, chunk_id: int) -> tuple[bytes, bytes] | None:
    """(caller, agent) of one row of this business; None when it was deleted meanwhile."""
    found = session.execute(
        select(RecordingChunk.caller, RecordingChunk.agent).where(RecordingChunk.id == chunk_id)
    ).one_or_none()
    return None if found is None else (found.caller, found.agent)


def delete_recording(session: Session, call_id: int) -> None:
    """Forget the sound of a call of this business; everything else about it stays."""
    session.execute(
        delete(RecordingChunk).where(RecordingChunk.call_id == call_id).execution_options(synchronize_session=False)
    )
