"""Asking Google for a person's calendar: OAuth 2.0 with PKCE (RFC 7636). Pure.

The verifier is never stored: it is made of our own key and of the state, which the browser carries.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode

# Events of the chosen calendar, and the names of the calendars to choose from. Nothing else of the account.
SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
)


def verifier_of(key: bytes, state: str) -> str:
    """43 characters that only we can make of a state."""
    return _unpadded(hmac.digest(key, b"calendar grant:" + state.encode(), "sha256"))


def challenge_of(verifier: str) -> str:
    """What goes through the browser instead of the verifier."""
    return _unpadded(sha256(verifier.encode()).digest())


def consent_url(
    address: str, *, client_id: str, redirect_uri: str, state: str, verifier: str, account: str = ""
) -> str:
    """Where the owner is sent to allow it. account: whom Google should offer first."""
    asked: Mapping[str, str] = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        # Without these there is no refresh token when the person has allowed it once before.
        "access_type": "offline",
        "prompt": "consent",
        **({"login_hint": account} if account else {}),
    }
    return f"{address}?{urlencode(asked)}"


def _unpadded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
