"""A telephone call and what happened in it: turns as they were heard, server facts, events for the live view."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.db.encryption import SealedBytes
from services.db.models.base import Base, Identifier, TenantOwned, choice


class CallStatus(StrEnum):
    """ringing: the webhook answered; live: a media stream carries it, or what followed it goes on; resuming: between
    two streams; ended."""

    RINGING = "ringing"
    LIVE = "live"
    RESUMING = "resuming"
    ENDED = "ended"


class NextStep(StrEnum):
    """What Twilio is told next. resume: a media stream carries the call; voicemail: the caller leaves a message;
    message: the caller hears that nobody can answer; thanks: after a message was left, never a call's stored step."""

    RESUME = "resume"
    HANG_UP = "hang_up"
    DIAL = "dial"
    VOICEMAIL = "voicemail"
    MESSAGE = "message"
    THANKS = "thanks"


class TurnRole(StrEnum):
    CALLER = "caller"
    AGENT = "agent"


class MessageStatus(StrEnum):
    """A voice message's sound. waiting: still at Twilio; kept: here; deleted: its time was over, or by hand."""

    WAITING = "waiting"
    KEPT = "kept"
    DELETED = "deleted"


# A <Dial> or <Record> that was begun, and whose end Twilio has not told yet.
AWAITED = "awaited"


class Call(TenantOwned, Base):
    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        Index("ix_calls_business_id_started_at", "business_id", "started_at"),
        Index("ix_calls_status", "status"),
        # The few calls that are going on or wait to be wrapped up, among all there ever were.
        Index(
            "ix_calls_unfinished",
            "ended_at",
            postgresql_where=text("wrapped_up_at IS NULL"),
            sqlite_where=text("wrapped_up_at IS NULL"),
        ),
        # … and those whose words are still kept.
        Index(
            "ix_calls_with_words",
            "business_id",
            "started_at",
            postgresql_where=text("words_deleted_at IS NULL"),
            sqlite_where=text("words_deleted_at IS NULL"),
        ),
        ForeignKeyConstraint(
            ["business_id", "prompt_version_id"], ["prompt_versions.business_id", "prompt_versions.id"]
        ),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(64), unique=True)
    # E.164, or "" when the caller withholds the number.
    caller: Mapped[str] = mapped_column(String(32), default="")
    dialled: Mapped[str] = mapped_column(String(32), default="")
    # The carrier vouches for the caller's number (STIR/SHAKEN, full attestation).
    caller_attested: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_test: Mapped[bool] = mapped_column(default=False)
    # The business's own; answer_language is the caller's where answers changed to it (L11).
    language: Mapped[str] = mapped_column(String(8))
    answer_language: Mapped[str | None] = mapped_column(String(8))
    prompt_version_id: Mapped[int | None] = mapped_column(Identifier)
    status: Mapped[CallStatus] = mapped_column(choice(CallStatus), default=CallStatus.RINGING)
    # The last CallStatus Twilio reported, as Twilio names it.
    carrier_status: Mapped[str | None] = mapped_column(String(24))
    end_reason: Mapped[str | None] = mapped_column(String(40))
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # Set once, by the leg that carried the call: its reason, its metrics and what it booked are final. The call itself
    # goes on where a <Dial> or <Record> follows; it ends with that (L10).
    finished_at: Mapped[datetime | None]
    # The one-time token's nonce, when it was used, and how many streams there were before this one.
    stream_nonce: Mapped[str] = mapped_column(String(64))
    # When Twilio was first told of this stream, when it came, and to which worker (RunningWorker).
    stream_issued_at: Mapped[datetime | None]
    stream_claimed_at: Mapped[datetime | None]
    worker_id: Mapped[str | None] = mapped_column(String(32))
    stream_generation: Mapped[int] = mapped_column(default=0)
    resume_count: Mapped[int] = mapped_column(default=0)
    next_step: Mapped[NextStep] = mapped_column(choice(NextStep), default=NextStep.RESUME)
    # The number to dial when next_step is "dial".
    next_number: Mapped[str | None] = mapped_column(String(16))
    # What became of a transfer to next_number: AWAITED, then Twilio's DialCallStatus; None where there was none.
    transfer_status: Mapped[str | None] = mapped_column(String(24))
    transfer_s: Mapped[int | None]
    # Of a <Record>: AWAITED, then "left"; None where the caller was not asked for a message.
    message_status: Mapped[str | None] = mapped_column(String(24))
    # What someone asked for in the live view (services.calls.kinds.RequestedAction). The live call takes it once.
    requested_action: Mapped[str | None] = mapped_column(String(16))
    greeting_done: Mapped[bool] = mapped_column(default=False)
    # The notice at the start (D2), by the playback ledger: how much of it was heard, and when its end was, in
    # milliseconds since the call was answered. None where none was spoken, or its end was not heard.
    notice_heard_ms: Mapped[int | None]
    notice_total_ms: Mapped[int | None]
    notice_ended_at_ms: Mapped[int | None]
    # What the caller has settled on so far; survives a lost socket.
    draft_booking: Mapped[dict[str, Any]] = mapped_column(default=dict)
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Of each stream by its generation: "metrics" so far, and "usd" and "ils" as text where there is a price. The
    # call's own metrics and cost are their sums.
    streams: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    cost_ils: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    summary: Mapped[str] = mapped_column(Text, default="")
    # Outcome and details collected (W13), written with the summary once the call is over.
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)
    wrapped_up_at: Mapped[datetime | None]
    # When its turns, events, summary and number were deleted (D1, D3); figures and cost stay.
    words_deleted_at: Mapped[datetime | None]


class _OfACall(TenantOwned):
    """Belongs to a call of the same business; the pair is one foreign key, so it cannot point elsewhere."""

    call_id: Mapped[int] = mapped_column(Identifier)


def _call_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"], ondelete="CASCADE")


class Turn(_OfACall, Base):
    """What one side said, as the caller heard it. Ordered by (generation, seq)."""

    __tablename__ = "turns"
    __table_args__ = (_call_key(), UniqueConstraint("call_id", "generation", "seq"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # Which stream of the call wrote it, so that a dying worker and its successor never collide.
    generation: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int]
    role: Mapped[TurnRole] = mapped_column(choice(TurnRole))
    item_id: Mapped[str] = mapped_column(String(64), default="")
    # Heard by the other side, and the rest that an interruption kept from being heard.
    text: Mapped[str] = mapped_column(Text, default="")
    text_unheard: Mapped[str] = mapped_column(Text, default="")
    heard_ms: Mapped[int] = mapped_column(default=0)
    total_ms: Mapped[int] = mapped_column(default=0)
    # Milliseconds since the call was answered, whichever of its streams it was said in.
    started_ms: Mapped[int] = mapped_column(default=0)
    interrupted: Mapped[bool] = mapped_column(default=False)
    # Parts of the turn's latency in milliseconds, by name.
    latency: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class ServerEvent(_OfACall, Base):
    """A [SERVER] message that was put before the model, or a claim the honesty guard caught."""

    __tablename__ = "server_events"
    __table_args__ = (_call_key(), Index("ix_server_events_call_id", "call_id"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # services.calls.kinds.ServerEventKind
    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at_ms: Mapped[int] = mapped_column(default=0)
    # False until the model was told; a successor after a lost socket tells it.
    delivered: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class CallEvent(_OfACall, Base):
    """A step of a call for its time line and the live view, in order of id."""

    __tablename__ = "call_events"
    __table_args__ = (_call_key(), Index("ix_call_events_call_id_id", "call_id", "id"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # services.calls.kinds.CallEventKind, or another word of Twilio's.
    kind: Mapped[str] = mapped_column(String(40))
    at_ms: Mapped[int] = mapped_column(default=0)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class RecordingChunk(_OfACall, Base):
    """A few seconds of both sides of a call, where its business keeps recordings. Ordered by (generation, seq)."""

    __tablename__ = "recording_chunks"
    __table_args__ = (
        _call_key(),
        UniqueConstraint("call_id", "generation", "seq"),
        Index("ix_recording_chunks_business_id_created_at", "business_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    generation: Mapped[int]
    seq: Mapped[int]
    # Milliseconds since the call was answered.
    start_ms: Mapped[int]
    # 8 kHz samples of either side; a side that is shorter is silent from there on.
    samples: Mapped[int]
    caller: Mapped[bytes] = mapped_column(SealedBytes("recording"))
    agent: Mapped[bytes] = mapped_column(SealedBytes("recording"))
    # One byte for each tenth of a second: its loudest sample, 255 is full scale.
    caller_peaks: Mapped[bytes] = mapped_column(LargeBinary)
    agent_peaks: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class VoiceMessage(_OfACall, Base):
    """What a caller left after the tone; its sound is fetched from Twilio."""

    __tablename__ = "voice_messages"
    __table_args__ = (
        _call_key(),
        UniqueConstraint("call_id", "recording_sid"),
        Index("ix_voice_messages_business_id_created_at", "business_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # Twilio's name for it.
    recording_sid: Mapped[str] = mapped_column(String(64))
    seconds: Mapped[int]
    status: Mapped[MessageStatus] = mapped_column(choice(MessageStatus), default=MessageStatus.WAITING)
    created_at: Mapped[datetime]
    # 8 kHz mu-law.
    sound: Mapped[bytes | None] = mapped_column(SealedBytes("voice message"), deferred=True)
