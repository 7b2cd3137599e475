"""The session object: defaults, what session.update changes, and what it refuses. Pure.

Shapes come from the openai package's own types; what those allow as extra is unknown to the service and
refused here.
"""

from __future__ import annotations

import copy
from typing import Any

from openai.types.realtime import RealtimeSessionCreateRequest
from openai.types.realtime.realtime_response_create_params import RealtimeResponseCreateParams
from pydantic import BaseModel, ValidationError

from sandbox.realtime.sound import PCM
from sandbox.realtime.wire import Event, Refused

BETA_MESSAGE = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
_BETA_FIELDS = {
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "temperature",
    "max_response_output_tokens",
}
_FREE_FORM = {"tools", "tool_choice", "prompt", "tracing", "metadata", "truncation"}
_SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
}
_SEMANTIC_VAD = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
# What a semantic detector would wait for a speaker who may not be finished; the service documents only the
# longest waits.
_SEMANTIC_SILENCE_MS = {"low": 1200, "medium": 800, "auto": 800, "high": 400}
_NEVER_NULL = {"audio", "input", "output", "format", "voice", "speed"}
_LANGUAGE_LISTS = ("gpt-transcribe", "gpt-live-transcribe")
_NO_REASONING = ("gpt-4o", "gpt-realtime-1.5", "gpt-realtime-mini", "gpt-realtime-2025")


def beta_shape() -> Refused:
    """The refusal of the dead dialect; the connection closes with 4000."""
    return Refused("beta_api_shape_disabled", BETA_MESSAGE, close_code=4000)


class SessionConfig:
    """The effective session. `wire` is what session.created and session.updated show."""

    def __init__(self, session_id: str, model: str, expires_at: int) -> None:
        self.wire: Event = {
            "type": "realtime",
            "object": "realtime.session",
            "id": session_id,
            "model": model,
            "output_modalities": ["audio"],
            "instructions": "You are a helpful, witty, and friendly AI.",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "tracing": None,
            "truncation": "auto",
            "expires_at": expires_at,
            "audio": {
                "input": {
                    "format": {"type": PCM, "rate": 24000},
                    "transcription": None,
                    "noise_reduction": None,
                    "turn_detection": dict(_SERVER_VAD),
                },
                "output": {"format": {"type": PCM, "rate": 24000}, "voice": "alloy", "speed": 1.0},
            },
        }

    def update(self, patch: Any, *, has_spoken: bool) -> None:
        """Take the `session` of a session.update. Raises Refused and changes nothing when it is not in order."""
        if not isinstance(patch, dict):
            raise _missing("session")
        if "type" not in patch:
            raise beta_shape() if _BETA_FIELDS & patch.keys() else _missing("session.type")
        if patch["type"] != "realtime":
            message = f"Passing a {patch['type']!r} session update to a realtime session is not allowed."
            raise Refused("invalid_value", message, param="session.type")
        validate(RealtimeSessionCreateRequest, patch, "session")
        self._check(patch, has_spoken)
        merged = copy.deepcopy(self.wire)
        _merge(merged, patch)
        self.wire = merged

    def force_format(self, side: str, audio_format: str) -> None:
        """Use this format whatever was asked for; `side` is input or output."""
        rate = {"rate": 24000} if audio_format == PCM else {}
        self.wire["audio"][side]["format"] = {"type": audio_format, **rate}

    @property
    def instructions(self) -> str:
        """The session's instructions."""
        return str(self.wire["instructions"] or "")

    @property
    def input_format(self) -> str:
        """audio/pcmu, audio/pcma or audio/pcm."""
        return str(self.wire["audio"]["input"]["format"]["type"])

    @property
    def output_format(self) -> str:
        """audio/pcmu, audio/pcma or audio/pcm."""
        return str(self.wire["audio"]["output"]["format"]["type"])

    @property
    def turn_detection(self) -> Event | None:
        """Effective turn detection, or None when the client ends turns itself."""
        found: Event | None = self.wire["audio"]["input"]["turn_detection"]
        return found

    @property
    def transcribes(self) -> bool:
        """Whether the caller's turns are transcribed."""
        return self.wire["audio"]["input"]["transcription"] is not None

    def _check(self, patch: Event, has_spoken: bool) -> None:
        audio = patch.get("audio") or {}
        _check_turn_detection((audio.get("input") or {}).get("turn_detection") or {})
        _check_transcription((audio.get("input") or {}).get("transcription") or {})
        output = audio.get("output") or {}
        if "model" in patch and patch["model"] != self.wire["model"]:
            raise Refused("invalid_value", "The session's model cannot be changed.", param="session.model")
        if "voice" in output and has_spoken and output["voice"] != self.wire["audio"]["output"]["voice"]:
            message = "Cannot update a conversation's voice if assistant audio is present."
            raise Refused("cannot_update_voice", message, param="session.audio.output.voice")
        if "speed" in output:
            _within(output["speed"], 0.25, 1.5, "session.audio.output.speed")
        check_common(patch, "session")
        reasons = "reasoning" in patch or "parallel_tool_calls" in patch
        model = str(self.wire["model"])
        if reasons and (model == "gpt-realtime" or model.startswith(_NO_REASONING)):
            message = f"Reasoning settings are not supported by {model!r}."
            raise Refused("unsupported_parameter", message, param="session.reasoning")


def silence_ms(turn_detection: Event) -> float:
    """How much silence ends a turn."""
    if turn_detection["type"] == "semantic_vad":
        return _SEMANTIC_SILENCE_MS[turn_detection["eagerness"]]
    return float(turn_detection["silence_duration_ms"])


def check_response(params: Any) -> Event:
    """The `response` of a response.create, checked. Raises Refused."""
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Refused("invalid_type", "Invalid type for 'response': expected an object.", param="response")
    given = params.get("input") or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise Refused("invalid_type", "Invalid type for 'response.input'.", param="response.input")
    own_input = [item for item in given if item.get("type") != "item_reference"]
    validate(RealtimeResponseCreateParams, {**params, "input": own_input}, "response")
    check_common(params, "response")
    return params


def check_common(patch: Event, where: str) -> None:
    """Modalities and token limits, as sessions and responses share them."""
    if "output_modalities" in patch and patch["output_modalities"] not in (["audio"], ["text"]):
        message = f"Invalid modalities: {patch['output_modalities']}. Supported: ['text'] and ['audio']."
        raise Refused("invalid_value", message, param=f"{where}.output_modalities")
    limit = patch.get("max_output_tokens")
    if isinstance(limit, int):
        _within(limit, 1, 4096, f"{where}.max_output_tokens")


def validate(model: type[BaseModel], value: Event, where: str) -> BaseModel:
    """Check a value against one of the openai package's types; raises Refused for a wrong or an unknown
    field.
    """
    try:
        parsed = model.model_validate(value)
    except ValidationError as exc:
        first = exc.errors()[0]
        path = _path(first["loc"], value, where)
        code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
        raise Refused(code, f"Invalid value for {path!r}: {first['msg']}.", param=path) from exc
    unknown = _unknown(parsed, where)
    if unknown:
        raise Refused("unknown_parameter", f"Unknown parameter: {unknown!r}.", param=unknown)
    return parsed


def _path(loc: tuple[int | str, ...], value: Any, path: str) -> str:
    """Where in the value an error lies, without the names of types that pydantic puts between."""
    for part in loc:
        if isinstance(part, int) and isinstance(value, list):
            value, path = value[part], f"{path}[{part}]"
        elif isinstance(value, dict) and (part in value or part == loc[-1]):
            value, path = value.get(part), f"{path}.{part}"
    return path


def _unknown(model: BaseModel, path: str) -> str | None:
    for name in model.model_extra or {}:
        return f"{path}.{name}"
    for name in model.model_fields_set - _FREE_FORM:
        value = getattr(model, name)
        if isinstance(value, BaseModel) and (found := _unknown(value, f"{path}.{name}")):
            return found
    return None


def _check_turn_detection(wanted: Event) -> None:
    where = "session.audio.input.turn_detection"
    if wanted and "type" not in wanted:
        raise _missing(f"{where}.type")
    if "threshold" in wanted:
        _within(wanted["threshold"], 0.0, 1.0, f"{where}.threshold")
    if wanted.get("idle_timeout_ms") is not None:
        _within(wanted["idle_timeout_ms"], 5000, 30000, f"{where}.idle_timeout_ms")


def _check_transcription(wanted: Event) -> None:
    where = "session.audio.input.transcription"
    for name in ("languages", "keywords"):
        if name in wanted and not str(wanted.get("model", "")).startswith(_LANGUAGE_LISTS):
            message = f"{name!r} is not supported by transcription model {wanted.get('model')!r}."
            raise Refused("unsupported_parameter", message, param=f"{where}.{name}")


def _missing(param: str) -> Refused:
    return Refused("missing_required_parameter", f"Missing required parameter: '{param}'.", param=param)


def _within(value: float, low: float, high: float, param: str) -> None:
    if not low <= value <= high:
        code = "decimal_above_max_value" if value > high else "decimal_below_min_value"
        raise Refused(code, f"Invalid {param!r}: {value} is outside {low}..{high}.", param=param)


def _merge(into: Event, patch: Event) -> None:
    """Only what is there changes; turn detection of another type starts from that type's defaults."""
    for name, value in patch.items():
        if value is None and name in _NEVER_NULL:
            continue
        if name == "turn_detection" and value is not None:
            into[name] = _turn_detection(into[name], value)
        elif isinstance(value, dict) and isinstance(into.get(name), dict) and name != "format":
            _merge(into[name], value)
        else:
            into[name] = copy.deepcopy(value)


def _turn_detection(old: Event | None, wanted: Event) -> Event:
    base = _SERVER_VAD if wanted["type"] == "server_vad" else _SEMANTIC_VAD
    kept = old if old and old["type"] == wanted["type"] else base
    return {**kept, **wanted}
