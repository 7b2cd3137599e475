"""A business, the settings its owner edits, its telephone numbers and the versions of its prompt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.models.base import Base, Identifier, TenantOwned, choice


class BargeIn(StrEnum):
    """When the caller's sound interrupts the agent (B2–B4)."""

    TWO_PHASE = "two_phase"
    IMMEDIATE = "immediate"
    OFF = "off"


class BargeInAction(StrEnum):
    """What the agent's sound does between candidate and confirmation (B2)."""

    HOLD = "hold"
    DUCK = "duck"


class VadPreset(StrEnum):
    VOICE = "voice"
    STRICT = "strict"
    HEBREW = "hebrew"
    SOFT = "soft"


class LineMode(StrEnum):
    SIMPLE = "simple"
    GATE = "gate"
    GUARD = "guard"


class Endpointing(StrEnum):
    SERVER_VAD = "server_vad"
    SEMANTIC_VAD = "semantic_vad"
    LOCAL = "local"


class Fallback(StrEnum):
    """Where a call goes that the assistant cannot take (W7, W8, W11)."""

    FORWARD = "forward"
    MESSAGE = "message"
    VOICEMAIL = "voicemail"


class Business(Base):
    __tablename__ = "businesses"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    settings: Mapped[BusinessSettings] = relationship(
        back_populates="business", lazy="joined", innerjoin=True, cascade="all, delete-orphan", uselist=False
    )


class BusinessSettings(TenantOwned, Base):
    """One row per business. None means: the installation's default from the environment."""

    __tablename__ = "business_settings"
    __table_args__ = (UniqueConstraint("business_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Jerusalem")
    # What the caller hears: the answer's language, greeting, voice and model.
    language: Mapped[str] = mapped_column(String(8), default="he")
    enable_greeting: Mapped[bool] = mapped_column(default=False)
    greeting_text: Mapped[str] = mapped_column(Text, default="")
    # Raw 8 kHz mu-law of the greeting, when it was rendered before.
    greeting_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # … and of the sentences for when the model is away; None: the shipped ones (media/clips).
    one_moment_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    trouble_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    voice: Mapped[str | None] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(64))
    transcription_model: Mapped[str | None] = mapped_column(String(64))
    transcription_language: Mapped[str | None] = mapped_column(String(8))
    transcription_keywords: Mapped[list[str]] = mapped_column(default=list)
    # {"calls": "<the business prompt for telephone calls>"}
    ai_prompt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The calendar's rules; services.policy_settings.build_policy reads their shapes.
    opening_hours_json: Mapped[dict[str, Any]] = mapped_column(default=dict)
    closed_dates: Mapped[list[str]] = mapped_column(default=list)
    observe_holidays: Mapped[bool] = mapped_column(default=True)
    # closed, friday (hours of a Friday) or normal.
    holiday_eves: Mapped[str] = mapped_column(String(16), default="friday")
    slot_size_min: Mapped[int] = mapped_column(default=30)
    min_notice_min: Mapped[int] = mapped_column(default=60)
    booking_window_days: Mapped[int] = mapped_column(default=60)
    # The line and turn taking.
    barge_in: Mapped[BargeIn] = mapped_column(choice(BargeIn), default=BargeIn.TWO_PHASE)
    barge_in_action: Mapped[BargeInAction] = mapped_column(choice(BargeInAction), default=BargeInAction.HOLD)
    vad_preset: Mapped[VadPreset] = mapped_column(choice(VadPreset), default=VadPreset.VOICE)
    line_mode: Mapped[LineMode] = mapped_column(choice(LineMode), default=LineMode.SIMPLE)
    endpointing: Mapped[Endpointing] = mapped_column(choice(Endpointing), default=Endpointing.SERVER_VAD)
    # Hand-over and limits.
    transfer_numbers: Mapped[list[str]] = mapped_column(default=list)
    fallback: Mapped[Fallback] = mapped_column(choice(Fallback), default=Fallback.MESSAGE)
    max_call_minutes: Mapped[int] = mapped_column(default=15)
    # Against abuse; None means no limit (services/call_limits.py).
    max_calls_at_once: Mapped[int | None]
    max_calls_per_caller_hour: Mapped[int | None] = mapped_column(default=60)
    daily_minutes: Mapped[int | None]
    silence_prompt_s: Mapped[int] = mapped_column(default=8)
    max_silence_prompts: Mapped[int] = mapped_column(default=3)
    # Permissions.
    caller_id_allowed: Mapped[bool] = mapped_column(default=True)
    sms_confirmation: Mapped[bool] = mapped_column(default=False)
    keep_recordings: Mapped[bool] = mapped_column(default=False)
    recording_retention_days: Mapped[int] = mapped_column(default=30)
    # Ways out.
    webhook_url: Mapped[str | None] = mapped_column(Text)
    webhook_secret: Mapped[str | None] = mapped_column(String(64))
    ics_secret: Mapped[str] = mapped_column(String(64), unique=True)

    business: Mapped[Business] = relationship(back_populates="settings")


class BusinessNumber(TenantOwned, Base):
    """A telephone number that callers dial, in E.164; it leads to exactly one business."""

    __tablename__ = "business_numbers"
    __table_args__ = (Index("ix_business_numbers_business_id", "business_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    e164: Mapped[str] = mapped_column(String(16), unique=True)
    created_at: Mapped[datetime]


class PromptVersion(TenantOwned, Base):
    """One saved edit of the business prompt. The newest is the one in use."""

    __tablename__ = "prompt_versions"
    __table_args__ = (UniqueConstraint("business_id", "number"), UniqueConstraint("business_id", "id"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
