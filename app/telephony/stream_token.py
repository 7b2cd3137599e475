"""The one-time token that opens the media socket: signed for one call of one business, short-lived (SPEC W4).

Pure. The signature says that we made it; that it is used once is the database's part (`claim_stream`
compares the nonce). URL-safe text under 400 characters, so that it fits a TwiML <Parameter> with room to spare.

Not itsdangerous: its decoding takes several spellings of one signature for the same, here exactly one is genuine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_CHARS = 400
MASKED = "***"

_PART = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PURPOSE = b"media-stream-token.1"


@dataclass(frozen=True, slots=True)
class StreamToken:
    """What a genuine token says."""

    call_sid: str
    business_id: int
    nonce: str


def mint(secret: bytes, call_sid: str, business_id: int, nonce: str, expires_at: datetime) -> str:
    """A token for one stream. The same arguments give the same token, so a repeated webhook gets the same answer.

    Raises ValueError when the call's id or the nonce holds anything but letters, digits, `_` and `-`.
    """
    if not _PART.fullmatch(call_sid) or not _PART.fullmatch(nonce):
        raise ValueError("a call id and a nonce are letters, digits, _ and -")
    claims = f"{call_sid}.{business_id}.{nonce}.{int(expires_at.timestamp())}"
    return f"{claims}.{_sign(secret, claims)}"


def verify(secret: bytes, token: str, call_sid: str, now: datetime) -> StreamToken | None:
    """The token's content; None when it is forged, damaged, expired or of another call."""
    if not token.isascii() or len(token) > MAX_CHARS:
        return None
    claims, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _sign(secret, claims)):
        return None
    sid, business_id, nonce, expires_at = claims.split(".")
    if sid != call_sid or now.astimezone(UTC).timestamp() >= int(expires_at):
        return None
    return StreamToken(sid, int(business_id), nonce)


def _sign(secret: bytes, claims: str) -> str:
    digest = hmac.new(secret, _PURPOSE + claims.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
