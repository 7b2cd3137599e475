"""A business, the settings its owner edits, its telephone numbers and the versions of its prompt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.db.encryption import SealedText
from services.db.models.base import Base, Identifier, TenantOwned, choice


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
    VOICE = "voice"


class Endpointing(StrEnum):
    SERVER_VAD = "server_vad"
    SEMANTIC_VAD = "semantic_vad"
    LOCAL = "local"


class Eagerness(StrEnum):
    """How soon the model takes a sentence for finished, with SEMANTIC_VAD."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    AUTO = "auto"


class NoiseReduction(StrEnum):
    """The model's own: for a telephone held to the ear, or for hands-free."""

    NONE = "none"
    NEAR_FIELD = "near_field"
    FAR_FIELD = "far_field"


class AnsweringEngine(StrEnum):
    """Who hears and speaks (docs/engines.md)."""

    OPENAI = "openai"
    GOOGLE = "google"


class Fallback(StrEnum):
    """Where a call goes that the assistant cannot take (W7, W8, W11)."""

    FORWARD = "forward"
    MESSAGE = "message"
    VOICEMAIL = "voicemail"


class PersonaGender(StrEnum):
    """The grammatical gender in which the assistant speaks of itself (L12)."""

    FEMALE = "female"
    MALE = "male"


class CallerIdTrust(StrEnum):
    """What opens the appointments under a number: a name that fits, a code by SMS, or the number alone (S5)."""

    NAME = "name"
    CODE = "code"
    OPEN = "open"


class Notify(StrEnum):
    """How the owner hears of a voice message or a transfer that nobody answered (L10)."""

    OFF = "off"
    SMS = "sms"
    EMAIL = "email"
    WEBHOOK = "webhook"


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
    """One row per business. Where a column may be None, the line above it says what that means."""

    __tablename__ = "business_settings"
    __table_args__ = (UniqueConstraint("business_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Jerusalem")
    # What the caller hears: the answer's language, greeting, voice and model.
    language: Mapped[str] = mapped_column(String(8), default="he")
    # Two-letter codes of what else may be answered in, when the caller speaks it; the own language may be among them.
    answer_languages: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    persona_gender: Mapped[PersonaGender] = mapped_column(
        choice(PersonaGender), default=PersonaGender.FEMALE, server_default=PersonaGender.FEMALE
    )
    enable_greeting: Mapped[bool] = mapped_column(default=True)
    greeting_text: Mapped[str] = mapped_column(Text, default="")
    # Raw 8 kHz mu-law of the greeting, when it was rendered before.
    greeting_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # … and of the sentences for when the model is away; None: the shipped ones (media/playout/clips).
    one_moment_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    trouble_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # What the clips say and in whose voice (OwnVoice.fingerprint); when it is no longer so, none of them is played.
    clips_made_of: Mapped[str | None] = mapped_column(String(64))
    # Said before the greeting (D2): that an AI speaks, and where calls are recorded that too. None means the usual
    # sentence in the business's language (services/prompt/notice.py).
    speak_notice: Mapped[bool] = mapped_column(default=False, server_default=false())
    notice_text: Mapped[str | None] = mapped_column(Text)
    recording_notice_text: Mapped[str | None] = mapped_column(Text)
    notice_clip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    voice: Mapped[str | None] = mapped_column(String(64))
    # None: the installation's. The cascade has a voice of its own: a provider knows no names of another's.
    engine: Mapped[AnsweringEngine | None] = mapped_column(choice(AnsweringEngine))
    cascade_voice: Mapped[str | None] = mapped_column(String(64))
    speaking_rate_pct: Mapped[int | None]
    model: Mapped[str | None] = mapped_column(String(64))
    transcription_model: Mapped[str | None] = mapped_column(String(64))
    transcription_language: Mapped[str | None] = mapped_column(String(8))
    transcription_keywords: Mapped[list[str]] = mapped_column(default=list)
    # Of one answer; longer ones are finished in a follow-up.
    max_output_tokens: Mapped[int] = mapped_column(default=300, server_default="300")
    # {"calls": "<the business prompt for telephone calls>"}
    ai_prompt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The calendar's rules; services.policy.settings.build_policy reads their shapes.
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
    soft_preprocess: Mapped[bool] = mapped_column(default=False, server_default=false())
    endpointing: Mapped[Endpointing] = mapped_column(choice(Endpointing), default=Endpointing.SERVER_VAD)
    eagerness: Mapped[Eagerness] = mapped_column(
        choice(Eagerness), default=Eagerness.AUTO, server_default=Eagerness.AUTO
    )
    noise_reduction: Mapped[NoiseReduction] = mapped_column(
        choice(NoiseReduction), default=NoiseReduction.NONE, server_default=NoiseReduction.NONE
    )
    # What the assistant may do (services/policy/permissions.py); `may_change`: move and cancel.
    may_book: Mapped[bool] = mapped_column(default=True, server_default=true())
    may_change: Mapped[bool] = mapped_column(default=True, server_default=true())
    may_take_leads: Mapped[bool] = mapped_column(default=True, server_default=true())
    may_take_messages: Mapped[bool] = mapped_column(default=True, server_default=true())
    may_transfer: Mapped[bool] = mapped_column(default=True, server_default=true())
    may_send_sms: Mapped[bool] = mapped_column(default=True, server_default=true())
    # The model is told the name on file under the caller's number, and how many appointments are coming.
    greet_known_callers: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Hand-over and limits.
    transfer_numbers: Mapped[list[str]] = mapped_column(default=list)
    # Two-letter codes; None: the country of the business's own first number (services/accounts/reach.py).
    dial_countries: Mapped[list[str] | None]
    fallback: Mapped[Fallback] = mapped_column(choice(Fallback), default=Fallback.MESSAGE)
    # Before that: the engine that the installation has besides its own, if it has one (C9).
    use_second_engine: Mapped[bool] = mapped_column(default=False, server_default=false())
    max_call_minutes: Mapped[int] = mapped_column(default=15)
    # Against abuse; None means no limit, which somebody has to choose (services/calls/limits.py).
    max_calls_at_once: Mapped[int | None] = mapped_column(default=20)
    max_calls_per_caller_hour: Mapped[int | None] = mapped_column(default=60)
    daily_minutes: Mapped[int | None] = mapped_column(default=600)
    # None: the installation's.
    sms_per_day: Mapped[int | None]
    silence_prompt_s: Mapped[int] = mapped_column(default=8)
    max_silence_prompts: Mapped[int] = mapped_column(default=3)
    # Permissions.
    caller_id_allowed: Mapped[bool] = mapped_column(default=True)
    caller_id_trust: Mapped[CallerIdTrust] = mapped_column(
        choice(CallerIdTrust), default=CallerIdTrust.NAME, server_default=CallerIdTrust.NAME
    )
    sms_confirmation: Mapped[bool] = mapped_column(default=False)
    # Minutes before an appointment at which its customer is reminded (services/policy/reminders.py).
    reminders: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    # Its beginning in the owner's own words (services/policy/reminder_words.py); None: the usual ones.
    reminder_text: Mapped[str | None] = mapped_column(Text)
    # Between which minutes after midnight reminders go out (services/policy/quiet.py).
    reminders_from_min: Mapped[int] = mapped_column(default=480, server_default="480")
    reminders_until_min: Mapped[int] = mapped_column(default=1260, server_default="1260")
    # Messages about an appointment carry a link to a page where it is confirmed, moved or cancelled.
    customer_link: Mapped[bool] = mapped_column(default=True, server_default=true())
    # One of the business's numbers, from which reminders go out by WhatsApp; None: they go by SMS. The template is one
    # that WhatsApp has approved (HX…): without it only who has written within a day is reached.
    whatsapp_sender: Mapped[str | None] = mapped_column(String(16))
    whatsapp_template: Mapped[str | None] = mapped_column(String(40))
    keep_recordings: Mapped[bool] = mapped_column(default=False)
    # How long what is known of people is kept, in days (D1, services/privacy/retention.py). None: without end, which
    # somebody has to choose.
    recording_retention_days: Mapped[int] = mapped_column(default=30)
    message_retention_days: Mapped[int] = mapped_column(default=30, server_default="30")
    transcript_retention_days: Mapped[int | None] = mapped_column(default=365, server_default="365")
    lead_retention_days: Mapped[int | None] = mapped_column(default=365, server_default="365")
    customer_retention_days: Mapped[int | None] = mapped_column(default=730, server_default="730")
    outbox_retention_days: Mapped[int | None] = mapped_column(default=90, server_default="90")
    text_retention_days: Mapped[int | None] = mapped_column(default=365, server_default="365")
    # Before this only sound is deleted: for a business from before there were such days, until its owner chose.
    retention_begins_at: Mapped[datetime | None]
    # Ways out.
    webhook_url: Mapped[str | None] = mapped_column(Text)
    # Read where a webhook is signed or its key shown: a call never depends on whether it can be opened.
    webhook_secret: Mapped[str | None] = mapped_column(SealedText("webhook secret"), deferred=True)
    # One of transfer_numbers, and an address; which of them counts is said by notify_by.
    notify_by: Mapped[Notify] = mapped_column(choice(Notify), default=Notify.OFF, server_default=Notify.OFF)
    notify_phone: Mapped[str | None] = mapped_column(String(16))
    notify_email: Mapped[str | None] = mapped_column(String(254))
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
