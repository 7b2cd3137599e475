"""What may never stand in a log line in the clear: phone numbers, and fields that hold people's words or names.

Pure. Names and transcripts cannot be recognised in free text, so the rule is that they are never put there; the keys
below catch the field that somebody adds without thinking.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

HIDDEN = "(hidden)"
HIDDEN_KEYS = frozenset(
    {
        "transcript",
        "text",
        "said",
        "caller",
        "caller_name",
        "customer",
        "customer_name",
        "phone",
        "body",
        "from_",
        "token",
    }
)

# A number is not part of a longer word: call ids are hexadecimal and hold runs of digits, measurements hold a point.
_PHONE = re.compile(
    r"(?:\+|%2B)\d(?:[\s().-]{0,2}\d){6,14}(?!\w)"  # international, however it is spaced
    r"|(?<![\w.])972(?:[\s.-]?\d){8,9}(?!\w)"  # international without its plus
    r"|(?<![\w.])0(?:5\d|7\d|[23489])[\s-]?\d{3}[\s-]?\d{4}(?!\w)"  # Israeli national
)


def mask_phones(text: str) -> str:
    """`text` with every phone number reduced to its last two digits."""
    return _PHONE.sub(lambda match: f"<phone ..{match.group()[-2:]}>", text)


def hide_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: fields that hold personal data keep their name and lose their value."""
    for key in HIDDEN_KEYS & event.keys():
        event[key] = HIDDEN
    return event
