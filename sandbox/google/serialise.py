"""How messages of both services become bytes; a fault may send bytes that are no message."""

from __future__ import annotations

from typing import Any

GARBAGE = b"\xff\xff\xff\xff no message"


def serialise(message: Any) -> bytes:
    """A message's bytes; what is bytes already is sent as it stands."""
    return message if isinstance(message, bytes) else bytes(message.SerializeToString())
