"""What Google refuses before it hears or says anything, in its own words. Pure: requests in, refusals raised.

The texts of statuses are those that Google's users report; where none was found the text only says what is wrong.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import grpc

from sandbox.google.voices import VOICES, is_streaming

MOST_PHRASES = 5_000
LONGEST_PHRASE = 100
LONGEST_TEXT_BYTES = 5_000
LARGEST_CHUNK_BYTES = 25 * 1024

_LINEAR16, _MULAW = 1, 3
_HEBREW = {"he-IL": "iw-IL", "iw-IL": "iw-IL"}
_FOR_EVERY_LANGUAGE = {"", "default", "command_and_search", "latest_long"}
_MODELS = _FOR_EVERY_LANGUAGE | {"phone_call", "video", "latest_short", "telephony", "telephony_short"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}")
_SLOWEST, _FASTEST = 0.25, 2.0

ONE_CONFIG = "Malordered Data Received. Send exactly one config, followed by audio data."
TOO_LONG = "Invalid audio content: too long."


class Refusal(Exception):
    """The request is ended with this status."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


def invalid(details: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, details)


def check_recognition(request: Any) -> None:
    """The first message of a recognition stream. Raises Refusal."""
    if request.WhichOneof("streaming_request") != "streaming_config":
        raise invalid(ONE_CONFIG)
    config = request.streaming_config.config
    if config.encoding not in (_LINEAR16, _MULAW):
        raise invalid("Invalid recognition 'config': bad encoding..")
    if not 8_000 <= config.sample_rate_hertz <= 48_000:
        raise invalid("Invalid recognition 'config': bad sample rate hertz.")
    if not _LANGUAGE.fullmatch(config.language_code):
        raise invalid("Invalid recognition 'config': bad language code.")
    if config.model not in _MODELS:
        raise invalid(f"Invalid recognition 'config': Incorrect model specified: {config.model}.")
    hebrew = _HEBREW.get(config.language_code)
    if hebrew and config.model not in _FOR_EVERY_LANGUAGE:
        told = "The requested model is currently not supported for language"
        raise invalid(f"Invalid recognition 'config': {told} : {hebrew}.")
    _check_phrases([phrase for context in config.speech_contexts for phrase in context.phrases])


def _check_phrases(phrases: list[str]) -> None:
    if len(phrases) > MOST_PHRASES:
        raise invalid(f"Invalid recognition 'config': more than {MOST_PHRASES} phrases in speech contexts.")
    if any(len(phrase) > LONGEST_PHRASE for phrase in phrases):
        raise invalid(f"Invalid recognition 'config': a phrase is longer than {LONGEST_PHRASE} characters.")


def check_chunk(request: Any) -> bytes:
    """The sound of any later message. Raises Refusal."""
    if request.WhichOneof("streaming_request") == "streaming_config":
        raise invalid(ONE_CONFIG)
    if len(request.audio_content) > LARGEST_CHUNK_BYTES:
        raise invalid(TOO_LONG)
    return bytes(request.audio_content)


def check_voice(voice: Any) -> None:
    """Language and name of a voice. Raises Refusal."""
    if not voice.language_code:
        raise invalid("Invalid value for voice.language_code: it must be set.")
    if not voice.name:
        if not any(voice.language_code in one.language_codes for one in VOICES.values()):
            raise invalid(f"This language code, {voice.language_code}, is not supported.")
        return
    known = VOICES.get(voice.name)
    if known is None:
        raise invalid(f"Voice '{voice.name}' does not exist. Is it misspelled?")
    if voice.language_code not in known.language_codes:
        told = f"Requested language code '{voice.language_code}' doesn't match the voice '{voice.name}''s language code"
        raise invalid(f"{told} '{known.language_codes[0]}'. Either use a different voice or a different language.")


def check_streaming_voice(voice: Any) -> None:
    """The same for a stream. Raises Refusal."""
    check_voice(voice)
    if not is_streaming(voice.name):
        raise invalid("Currently, only Chirp 3: HD voices are supported for streaming synthesis.")


def check_rate(rate: float) -> None:
    """`speaking_rate`; 0 is not set. Raises Refusal."""
    if rate and not _SLOWEST <= rate <= _FASTEST:
        raise invalid(f"Invalid speaking_rate: {rate:g}. It must be between {_SLOWEST} and {_FASTEST}.")


def check_text(text: str) -> None:
    """Of one synthesis request. Raises Refusal."""
    if not text.strip():
        raise invalid("Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes, or is empty.")
    if len(text.encode()) > LONGEST_TEXT_BYTES:
        raise invalid(f"Either `input.text` or `input.ssml` is longer than the limit of {LONGEST_TEXT_BYTES} bytes.")


def text_of_ssml(ssml: str) -> str:
    """The words of a speak element. Raises Refusal."""
    try:
        root = ElementTree.fromstring(ssml)
    except ElementTree.ParseError:
        raise invalid("Invalid SSML. Newer voices like Neural2 require valid SSML.") from None
    if root.tag != "speak":
        raise invalid("Invalid SSML. Newer voices like Neural2 require valid SSML.")
    return " ".join(" ".join(root.itertext()).split())
