"""Twilio's request fields, read strictly: what is missing or impossible is refused before anything happens. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CALL_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
DIAL_ANSWERED = frozenset({"completed", "answered"})

_SID = re.compile(r"[A-Za-z0-9_-]{2,64}")
_E164 = re.compile(r"\+[1-9]\d{4,14}")


class BadForm(Exception):
    """A field that must be there is missing or cannot be what it says; the message names the field."""


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """`caller` is E.164, or "" when it is withheld or not a number."""

    call_sid: str
    caller: str
    dialled: str


def read_incoming_call(form: Mapping[str, str]) -> IncomingCall:
    """The fields of an incoming call. Raises BadForm."""
    _required(form, "From")
    dialled = read_number(_required(form, "To"))
    return IncomingCall(read_call_sid(form), read_number(form["From"]), dialled)


def read_call_sid(form: Mapping[str, str]) -> str:
    """Raises BadForm."""
    sid = _required(form, "CallSid")
    if not _SID.fullmatch(sid):
        raise BadForm("CallSid")
    return sid


def read_word(form: Mapping[str, str], field: str) -> str:
    """A short word such as a status. Raises BadForm."""
    word = _required(form, field)
    if not _SID.fullmatch(word):
        raise BadForm(field)
    return word


def read_number(raw: str) -> str:
    """E.164, or "" for anything else (`anonymous`, `client:anna`). A plus that became a space is read as a plus."""
    number = "+" + raw.strip().removeprefix("+")
    return number if _E164.fullmatch(number) else ""


def _required(form: Mapping[str, str], field: str) -> str:
    value = form.get(field, "").strip()
    if not value:
        raise BadForm(field)
    return value
