"""A code of six digits that goes out by SMS: made, kept as a salted hash with its end, compared (S5).

Whoever can read the row can also read the message that carries it; the hash keeps it out of what is shown and logged.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

DIGITS = 6
LIFE = timedelta(minutes=10)
_ROUNDS = 1000  # under a millisecond


def new(now: datetime) -> tuple[str, str]:
    """A fresh code, and what is kept of it."""
    code, salt = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", secrets.token_hex(8)
    return code, f"{(now + LIFE).isoformat()}|{salt}|{_hashed(code, salt)}"


def fits(kept: str, given: str, now: datetime) -> bool:
    """Whether `given` is the code that `kept` was made of, and its time is not over."""
    until, salt, known = kept.split("|")
    return hmac.compare_digest(_hashed(given, salt), known) and now < datetime.fromisoformat(until)


def _hashed(code: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), _ROUNDS).hex()
