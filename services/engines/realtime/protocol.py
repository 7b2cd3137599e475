"""The OpenAI Realtime dialect (GA): client events as dictionaries, server events as typed values. Pure.

The flat names of the retired beta are understood when reading, never written. Field names: openai package,
types/realtime; https://platform.openai.com/docs/guides/realtime-conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.engines import interface as e
from services.engines.audio_convert import PCM, PCMA, PCMU

EventDict = dict[str, Any]

# What the retired dialect called them.
_OLD_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
}
_OLD_FORMATS: dict[Any, str] = {"g711_ulaw": PCMU, "g711_alaw": PCMA, "pcm16": PCM, None: PCM}
# These end the session for good: a new one with the same configuration would end the same way.
FATAL_CODES = frozenset({"beta_api_shape_disabled", "invalid_api_key", "insufficient_quota", "model_not_found"})
# The session is over but another one may be opened.
SESSION_OVER_CODES = frozenset({"session_expired"})
AUDIO_TOKEN_S = 0.1  # of a caller's sound; https://developers.openai.com/api/docs/guides/realtime-costs
MAX_AMOUNT = 1e9  # tokens or seconds of one event; more is a mistake
MAX_TOKENS_RANGE = (200, 600)
USUAL_TOKENS_RANGE = (280, 320)  # fewer cut many answers, more let the agent go on and on


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a model session is configured with. `endpointing`: server_vad, semantic_vad (with its `eagerness`: low,
    medium, high, auto) or local. `noise_reduction`: none, near_field or far_field. `max_output_tokens`: of one answer,
    within MAX_TOKENS_RANGE."""

    model: str
    instructions: str
    voice: str
    transcription_model: str
    transcription_language: str | None = None  # ISO 639-1; None: detected
    keywords: tuple[str, ...] = ()
    supports_keywords: bool = True
    is_reasoning: bool = True
    endpointing: str = "server_vad"
    eagerness: str = "auto"
    noise_reduction: str = "none"
    vad_threshold: float = 0.4
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    max_output_tokens: int = 300
    speed: float = 1.0


def session_update(config: SessionConfig) -> EventDict:
    """mu-law both ways, answers asked for by us (X6), transcription on, no tools (A1)."""
    transcription: EventDict = {"model": config.transcription_model}
    if config.transcription_language:
        if config.supports_keywords:
            transcription["languages"] = [config.transcription_language]
        else:
            transcription["language"] = config.transcription_language
    if config.keywords and config.supports_keywords:
        transcription["keywords"] = list(config.keywords)
    session: EventDict = {
        "type": "realtime",
        "instructions": config.instructions,
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": PCMU},
                "transcription": transcription,
                "noise_reduction": _noise_reduction(config),
                "turn_detection": _turn_detection(config),
            },
            "output": {"format": {"type": PCMU}, "voice": config.voice, "speed": config.speed},
        },
        "tools": [],
        "max_output_tokens": config.max_output_tokens,
    }
    if config.is_reasoning:
        session["reasoning"] = {"effort": "minimal"}
    return {"type": "session.update", "event_id": "configure", "session": session}


def _turn_detection(config: SessionConfig) -> EventDict | None:
    ours = {"create_response": False, "interrupt_response": False}
    if config.endpointing == "local":
        return None
    if config.endpointing == "semantic_vad":
        return {"type": "semantic_vad", "eagerness": config.eagerness, **ours}
    return {
        "type": "server_vad",
        "threshold": config.vad_threshold,
        "prefix_padding_ms": config.prefix_padding_ms,
        "silence_duration_ms": config.silence_duration_ms,
        **ours,
    }


def _noise_reduction(config: SessionConfig) -> EventDict | None:
    return None if config.noise_reduction == "none" else {"type": config.noise_reduction}


def append_audio(payload: str) -> bytes:
    """The hot one, 50 times a second: finished bytes. `payload` is base64 and needs no escaping."""
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % payload.encode("ascii")


def commit() -> EventDict:
    return {"type": "input_audio_buffer.commit"}


def response_create(instructions: str | None) -> EventDict:
    event: EventDict = {"type": "response.create"}
    if instructions:
        event["response"] = {"instructions": instructions}
    return event


def response_cancel(response_id: str) -> EventDict:
    return {"type": "response.cancel", "response_id": response_id}


def truncate(item_id: str, audio_end_ms: int) -> EventDict:
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": 0,
        "audio_end_ms": audio_end_ms,
    }


def delete_item(item_id: str) -> EventDict:
    return {"type": "conversation.item.delete", "item_id": item_id}


def message_item(role: str, text: str) -> EventDict:
    """role: system (a [SERVER] fact), user or assistant (re-creating a conversation)."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": role, "content": [{"type": kind, "text": text}]},
    }


def parse(event: EventDict) -> e.EngineEvent | None:
    """A typed event; None for what no one needs (or does not know). Raises nothing on missing or odd fields."""
    kind = event.get("type", "")
    if not isinstance(kind, str):
        return None
    reader = _READERS.get(kind) or _READERS.get(_OLD_NAMES.get(kind, ""))
    if reader is None:
        return None
    try:
        return reader(event)
    except (KeyError, TypeError, ValueError, AttributeError):
        return e.EngineError("unreadable_event", f"{kind} lacks a field or has it of another type", fatal=False)


def _session(event: EventDict) -> e.SessionReady:
    """The formats that are in force, whichever dialect tells them."""
    session = event["session"]
    audio = session.get("audio") or {}
    return e.SessionReady(
        _format((audio.get("input") or {}).get("format", session.get("input_audio_format"))),
        _format((audio.get("output") or {}).get("format", session.get("output_audio_format"))),
    )


def _format(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("type", ""))
    return _OLD_FORMATS.get(value, str(value))


def _error(event: EventDict) -> e.EngineError:
    error = event.get("error") or {}
    code = str(error.get("code") or error.get("type") or "unknown")
    about = error.get("event_id")
    about = about if isinstance(about, str) else None
    return e.EngineError(code, str(error.get("message", "")), code in FATAL_CODES, about)


def _response_done(event: EventDict) -> e.ResponseDone:
    response = event["response"]
    details = response.get("status_details") or {}
    error = details.get("error") or {}
    return e.ResponseDone(
        _text(response["id"]),
        str(response.get("status", "completed")),
        str(details.get("reason") or ""),
        str(error.get("code") or error.get("type") or ""),
        _usage(response.get("usage")),
    )


def _usage(usage: Any) -> e.Usage:
    given, made = _part(usage, "input_token_details"), _part(usage, "output_token_details")
    cached = _part(given, "cached_tokens_details") or _split(_amount(given, "cached_tokens"), given)
    return e.Usage(
        *(int(_amount(part, kind)) for part in (given, cached, made) for kind in ("text_tokens", "audio_tokens"))
    )


def _split(cached: float, given: EventDict) -> EventDict:
    """Text comes first in a conversation, and what comes first is cached."""
    text = min(cached, _amount(given, "text_tokens"))
    return {"text_tokens": text, "audio_tokens": min(cached - text, _amount(given, "audio_tokens"))}


def _transcript(event: EventDict) -> e.CallerTranscript:
    return e.CallerTranscript(
        _text(event["item_id"]), str(event.get("transcript") or ""), _transcribed_s(event.get("usage"))
    )


def _transcribed_s(usage: Any) -> float:
    """Some models are billed by time and say so, others count tokens of AUDIO_TOKEN_S each."""
    if _part(usage).get("type") == "duration":
        return _amount(usage, "seconds")
    return AUDIO_TOKEN_S * _amount(_part(usage, "input_token_details"), "audio_tokens")


def _part(value: Any, name: str = "") -> EventDict:
    """A table in what the provider counted; empty where it is missing or something else: no words are lost for it."""
    found = _part(value).get(name) if name else value
    return found if isinstance(found, dict) else {}


def _amount(value: Any, name: str) -> float:
    amount = _part(value).get(name)
    return amount if isinstance(amount, (int, float)) and 0 <= amount <= MAX_AMOUNT else 0


def _failed_transcript(event: EventDict) -> e.TranscriptFailed:
    return e.TranscriptFailed(_text(event["item_id"]), str((event.get("error") or {}).get("message", "")))


def _text(value: Any) -> str:
    """What must be text: an id is looked up, sound is decoded. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _of_item(event: EventDict) -> tuple[str, str]:
    return _text(event["response_id"]), _text(event["item_id"])


_READERS: dict[str, Callable[[EventDict], e.EngineEvent]] = {
    "session.updated": _session,
    "input_audio_buffer.speech_started": lambda v: e.SpeechStarted(
        _text(v["item_id"]), int(v.get("audio_start_ms") or 0)
    ),
    "input_audio_buffer.speech_stopped": lambda v: e.SpeechStopped(
        _text(v["item_id"]), int(v.get("audio_end_ms") or 0)
    ),
    "input_audio_buffer.committed": lambda v: e.TurnCommitted(_text(v["item_id"])),
    "conversation.item.input_audio_transcription.completed": _transcript,
    "conversation.item.input_audio_transcription.failed": _failed_transcript,
    "response.created": lambda v: e.ResponseStarted(_text(v["response"]["id"])),
    "response.output_audio.delta": lambda v: e.AudioDelta(*_of_item(v), _text(v["delta"])),
    "response.output_audio.done": lambda v: e.AudioDone(*_of_item(v)),
    "response.output_audio_transcript.delta": lambda v: e.AgentTextDelta(*_of_item(v), _text(v["delta"])),
    "response.output_audio_transcript.done": lambda v: e.AgentText(*_of_item(v), _text(v["transcript"])),
    "response.done": _response_done,
    "error": _error,
}
