"""The language in which tests say what the model does: answers, transcripts, turns, faults.

A script belongs to one connection. It is chosen by `match`, a part of the session's instructions; scripts
without one are handed out in order, one for each connection. The greeting is simply the first answer::

    {"answers": [{"text": "Hello!", "length_ms": 1500}, {"text": "We open at nine.", "audio": "speech"}],
     "transcripts": [{"text": "When do you open?", "delay_ms": 300}],
     "faults": [{"when": "answer", "nth": 1, "after_ms": 400, "do": "drop"}]}
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.google.script import GoogleConduct

Milliseconds = Annotated[int, Field(ge=0)]
AudioFormat = Literal["audio/pcmu", "audio/pcma", "audio/pcm"]

# Bytes of the audio deltas, over and over: like the service's, of many lengths and never whole 20 ms frames.
DEFAULT_CHUNK_BYTES = [1203, 2406, 3211, 4013, 1997, 2803]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScriptedAnswer(_Model):
    """What the model says to one `response.create` (or to a turn, when the server creates responses itself).

    Each answer taken has a number, counted from 0 in the session (`Script.first_number`), which coded audio
    carries; an answer that is cancelled before it is heard has used its number and its place in the list.
    """

    text: str = "This is an answer."
    audio: Literal["coded", "speech", "silence"] = "coded"
    """coded: every millisecond can be told apart (sandbox.coded_audio); speech: `text` spoken in `language`.
    """
    language: str = "en"
    length_ms: Milliseconds | None = None
    """Cuts speech, or pads it with silence. None: as long as the speech, or 70 ms a character for the others.
    """

    think_ms: Milliseconds = 30
    """From the request to the first sound."""
    rate: Annotated[float, Field(ge=0)] = 8.0
    """How many times faster than real time the sound is sent; 0 sends everything at once."""
    chunk_bytes: list[Annotated[int, Field(gt=0)]] = Field(default=DEFAULT_CHUNK_BYTES, min_length=1)
    """Lengths of the deltas in mu-law bytes, repeated as needed."""
    format: AudioFormat | None = None
    """Send the sound in this format whatever the session says: a server that breaks its promise."""

    status: Literal["completed", "failed", "incomplete", "cancelled"] = "completed"
    """How the response ends; what is not `completed` ends after `end_ms` of sound."""
    reason: Literal["turn_detected", "client_cancelled", "max_output_tokens", "content_filter"] | None = None
    error_code: str | None = None
    """`status_details.error.code` of a failed one, e.g. insufficient_quota."""
    end_ms: Milliseconds | None = None

    stall_at_ms: Milliseconds | None = None
    """The sound stops coming here, for `stall_ms`, or for good when that is None."""
    stall_ms: Milliseconds | None = None
    never_done: bool = False
    """All sound is sent, but none of the `done` events, response.done included."""

    also: list[ScriptedAnswer] = []
    """Further message items of the same response: their text, audio and length (reasoning models do that)."""


class Transcript(_Model):
    """What becomes of the transcription of one committed item, in the order of the commits."""

    text: str = "hello there"
    delay_ms: Milliseconds = 30
    """After the commit. A longer delay than the next one's makes transcripts come out of order."""
    deltas: bool = True
    """Send `delta` events first."""
    failed: str | None = None
    """An error code: `failed` comes instead of `completed`."""
    twice: bool = False
    never: bool = False
    after_next: bool = False
    """Only after the next item's transcript, however long that takes."""


class Turn(_Model):
    """A turn of the caller on the session's audio clock: milliseconds of sound appended, whatever it sounds
    like.
    """

    start_ms: Milliseconds
    end_ms: Milliseconds


class Fault(_Model):
    """Something that goes wrong once, at one moment of the session.

    when: `session_update` instead of session.updated; `audio` after `after_ms` of the caller's sound;
    `answer` in the `nth` response (from 0) after `after_ms` of its sound (0: right after response.created).
    do: `drop` (the connection breaks, no close frame); `close` (a close frame with `code` and `message`);
    `error` (an error event with `code`); `garbage` (text that is not JSON); `unknown` (an event type nobody
    knows); `binary` (a binary frame); `expire` (session_expired and close 1001); `mute` (the connection stays
    open, nothing is sent any more).
    """

    when: Literal["session_update", "audio", "answer"]
    nth: Annotated[int, Field(ge=0)] = 0
    after_ms: Milliseconds = 0
    do: Literal["drop", "close", "error", "garbage", "unknown", "binary", "expire", "mute"]
    code: str = "server_error"
    close_code: int = 1011
    message: str = "The server had an error while processing your request."


class Handshake(_Model):
    """What happens before the websocket opens: after `delay_ms`, `status` refuses it (None lets it through)."""

    delay_ms: Milliseconds = 0
    status: int | None = None


class Script(_Model):
    """The model's part in one session."""

    match: str | None = None
    """Serve sessions whose instructions contain this; None: whichever connection comes next."""
    times: Annotated[int, Field(ge=0)] = 1
    """How many connections it serves; 0 serves every one that comes."""

    answers: list[ScriptedAnswer] = []
    """In order; when they run out the last one repeats (with the next number), or a coded one of 2 s."""
    first_number: Annotated[int, Field(ge=0)] = 0
    transcripts: list[Transcript] = []
    """In order; when they run out every turn is heard as "hello there"."""
    vad: Literal["energy", "never"] | list[Turn] = "energy"
    """How turns are found while the session has turn detection: by sound, not at all, or at these times."""

    handshake: Handshake | None = None
    """Only for a script without `match`: instructions are not known yet."""
    faults: list[Fault] = []
    session_limit_ms: Milliseconds = 3_600_000
    input_format: AudioFormat | None = None
    """The format the server insists on, shown in session.updated, whatever the client asked for."""
    output_format: AudioFormat | None = None
    old_names: bool = False
    """Send the event names of the old dialect (response.audio.delta and its like)."""

    google: GoogleConduct = GoogleConduct()
    """What Google's services do besides, where they play the call instead of a Realtime session."""
