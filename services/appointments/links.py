"""The link that a customer gets about an appointment: signed, with an end, and the same whenever it is made. Pure.

It opens one appointment and nothing else. No copy of it is stored: a message is given it at the moment of sending.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, BadSignature, Signer, URLSafeTimedSerializer

# After the appointment's end it still says that the appointment is over.
LIFE_AFTER = timedelta(days=7)
FORM_LIFE = timedelta(hours=2)
_VALUE = re.compile(r"(\d{1,18})-(\d{1,9})")
_HOUR_S = 3600


class LinkOver(Exception):
    """We signed this link, and its time is over."""


def ends_at(appointment_ends_at: datetime) -> datetime:
    """Until when a link that is sent now works."""
    return appointment_ends_at + LIFE_AFTER


def link_path(keys: Sequence[bytes], appointment_id: int, until: datetime) -> str:
    """The link's address, without the host. keys: of the installation, oldest first; the last one signs.

    The end is rounded up to a whole hour, so that an SMS has room for other things.
    """
    hour = -int(-until.timestamp() // _HOUR_S)
    return f"/a/{_signer(keys).sign(f'{appointment_id}-{hour}').decode()}"


def read_token(keys: Sequence[bytes], token: str, now: datetime) -> int | None:
    """The appointment of a link; None when we did not sign it. Raises LinkOver."""
    try:
        value = _VALUE.fullmatch(_signer(keys).unsign(token).decode())
    except (BadSignature, UnicodeDecodeError):
        return None
    if value is None:
        return None
    if now >= datetime.fromtimestamp(int(value[2]) * _HOUR_S, UTC):
        raise LinkOver
    return int(value[1])


def form_token(keys: Sequence[bytes], appointment_id: int, sequence: int) -> str:
    """What a form of the link's page carries: of which appointment, and how it stood when the page was made."""
    return str(_form_signer(keys).dumps([appointment_id, sequence]))


def read_form_token(keys: Sequence[bytes], token: str, appointment_id: int) -> int | None:
    """The sequence of the appointment when the form was made; None when it is no form of it, or too old."""
    try:
        of, sequence = _form_signer(keys).loads(token, max_age=int(FORM_LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        return None
    return sequence if of == appointment_id and isinstance(sequence, int) else None


def _signer(keys: Sequence[bytes]) -> Signer:
    return Signer(list(keys), salt="customer-link", digest_method=hashlib.sha256)


def _form_signer(keys: Sequence[bytes]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(keys), salt="customer-form", signer_kwargs={"digest_method": hashlib.sha256})
