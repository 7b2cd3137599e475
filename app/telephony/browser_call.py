"""The telephone in the browser: a test call that speaks Twilio's protocol to the same media socket.

Twilio signs its upgrades, a browser cannot. In place of a signature the upgrade must come from our own page (Origin),
from somebody who is logged in and may change the business, and carry the stream token of a test call: minted by us,
for that business, good for one minute. The token then opens the call once, as any other (SPEC W4).
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Request
from flask_login import current_user
from sqlalchemy.orm import Session

from app.context import public_url, worker
from app.http_rules import split_url
from app.telephony import stream_token
from services.calls.lifecycle import open_call
from services.db.models import Call
from services.reports.home import numbers

# No carrier's id begins like this.
SID_PREFIX = "BROWSER"
TOKEN_LIFE = timedelta(seconds=60)


def new_sid() -> str:
    """An id for a test call, as long as Twilio's are."""
    return SID_PREFIX + secrets.token_hex(16)


def open_test_call(session: Session, business_id: int, call_sid: str, caller: str, now: datetime) -> Call:
    """The row of a test call, as if `caller` (E.164 or "") had dialled the business's first number."""
    known = numbers(session)
    return open_call(
        session,
        business_id=business_id,
        call_sid=call_sid,
        caller=caller,
        dialled=known[0].e164 if known else "",
        now=now,
        is_test=True,
    )


def mint_token(call_sid: str, business_id: int, nonce: str, now: datetime) -> str:
    """The token of one stream of a test call."""
    return stream_token.mint(worker().signing_key, call_sid, business_id, nonce, now + TOKEN_LIFE)


def may_open_socket(request: Request) -> bool:
    """Whether an unsigned upgrade of the media socket is a test call of somebody who may make one."""
    call_sid = request.args.get("call", "")
    if not call_sid.startswith(SID_PREFIX) or not _is_ours(request):
        return False
    token = stream_token.verify(worker().signing_key, request.args.get("token", ""), call_sid, datetime.now(UTC))
    if token is None or not current_user.is_authenticated:
        return False
    return bool(current_user.may_change(token.business_id))


def _is_ours(request: Request) -> bool:
    """Whether the page that opens the socket came from here: browsers always say so, and cannot be made to lie."""
    origin = split_url(request.headers.get("Origin", ""))
    host = origin.netloc if origin else ""
    return host != "" and host in {request.host, urlsplit(public_url().base).netloc}
