"""Twilio's request fields, read strictly: what is missing or impossible is refused before anything happens. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.language.phone_numbers import is_e164

_FULLY_ATTESTED = "TN-Validation-Passed-A"
_WHATSAPP = "whatsapp:"
_SID = re.compile(r"[A-Za-z0-9_-]{2,64}")


class BadForm(Exception):
    """A field that must be there is missing or cannot be what it says; the message names the field."""


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """`caller` is E.164, or "" when it is withheld or not a number. `attested`: its carrier vouches for it (S5)."""

    call_sid: str
    caller: str
    dialled: str
    attested: bool


def read_incoming_call(form: Mapping[str, str]) -> IncomingCall:
    """The fields of an incoming call. Raises BadForm."""
    _required(form, "From")
    dialled = read_number(_required(form, "To"))
    attested = form.get("StirVerstat") == _FULLY_ATTESTED
    return IncomingCall(read_call_sid(form), read_number(form["From"]), dialled, attested)


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """`sender` is E.164, or "" when it is not a number. `channel`: "sms" or "whatsapp". `twilio_says`: STOP, START or
    HELP where Twilio took the message for that itself."""

    sid: str
    sender: str
    to: str
    text: str
    channel: str
    media_count: int
    twilio_says: str


def read_incoming_message(form: Mapping[str, str]) -> IncomingMessage:
    """The fields of an incoming SMS or WhatsApp message; what came with it is counted and left where it is. Raises
    BadForm."""
    sid, to = read_word(form, "MessageSid"), _required(form, "To")
    channel = "whatsapp" if to.startswith(_WHATSAPP) else "sms"
    return IncomingMessage(
        sid=sid,
        sender=read_number(_required(form, "From").removeprefix(_WHATSAPP)),
        to=read_number(to.removeprefix(_WHATSAPP)),
        text=form.get("Body", ""),
        channel=channel,
        media_count=_small_count(form.get("NumMedia", "")),
        twilio_says=form.get("OptOutType", "")[:16],
    )


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """What became of a message that we sent. `number`: where it went, E.164."""

    sid: str
    status: str
    number: str


def read_message_status(form: Mapping[str, str]) -> MessageStatus:
    """Raises BadForm."""
    number = read_number(_required(form, "To").removeprefix(_WHATSAPP))
    return MessageStatus(read_word(form, "MessageSid"), read_word(form, "MessageStatus"), number)


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
    return number if is_e164(number) else ""


def _required(form: Mapping[str, str], field: str) -> str:
    value = form.get(field, "").strip()
    if not value:
        raise BadForm(field)
    return value


def _small_count(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0
