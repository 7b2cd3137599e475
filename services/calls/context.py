"""Everything a call's media thread needs to know, read once from the database before the first frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.business_policy import Policy, is_open
from services.policy.catalogue import Catalogue
from services.policy.permissions import Permissions

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
    """How the line is listened to; texts are the values of services.db.models' enums."""

    barge_in: str
    barge_in_action: str
    vad_preset: str
    line_mode: str
    soft_preprocess: bool
    endpointing: str
    eagerness: str
    noise_reduction: str


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
    # What answers had changed to (L11); "": the business's own.
    answer_language: str = ""
    notice_heard: bool = False  # to its end
    # [SERVER] texts the model was not told yet, oldest first.
    pending_server: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class CallContext:
    """One call and the business it belongs to, frozen as it was when the stream was claimed.

    engine, voice, model, transcription_model, cascade_voice, speaking_rate: None means the installation's default.
    speaking_rate: 1.0 is the voice's own pace. _clip: raw 8 kHz mu-law.
    language: the business's own, the first of answer_languages. gender: of the persona, "female" or "male".
    caller_name, coming_appointments: what is on file under the caller's number, which anyone can fake; "" and 0 where
    the business does not want it used (L8).
    catalogue: its services and people; whoever writes looks at the database again.
    notice_text: said before the greeting (D2), "" where nothing is.
    """

    call_id: int
    call_sid: str
    started_at: datetime
    caller: str
    caller_name: str
    coming_appointments: int
    is_test: bool
    business_id: int
    business_name: str
    language: str
    gender: str
    answer_languages: tuple[str, ...]
    enable_greeting: bool
    greeting_text: str
    greeting_clip: bytes | None
    notice_text: str
    notice_clip: bytes | None
    one_moment_clip: bytes | None
    trouble_clip: bytes | None
    engine: str | None
    voice: str | None
    cascade_voice: str | None
    speaking_rate: float | None
    model: str | None
    transcription_model: str | None
    transcription_language: str | None
    keywords: tuple[str, ...]
    max_output_tokens: int
    business_prompt: str
    prompt_version_id: int | None
    catalogue: Catalogue
    line: LineSettings
    may: Permissions
    transfer_numbers: tuple[str, ...]
    fallback: str
    use_second_engine: bool
    max_call_s: int
    silence_prompt_s: int
    max_silence_prompts: int
    caller_id_allowed: bool
    caller_id_trust: str
    caller_attested: bool
    sms_confirmation: bool
    keep_recordings: bool
    resume: ResumeState

    def may_put_through(self, now: datetime) -> bool:
        """Whether a caller who wants a person gets one now (W7). `now` is aware."""
        return self.may.transfer and bool(self.transfer_numbers) and is_open(self.policy, now)

    @property
    def policy(self) -> Policy:
        """The business's own rules."""
        return self.catalogue.policy

    @property
    def spoken_language(self) -> str:
        """What this stream begins to answer in (L11)."""
        known = self.resume.answer_language
        return known if known in self.answer_languages else self.language
