"""Google tells that something has changed in a calendar: it is read at once (K5). The message says nothing else.

Nobody signs it; what comes with it is the secret that we gave Google for the channel, and it is looked at before
anything is looked up.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app.context import worker
from services.calendar_sync.connections import poke
from services.db.database import DatabaseUnavailable

calendar_push = Blueprint("calendar_push", __name__)


@calendar_push.post("/calendars/google")
def google_changed() -> ResponseReturnValue:
    channel = request.headers.get("X-Goog-Channel-ID", "")[:64]
    wanted = worker().calendars.channel_secret(channel)
    if not hmac.compare_digest(wanted.encode(), request.headers.get("X-Goog-Channel-Token", "").encode()):
        abort(404)
    if request.headers.get("X-Goog-Resource-State") != "sync":
        worker().database.write(partial(poke, channel_id=channel, now=datetime.now(UTC)))
    return Response(status=204)


@calendar_push.errorhandler(DatabaseUnavailable)
def database_unavailable(_error: DatabaseUnavailable) -> ResponseReturnValue:
    return Response(status=503)  # Google tries again, and we read without it
