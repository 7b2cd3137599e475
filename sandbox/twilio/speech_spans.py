"""Who spoke when: utterances, answer latencies and silences of a finished or running call. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.steps import AGENT_LOUD_RMS
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SILENCE_FRAME

PAUSE_MS = 600  # a longer silence ends an utterance


@dataclass(slots=True, frozen=True)
class SpeechSpan:
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


class SpeechFinder:
    """Finds utterances in one side's sound, frame by frame."""

    def __init__(self, pause_ms: int = PAUSE_MS) -> None:
        self._pause_ms = pause_ms
        self._start_ms: int | None = None
        self._loud_until_ms = 0
        self.level = 0

    @property
    def last_sound_ms(self) -> int:
        """When this side was last heard; 0 when it never was."""
        return self._loud_until_ms

    @property
    def speaking_since_ms(self) -> int | None:
        return self._start_ms

    def feed(self, at_ms: int, frame: bytes) -> SpeechSpan | None:
        """One frame of 20 ms beginning at `at_ms`; the utterance that is over by now, if one is."""
        self.level = 0 if frame == SILENCE_FRAME else g711.rms(frame)
        if self.level >= AGENT_LOUD_RMS:
            if self._start_ms is None:
                self._start_ms = at_ms
            self._loud_until_ms = at_ms + FRAME_MS
            return None
        if self._start_ms is not None and at_ms + FRAME_MS - self._loud_until_ms >= self._pause_ms:
            return self.finish()
        return None

    def finish(self) -> SpeechSpan | None:
        """The utterance that was still going on."""
        if self._start_ms is None:
            return None
        found, self._start_ms = SpeechSpan(self._start_ms, self._loud_until_ms), None
        return found


def utterances(mulaw: bytes, pause_ms: int = PAUSE_MS) -> list[SpeechSpan]:
    """All utterances in one side's recording."""
    listener = SpeechFinder(pause_ms)
    found = [listener.feed(at // BYTES_PER_MS, frame) for at, frame in _frames(mulaw)]
    return [one for one in [*found, listener.finish()] if one is not None]


@dataclass(slots=True, frozen=True)
class CallerTurn:
    """Something the caller said or keyed in; latency_ms: to the agent's first sound after it, None: it never came."""

    text: str
    start_ms: int
    end_ms: int
    latency_ms: int | None


def caller_turns(result: CallResult) -> list[CallerTurn]:
    """The caller's sentences and keys in order. An answer counts until the caller goes on."""
    said = [event for event in result.events if event.kind in {"say", "keys"}]
    agent = utterances(result.heard)
    found = []
    for number, event in enumerate(said):
        start = int(event.at_ms)
        end = start + _sounding_ms(result, event)
        until = said[number + 1].at_ms if number + 1 < len(said) else float("inf")
        # A number is complete before its last key: the agent may speak while the caller still presses '#'.
        since = start if event.kind == "keys" else end
        answer = next((one.start_ms for one in agent if since <= one.start_ms < until), None)
        text = event.details.get("text") or event.details.get("digits", "")
        found.append(CallerTurn(text, start, end, None if answer is None else max(0, answer - end)))
    return found


def _sounding_ms(result: CallResult, event: TimelineEvent) -> int:
    """How long the caller was at it: without the silence at a clip's end."""
    length = int(event.details["length_ms"])
    if event.kind == "keys":
        return length
    start = int(event.at_ms)
    own = utterances(result.said[start * BYTES_PER_MS : (start + length) * BYTES_PER_MS])
    return own[-1].end_ms if own else 0


def silences(result: CallResult, longer_than_ms: int) -> list[SpeechSpan]:
    """Stretches in which neither side was heard."""
    sounds = sorted([*utterances(result.heard), *utterances(result.said)], key=lambda one: one.start_ms)
    found, end = [], 0
    for sound in sounds:
        if sound.start_ms - end > longer_than_ms:
            found.append(SpeechSpan(end, sound.start_ms))
        end = max(end, sound.end_ms)
    return found


def _frames(mulaw: bytes) -> Iterator[tuple[int, bytes]]:
    for at in range(0, len(mulaw) - FRAME_BYTES + 1, FRAME_BYTES):
        yield at, mulaw[at : at + FRAME_BYTES]
