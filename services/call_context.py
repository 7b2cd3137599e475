"""Everything a call's media thread needs to know, read once from the database before the first frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.policy_settings import Policy

Role = Literal["caller", "agent"]


@dataclass(slots=True, frozen=True)
class TurnRecord:
    """One side's words as they were heard, for the database. Written again with the same (generation, seq), it
    replaces what was there: transcripts come late.

    text: heard by the other side; text_unheard: the rest that an interruption cut off. All _ms are milliseconds
    of audio; started_ms counts from the call's answering. latency: parts of the turn's delay in ms, by name.
    """

    seq: int
    role: Role
    text: str
    item_id: str = ""
    text_unheard: str = ""
    heard_ms: int = 0
    total_ms: int = 0
    started_ms: int = 0
    interrupted: bool = False
    latency: Mapping[str, float] = field(default_factory=dict)
    generation: int = 0


@dataclass(slots=True, frozen=True)
class SoundChunk:
    """A few seconds of both sides for the recording, 8 kHz mu-law. start_ms counts from the call's answering; a side
    shorter than `samples` is silent from there on."""

    generation: int
    seq: int
    start_ms: int
    samples: int
    caller: bytes
    agent: bytes


@dataclass(slots=True, frozen=True)
class LineSettings:
    """How the line is listened to; the values of services.models' enums."""

    barge_in: str
    barge_in_action: str
    vad_preset: str
    line_mode: str
    endpointing: str


@dataclass(slots=True, frozen=True)
class ResumeState:
    """What a successor needs after a lost socket. generation 0 with no turns is a fresh call.

    begins_ms: where on the call's time line this stream begins.
    """

    generation: int = 0
    begins_ms: int = 0
    resume_count: int = 0
    turns: tuple[TurnRecord, ...] = ()
    draft_booking: Mapping[str, Any] = field(default_factory=dict)
    greeting_done: bool = False
    # [SERVER] texts the model was not told yet, oldest first.
    pending_server: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class CallContext:
    """One call and the business it belongs to, frozen as it was when the stream was claimed.

    voice, model, transcription_model: None means the installation's default. _clip: raw 8 kHz mu-law.
    """

    call_id: int
    call_sid: str
    started_at: datetime
    caller: str
    is_test: bool
    business_id: int
    business_name: str
    language: str
    enable_greeting: bool
    greeting_text: str
    greeting_clip: bytes | None
    one_moment_clip: bytes | None
    trouble_clip: bytes | None
    voice: str | None
    model: str | None
    transcription_model: str | None
    transcription_language: str | None
    keywords: tuple[str, ...]
    business_prompt: str
    prompt_version_id: int | None
    policy: Policy
    line: LineSettings
    transfer_numbers: tuple[str, ...]
    fallback: str
    max_call_s: int
    silence_prompt_s: int
    max_silence_prompts: int
    caller_id_allowed: bool
    sms_confirmation: bool
    keep_recordings: bool
    resume: ResumeState
