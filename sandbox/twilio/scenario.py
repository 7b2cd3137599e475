"""Scenario files: TOML that says who speaks when, what the model does, what the line is like, what must come of it.

See docs/scenarios.md for the format in words; `Scenario` is the format. Unknown keys are refused.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from sandbox.realtime.script import Script

Ms = int


class ScenarioError(Exception):
    """A scenario file that cannot be used: which file, where in it, why."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sound(_Table):
    """A sound that is not speech."""

    kind: Literal["white", "cough", "laughter", "tone"]
    ms: Ms = 300
    rms: float = 1500


class CallerStep(_Table):
    """One thing the caller does, and when (see steps.When). Exactly one of the first group."""

    say: str | None = None
    clip: str | None = None  # a .ulaw or .wav file: beside the scenario, in tests/data/audio, or in ../shared/audio
    sound: Sound | None = None
    keys: str | None = None
    hang_up: Literal["stop", "abrupt", "half_open"] | None = None
    lose_socket: Literal[True] | None = None
    raw: str | None = None  # a text message as it stands, {streamSid} filled in
    raw_binary: str | None = None  # hexadecimal
    background: bool | None = None

    name: str = ""
    language: str = "he"  # of `say`
    level_db: float = 0.0
    from_ms: Ms = 0  # cuts the sound
    to_ms: Ms | None = None

    at_ms: Ms | None = None
    agent_done_ms: Ms | None = None
    agent_speaking_ms: Ms | None = None
    silence_ms: Ms | None = None
    after_ms: Ms = 0
    patience_ms: Ms = 30_000

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        deeds = [name for name in DEEDS if getattr(self, name) is not None]
        if len(deeds) != 1:
            raise ValueError(f"a step does exactly one of {', '.join(DEEDS)}; found {deeds or 'none'}")
        triggers = [name for name in TRIGGERS if getattr(self, name) is not None]
        if len(triggers) > 1:
            raise ValueError(f"a step has at most one of {', '.join(TRIGGERS)}; found {triggers}")
        return self


DEEDS = ("say", "clip", "sound", "keys", "hang_up", "lose_socket", "raw", "raw_binary", "background")
TRIGGERS = ("at_ms", "agent_done_ms", "agent_speaking_ms", "silence_ms")


class Line(_Table):
    """Line conditions (see line.LineConditions); background is white, street, babble, music or a clip."""

    latency_up_ms: float = 0.0
    latency_down_ms: float = 0.0
    jitter_ms: float = 0.0
    frame_ms: int = 20
    mark_loss: float = 0.0
    mark_delay_ms: float = 0.0
    echo_db: float | None = None
    echo_delay_ms: int = 100
    background: str | None = None
    background_rms: float = 100.0
    background_on: bool = True
    read_pause_ms: float = 0.0


class CallSection(_Table):
    """The call itself: the caller's number; `to` replaces the number of the scenario's own business."""

    number: str = "+972501234567"
    to: str | None = None
    max_s: float = 60.0
    webhook_repeats: int = 1
    signature: Literal["good", "forged", "missing"] = "good"
    socket_signature: Literal["good", "forged", "missing"] = "good"
    parameters: dict[str, str] | None = None
    action_on_hangup: bool = False
    half_open_s: float = 8.0
    dial: dict[str, Literal["completed", "busy", "no-answer", "failed"]] = {}


class Span(_Table):
    """A stretch of the call, in ms of its clock, or counted from a named step's start (`since`) or end (`after`)."""

    since: str | None = None
    after: str | None = None
    start_ms: Ms = 0
    end_ms: Ms | None = None


class Heard(Span):
    """What the ear must have heard, `times` times, whole and in order: a coded answer's milliseconds, or known speech.

    ends: the answer was cut; its last millisecond lies in this range.
    """

    answer: int | None = None
    from_ms: Ms = 0
    to_ms: Ms | None = None
    ends: tuple[Ms, Ms] | None = None
    text: str | None = None
    language: str = "he"
    clip: str | None = None
    times: int = 1

    @model_validator(mode="after")
    def _one_sound(self) -> Self:
        if sum(one is not None for one in (self.answer, self.text, self.clip)) != 1:
            raise ValueError("give one of answer, text, clip")
        return self


class Never(Span):
    """Milliseconds of a coded answer that must not be heard at all (in the span)."""

    answer: int
    from_ms: Ms = 0
    to_ms: Ms | None = None


class Silence(Span):
    """Nothing may be heard here."""


class SoundBegins(Span):
    """Something must begin to be heard, at the latest `within_ms` from the span's start."""

    within_ms: Ms


class Expect(_Table):
    """What must come of the call. `once`: no millisecond of coded sound twice, none out of order within its answer."""

    state: str = "completed"
    ended_by: str | None = None
    close_code: int | None = None
    violations: int = 0
    once: bool = True
    seam_ms: Ms = 0  # what a held answer may repeat or lose where it goes on
    streams: int | None = None
    clears: int | None = None
    webhook_status: int | None = None  # of the first webhook
    verbs: list[str] | None = None
    says: list[str] = []  # parts of sentences in <Say>
    plays: list[str] = []  # parts of addresses in <Play>, of sounds that were fetched
    heard: list[Heard] = []
    never: list[Never] = []
    silence: list[Silence] = []
    sound: list[SoundBegins] = []
    stored: dict[str, Any] = {}  # of the call's row, its metrics and turns; see expect.differences
    model: dict[str, Any] = {}  # of the sessions at the model


class Scenario(_Table):
    """One scenario file. `model` is the model's script in the language of sandbox.realtime.script.

    Its `match` is filled in by whoever prepares the scenario.
    """

    about: str
    rows: list[str] = []
    tags: list[str] = []
    business: Literal["clinic", "office"] = "clinic"
    prompt: str = ""  # added to the business's prompt
    settings: dict[str, Any] = {}  # columns of the business's settings
    server: dict[str, str] = {}  # environment of the server this scenario is for
    call: CallSection = CallSection()
    line: Line = Line()
    model: Script = Script()
    model_again: list[Script] = []  # for the next connections of the same call, after a reconnect or a resume
    caller: list[CallerStep] = []
    expect: Expect = Expect()
    path: Path = Path()

    @property
    def name(self) -> str:
        return self.path.stem

    @model_validator(mode="after")
    def _spans_name_steps(self) -> Self:
        names = {step.name for step in self.caller if step.name}
        expect = self.expect
        for span in (*expect.heard, *expect.never, *expect.silence, *expect.sound):
            for name in (span.since, span.after):
                if name is not None and name not in names:
                    raise ValueError(f"no step of the caller is named {name!r}")
        return self


def load_scenario(path: Path) -> Scenario:
    """Read and check one file. Raises ScenarioError."""
    try:
        return Scenario.model_validate({**tomllib.loads(path.read_text("utf-8")), "path": path})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ScenarioError(f"{path}: {faults}") from error


def load_scenarios(directory: Path) -> list[Scenario]:
    """All scenario files of a directory, by name. Raises ScenarioError."""
    return [load_scenario(path) for path in sorted(directory.glob("*.toml"))]
