"""What one call measured: counters by their SPEC names, latencies of each turn, the line logged at the end (M)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VERY_SHORT_CHARS = 5
_USED = (
    "input_text_tokens",
    "input_audio_tokens",
    "cached_text_tokens",
    "cached_audio_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "spoken_characters",
    "transcribed_seconds",
)


@dataclass(slots=True)
class TurnLatency:
    """From the caller's last sound to the first sound of the answer, in milliseconds.

    endpointing: until the model said the turn was over; model: until it had both sound and words; ours: the rest.
    """

    total_ms: float
    endpointing_ms: float
    model_ms: float

    @property
    def ours_ms(self) -> float:
        return max(0.0, self.total_ms - self.endpointing_ms - self.model_ms)

    def parts(self) -> dict[str, float]:
        return {
            "total": round(self.total_ms, 1),
            "endpointing": round(self.endpointing_ms, 1),
            "model": round(self.model_ms, 1),
            "ours": round(self.ours_ms, 1),
        }


@dataclass(slots=True)
class CallMetrics:
    """Filled while the call runs; stored with the call, exported at /metrics, logged once at the end."""

    stt_utterances_total: int = 0
    stt_empty_count: int = 0
    stt_very_short_count: int = 0
    stt_filler_only_count: int = 0
    stt_failed_count: int = 0
    stt_unclear_count: int = 0
    stt_partials: int = 0
    frames_in_from_twilio: int = 0
    frames_forwarded_to_realtime: int = 0
    frames_dropped_by_filters: int = 0
    frames_enqueued: int = 0
    frames_sent: int = 0
    frames_late_discarded: int = 0
    barge_in_events: int = 0
    barge_in_candidates: int = 0
    barge_in_resumed: int = 0
    messages_malformed: int = 0
    messages_unknown: int = 0
    engine_errors: int = 0
    reconnects: int = 0
    marks_lost: int = 0
    overflows: int = 0
    underruns: int = 0
    lead_ms_max: float = 0.0
    pacing_late_ms_max: float = 0.0
    silence_prompts: int = 0
    false_claims: int = 0
    input_text_tokens: int = 0
    input_audio_tokens: int = 0
    cached_text_tokens: int = 0
    cached_audio_tokens: int = 0
    output_text_tokens: int = 0
    output_audio_tokens: int = 0
    spoken_characters: int = 0
    transcribed_seconds: float = 0.0
    seconds: float = 0.0
    latencies: list[dict[str, float]] = field(default_factory=list)
    # What the engine had used that another one took over from (C9); empty as long as there is one.
    first_engine: dict[str, float] = field(default_factory=dict)

    def next_engine(self) -> None:
        """Another engine answers from now on, at its own prices."""
        self.first_engine = self.first_engine or {name: getattr(self, name) for name in _USED}

    def count_transcript(self, text: str, filler_only: bool) -> None:
        """Count one finished transcription."""
        stripped = text.strip()
        self.stt_utterances_total += 1
        self.stt_empty_count += not stripped
        self.stt_very_short_count += 0 < len(stripped) < VERY_SHORT_CHARS
        self.stt_filler_only_count += filler_only

    def summary_line(self) -> str:
        return (
            f"[CALL_METRICS] stt_utterances={self.stt_utterances_total}, empty={self.stt_empty_count}, "
            f"short={self.stt_very_short_count}, filler_only={self.stt_filler_only_count}, "
            f"frames_in={self.frames_in_from_twilio}, frames_forwarded={self.frames_forwarded_to_realtime}, "
            f"frames_dropped={self.frames_dropped_by_filters}, barge_in_events={self.barge_in_events}"
        )

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"latencies": [*self.latencies]}
