"""Calls in progress, as they happen: read from the database, so any worker shows the calls of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here, required
from app.admin.auth.trail import note
from app.admin.templating import fragment
from app.admin.text.call_story import Story, tell
from app.admin.text.words import t
from services.calls.events import request_action
from services.calls.kinds import RequestedAction
from services.db.models import AuditKind, Call
from services.reports.calls import CallRow, call_detail, live_calls

ACTIONS = {"end": RequestedAction.END, "hand-over": RequestedAction.HAND_OVER}

Watched = Sequence[tuple[CallRow, Story, str | None]]


@business_pages.get("/live")
def live() -> ResponseReturnValue:
    return render_template("live.html", calls=_watched())


@business_pages.get("/live/calls")
def live_fragment() -> ResponseReturnValue:
    return fragment(render_template("live_calls.html", calls=_watched()))


@business_pages.post("/live/<int:call_id>/<action>")
def act_on_call(call_id: int, action: str) -> ResponseReturnValue:
    """Ask the worker that carries the call to end it, or to hand it over; it looks about twice a second."""
    wish, place = required(ACTIONS.get(action)), here()

    def ask(s: Session) -> bool:
        required(s.get(Call, call_id))
        asked = request_action(s, business_id=place.business_id, call_id=call_id, action=wish)
        if asked:
            note(s, AuditKind.CALL_ACTION, call_id, detail={"action": wish})
        return asked

    if not place.write(ask):
        flash(t("השיחה כבר הסתיימה.", "The call is over already."), "warn")
    elif wish is RequestedAction.END:
        flash(t("ביקשנו לסיים את השיחה.", "The call is being ended."), "good")
    else:
        flash(t("ביקשנו להעביר את השיחה לאדם.", "The call is being handed over."), "good")
    if request.form.get("back") == "call":
        return redirect(url_for("business.call", call_id=call_id))
    return redirect(url_for("business.live"))


def _watched() -> Watched:
    now = datetime.now(UTC)

    def find(s: Session) -> list[tuple[CallRow, Story, str | None]]:
        found = []
        for row in live_calls(s, now):
            detail = required(call_detail(s, row.id))
            found.append((row, tell(detail, row.seconds), detail.call.requested_action))
        return found

    return here().read(find)
