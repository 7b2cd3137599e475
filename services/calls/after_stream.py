"""What follows a call's stream: a transfer, a voice message, and with them the call's end (L10).

Twilio tells how each ended, sometimes twice and in any order with its report that the call is over. Every function
runs in the transaction of the calling code, on a call whose row it holds, and may run again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from services.calls.voice_messages import add_message
from services.db.models import AWAITED, Call, CallStatus, NextStep

MESSAGE_LEFT = "left"
# A transfer that our own rules forbid (services/accounts/reach.py).
REFUSED = "refused"
_RECORDING = re.compile(r"RE\w{1,60}", re.ASCII)
_DAY_S = 24 * 3600


def recording_sid(form: Mapping[str, str]) -> str:
    """Twilio's id of a recorded message, from its field or from the end of its address; "" when there is none."""
    sid = form.get("RecordingSid") or form.get("RecordingUrl", "").rpartition("/")[2]
    return sid if _RECORDING.fullmatch(sid) else ""


def read_seconds(form: Mapping[str, str], field: str) -> int:
    """A length in whole seconds; 0 when it is not told."""
    text = form.get(field, "")
    return min(int(text), _DAY_S) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def begin_message(call: Call) -> None:
    """The caller will be asked for a message."""
    call.next_step, call.message_status = NextStep.VOICEMAIL, call.message_status or AWAITED


def transfer_ended(call: Call, status: str, seconds: int) -> bool:
    """How a transfer went, in Twilio's words; False when that was known."""
    if call.transfer_status not in (None, AWAITED):
        return False
    call.transfer_status, call.transfer_s = status, seconds
    return True


def message_left(session: Session, call: Call, sid: str, seconds: int, now: datetime) -> bool:
    """The caller left a message; False when that was known. A call that was summed up without it is summed up again."""
    if not sid:
        return False
    call.message_status = MESSAGE_LEFT
    is_new = add_message(session, call, sid, seconds, now)
    if is_new:
        call.wrapped_up_at = None
    return is_new


def end_call(call: Call, now: datetime) -> None:
    """Nothing follows any more."""
    call.status, call.ended_at = CallStatus.ENDED, call.ended_at or now
