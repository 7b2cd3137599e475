"""What of a log line is nobody else's business: telephone numbers, e-mail addresses, queries of addresses, fields that
hold people's words, and the messages of exceptions that quote what they stumbled over (D4).

Names and words cannot be recognised in free text, so the rule is that they are never put there. What this catches is
the field that somebody adds without thinking, and the text that a library makes of a value it did not like.
"""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from app.telemetry.secret_paths import hide_secret_paths

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
        "name",
        "phone",
        "email",
        "notes",
        "summary",
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
_EMAIL = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
# What was searched for, or the key of somebody's webhook.
_QUERY = re.compile(r"(?<=[\w/])\?[\w.~%-]+=[^\s\"'<>]*")
# What PostgreSQL adds to an error: the row or the value that it refused.
_ROW = re.compile(r"^(?:DETAIL|CONTEXT):.*$", re.MULTILINE)
_VALUE = re.compile(r': "[^"]*"')
# These quote the value they could not use. Where they were raised says enough.
_QUOTING = (ValueError, LookupError)
_DATABASE = (SQLAlchemyError, psycopg.Error, sqlite3.Error)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def redacted(text: str) -> str:
    """`text` without telephone numbers, e-mail addresses, queries, and the secret part of addresses."""
    return hide_secret_paths(_QUERY.sub("?…", _EMAIL.sub("<email>", mask_phones(text))))


def mask_phones(text: str) -> str:
    """`text` with every phone number reduced to its last two digits."""
    return _PHONE.sub(lambda match: f"<phone ..{match.group()[-2:]}>", text)


def hide_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: fields that hold personal data keep their name and lose their value."""
    for key in HIDDEN_KEYS & event.keys():
        event[key] = HIDDEN
    return event


def format_exception(exc_info: ExcInfo) -> str:
    """A traceback with its causes, oldest first. Messages that may quote a value are left out."""
    parts = []
    for error in reversed(list(chain(exc_info[1]))):
        stack = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{stack}{told(error)}")
    return "\n\n".join(parts)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, and what it came from, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def told(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - outermost level of logging: an exception that cannot be shown
        message = HIDDEN
    if isinstance(error, _DATABASE):
        message = _VALUE.sub(': "…"', _ROW.sub("", message)).strip()
    elif isinstance(error, _QUOTING) and not kind.__module__.startswith(("app.", "media.", "services.")):
        message = HIDDEN
    return f"{name}: {message}" if message else name
