"""The service account's key as operators paste it, and where the services are (C9). Pure.

What is wrong is told in one line that never holds anything of the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SPEECH, TTS = "speech.googleapis.com:443", "texttospeech.googleapis.com:443"
INSECURE = "insecure:"
_NEEDED = ("project_id", "private_key_id", "private_key", "client_email", "token_uri")
_BEGINS, _ENDS = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"


class BadCredentials(Exception):
    """The text is no usable key; the message says why, and nothing of it."""


def read_service_account(text: str) -> dict[str, Any]:
    """The fields of a service account's key. Line breaks in it may be real, escaped, or escaped twice."""
    stripped = text.strip()
    if not stripped.startswith("{"):
        raise BadCredentials("it must be the JSON text itself, beginning with { (a file's name is not read)")
    try:
        info = json.loads(stripped, strict=False)
    except json.JSONDecodeError as error:
        raise BadCredentials(f"it is no whole JSON object ({error.msg.lower()} at character {error.pos})") from None
    if info.get("type") != "service_account":
        raise BadCredentials('its "type" is not "service_account": create a key of a service account')
    missing = [name for name in _NEEDED if not isinstance(info.get(name), str) or not info[name].strip()]
    if missing:
        raise BadCredentials(f"it has no {', '.join(missing)}")
    info["private_key"] = _repaired(info["private_key"])
    return dict(info)


def _repaired(key: str) -> str:
    """The PEM text with its line breaks, however often they were escaped on the way."""
    while "\\n" in key:
        key = key.replace("\\n", "\n").replace("\\\n", "\n")
    lines = [line.strip() for line in key.replace("\r", "\n").split("\n") if line.strip()]
    if len(lines) < 3 or lines[0] != _BEGINS or lines[-1] != _ENDS:
        raise BadCredentials("its private_key is not whole: BEGIN line, key and END line are needed")
    return "\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """HOST:PORT. is_insecure: plain text without credentials, for development."""

    target: str
    is_insecure: bool = False

    @property
    def host(self) -> str:
        return self.target.rpartition(":")[0]


def read_endpoint(text: str | None, usual: str) -> Endpoint:
    """HOST:PORT, or insecure:HOST:PORT."""
    if not text:
        return Endpoint(usual)
    return Endpoint(text.removeprefix(INSECURE), text.startswith(INSECURE))
