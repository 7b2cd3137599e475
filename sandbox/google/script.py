"""What a script says about Google's services beyond the words: limits, pace, how words are guessed, faults.

The answers, their sound and the transcripts are those of `sandbox.realtime.script`; this is its table `google`::

    {"answers": [{"text": "We open at nine.", "length_ms": 1500}],
     "transcripts": [{"text": "When do you open?"}],
     "google": {"stream_limit_ms": 20000,
                "faults": [{"at": "recognise", "nth": 1, "after_ms": 400, "do": "status", "code": "ABORTED"}]}}
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Milliseconds = Annotated[int, Field(ge=0)]
Place = Literal["recognise", "synthesise", "chat"]
Deed = Literal[
    "status", "end", "drop", "stall", "garbage", "misshapen", "empty", "no_alternatives", "phantom", "error_field"
]
StatusName = Literal[
    "ABORTED",
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNKNOWN",
]

_ONLY_IN: dict[str, Place] = {
    "drop": "chat",
    "misshapen": "chat",
    "no_alternatives": "recognise",
    "phantom": "recognise",
    "error_field": "recognise",
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoogleFault(_Model):
    """Something that goes wrong in one request of a call.

    at: in which service. nth: in which of the call's streams or requests to it, from 0, and in the `times` - 1 after
    it (0: in all that follow). after_ms: of the caller's sound (recognise), of the sound sent (synthesise), of the
    answer's words at `token_ms` each (chat).

    do: `status` ends it with `code` and `message` (chat: HTTP `http_status` before the first word, an error event
    later); `end` ends it as if all were well, in mid-word (chat: no finish_reason); `drop` breaks the connection (chat
    only); `stall` holds everything back for `for_ms`, or for good when that is None; `garbage` sends what cannot be
    parsed, `misshapen` what can and is no answer (chat only); `empty` sends a message with nothing in it (synthesise:
    a sound of no length, chat: an answer of no words).
    In recognition also: `no_alternatives` sends a result without any; `phantom` a final that nobody said, with hardly
    any confidence; `error_field` a status inside a message.
    """

    at: Place
    nth: Annotated[int, Field(ge=0)] = 0
    times: Annotated[int, Field(ge=0)] = 1
    after_ms: Milliseconds = 0
    do: Deed
    code: StatusName = "UNAVAILABLE"
    message: str = "The service is currently unavailable."
    http_status: Annotated[int, Field(ge=400, le=599)] = 500
    for_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _belongs_there(self) -> Self:
        if self.do in _ONLY_IN and _ONLY_IN[self.do] != self.at:
            raise ValueError(f"{self.do!r} is a fault of {_ONLY_IN[self.do]!r}, not of {self.at!r}")
        return self

    def hits(self, place: Place, number: int) -> bool:
        """Whether it happens in the request with this number."""
        return self.at == place and number >= self.nth and (not self.times or number < self.nth + self.times)


class Recognised(_Model):
    """How one utterance's words are guessed; belongs to the transcript of the same number."""

    partials: list[str] | None = None
    """The interim results, one after the other, instead of growing pieces of the transcript: they may contradict it."""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.92
    """Of the final; 0 is sent as not set."""
    no_final: bool = False
    """Interim results only."""


class GoogleConduct(_Model):
    """How the services behave in one call. The defaults are Google's, or a little faster."""

    stream_limit_ms: Milliseconds = 305_000
    """Longest recognition stream: OUT_OF_RANGE when its sound or its age gets there."""
    audio_timeout_ms: Milliseconds = 10_000
    """OUT_OF_RANGE when no sound comes for this long."""
    quiet_ms: Milliseconds = 500
    """This much silence ends an utterance; its final follows after the transcript's `delay_ms`."""
    interim_ms: Milliseconds = 200
    """Between interim results."""
    heard: list[Recognised] = []
    coded_words: list[str] | None = None
    """The caller's sound is `sandbox.coded_audio`: code number n is heard as word n of this list, or as the number."""

    first_sound_ms: Milliseconds = 40
    """From a synthesis request to its first sound."""
    input_timeout_ms: Milliseconds = 5_000
    """ABORTED when a synthesis stream is sent nothing for this long."""
    wav_header: Literal[44, 46, 58] = 58
    """Length of the header in front of unary mu-law and A-law."""
    stream_header: bool = False
    """Put one in front of a stream as well, with a size that is not known."""

    think_ms: Milliseconds = 250
    """From a chat request to its first word, where no script says it."""
    token_ms: Milliseconds = 8
    """Between the words of a chat answer."""

    faults: list[GoogleFault] = []
