"""The brain of tests and benches: it does what its script says."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sandbox import coded_audio
from sandbox.realtime.brain import HeardTurn, Hearing, Piece, Plan, Question, energy_detector
from sandbox.realtime.detector import Detector, ScheduledDetector
from sandbox.realtime.script import Script, ScriptedAnswer, Transcript
from sandbox.realtime.session_config import SessionConfig
from sandbox.realtime.wire import Event
from services.audio.g711 import BYTES_PER_MS, SILENCE_FRAME, silence

_MS_PER_CHARACTER = 70
_DEFAULT_ANSWER = ScriptedAnswer(length_ms=2000)


class ScriptedBrain:
    """Plays one script in one session."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._answers = 0
        self._turns = 0

    def configured(self, config: SessionConfig) -> None:
        """See Brain."""
        if self._script.input_format:
            config.force_format("input", self._script.input_format)
        if self._script.output_format:
            config.force_format("output", self._script.output_format)

    def detector(self, turn_detection: Event) -> Detector:
        """See Brain."""
        vad = self._script.vad
        if vad == "energy":
            return energy_detector(turn_detection)
        return ScheduledDetector([] if vad == "never" else [(turn.start_ms, turn.end_ms) for turn in vad])

    def answer(self, question: Question, deliver: Callable[[Plan], None]) -> None:
        """See Brain."""
        script = self._script
        answers = script.answers or [_DEFAULT_ANSWER]
        number = self._answers
        self._answers += 1
        deliver(plan(answers[min(number, len(answers) - 1)], script.first_number + number))

    def transcribe(self, turn: HeardTurn, deliver: Callable[[Hearing], None]) -> None:
        """See Brain."""
        said = self._script.transcripts
        deliver(_hearing(said[self._turns] if self._turns < len(said) else Transcript()))
        self._turns += 1

    def close(self) -> None:
        """See Brain."""


def plan(answer: ScriptedAnswer, number: int) -> Plan:
    """A scripted answer as the session sends it; `number` is what coded audio carries."""
    start_ms = 0
    pieces = []
    for part in (answer, *answer.also):
        sound = _sound(part, number, start_ms)
        start_ms += len(sound) // BYTES_PER_MS
        pieces.append(Piece(part.text, sound))
    return Plan(
        pieces=tuple(pieces),
        think_ms=answer.think_ms,
        rate=answer.rate,
        chunk_bytes=tuple(answer.chunk_bytes),
        format=answer.format,
        status=answer.status,
        reason=answer.reason,
        error_code=answer.error_code,
        end_ms=answer.end_ms if answer.status != "failed" else answer.end_ms or 0,
        stall_at_ms=answer.stall_at_ms,
        stall_ms=answer.stall_ms,
        never_done=answer.never_done,
    )


def _sound(answer: ScriptedAnswer, number: int, start_ms: int) -> bytes:
    if answer.audio == "speech":
        return speech(answer.text, answer.language, answer.length_ms)
    length_ms = answer.length_ms
    if length_ms is None:
        length_ms = max(400, len(answer.text) * _MS_PER_CHARACTER)
    if answer.audio == "silence":
        return silence(length_ms * BYTES_PER_MS)
    return coded_audio.encode(number, start_ms, length_ms)


@lru_cache(maxsize=64)
def speech(text: str, language: str, length_ms: int | None) -> bytes:
    from sandbox.speech import say  # needs the speech wheels; scripts without speech do not

    sound = say(text, language)
    if length_ms is None:
        return sound
    return sound[: length_ms * BYTES_PER_MS].ljust(length_ms * BYTES_PER_MS, SILENCE_FRAME[:1])


def _hearing(transcript: Transcript) -> Hearing:
    return Hearing(
        text=transcript.text,
        delay_ms=transcript.delay_ms,
        deltas=transcript.deltas,
        failed=transcript.failed,
        twice=transcript.twice,
        never=transcript.never,
        after_next=transcript.after_next,
    )
