"""Recordings of calls: rows of a few seconds of both sides each, where the business keeps them.

Sound is 8 kHz mu-law. Functions run in the caller's transaction; those on one call raise UnknownCall.
"""

from __future__ import annotations

import audioop
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.call_context import SoundChunk
from services.models import BusinessSettings, RecordingChunk
from services.tenancy import Rows, Tenant, unscoped

RATE_HZ = 8000
SAMPLES_PER_MS = RATE_HZ // 1000
PEAK_MS = 100
_PEAK_SAMPLES = PEAK_MS * SAMPLES_PER_MS
_EXPIRED_AT_ONCE = 100  # rows: a few megabytes a transaction


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
        return self.samples // SAMPLES_PER_MS


def peaks(mulaw: bytes) -> bytes:
    """One byte for each PEAK_MS of sound: the loudest sample in it, 255 is full scale."""
    linear = audioop.ulaw2lin(mulaw, 2)
    size = 2 * _PEAK_SAMPLES
    return bytes(min(255, audioop.max(linear[at : at + size], 2) >> 7) for at in range(0, len(linear), size))


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
        skipped = max(0, end - start_ms * SAMPLES_PER_MS)
        if skipped < samples:
            pieces.append(Piece(chunk_id, start_ms * SAMPLES_PER_MS + skipped, samples - skipped, skipped))
            end = start_ms * SAMPLES_PER_MS + samples
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


def expired_recordings(session: Session, now: datetime) -> dict[int, datetime]:
    """Businesses that keep sound for longer than they want to, and the time everything before which must go."""
    with unscoped(session, "recordings of every business are deleted by one sweep"):
        oldest = (
            select(func.min(RecordingChunk.created_at))
            .where(RecordingChunk.business_id == BusinessSettings.business_id)
            .scalar_subquery()
        )
        query = select(BusinessSettings.business_id, BusinessSettings.recording_retention_days, oldest)
        rows = session.execute(query.where(oldest.is_not(None))).all()
    limits = {business: (now - timedelta(days=days), first) for business, days, first in rows}
    return {business: limit for business, (limit, first) in limits.items() if first < limit}


def delete_expired(session: Session, business_id: int, before: datetime) -> int:
    """Delete some of the business's sound from before then; how many rows. 0: none is left."""
    Tenant(session, business_id)
    ids = session.scalars(
        select(RecordingChunk.id)
        .where(RecordingChunk.created_at < before)
        .order_by(RecordingChunk.created_at)
        .limit(_EXPIRED_AT_ONCE)
    ).all()
    session.execute(
        delete(RecordingChunk).where(RecordingChunk.id.in_(ids)).execution_options(synchronize_session=False)
    )
    return len(ids)
