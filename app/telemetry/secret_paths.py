"""Addresses that open something by themselves, as logs may show them. Standard library only: gunicorn's own lines go
through here before gevent patches anything."""

from __future__ import annotations

import re

# A customer's appointment, a calendar's feed, an invitation, a new password.
_SECRET = re.compile(r"(?<=/)(a|calendar|invitation|reset)/[\w.~%-]{16,}")


def hide_secret_paths(text: str) -> str:
    """`text` with "/a/…" instead of the whole address."""
    return _SECRET.sub(r"\1/…", text)
