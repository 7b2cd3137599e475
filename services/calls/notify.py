"""Telling the owner that a voice message waits, or that nobody answered a transfer: SMS, e-mail or webhook (L10).

Written with the call's summary, in its transaction, through the outbox. Each at most once a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.calls.summary import CallFacts
from services.db.models import BusinessSettings, Call
from services.outbox.owner import Notice, tell_owner

_TEXTS = {
    "message": ("{business}: הודעה קולית חדשה מ{caller}.", "{business}: a new voice message from {caller}."),
    "missed_transfer": (
        "{business}: {caller} ביקש לדבר עם אדם ואיש לא ענה.",
        "{business}: {caller} wanted a person and nobody answered.",
    ),
}
_WITHHELD = ("מספר חסוי", "a withheld number")
_BUSINESS_CHARACTERS = 40


def queue_notification(
    session: Session,
    call: Call,
    facts: CallFacts,
    settings: BusinessSettings,
    event: Mapping[str, Any],
    *,
    link: str,
    now: datetime,
) -> None:
    """Write the notification of this call, if the business wants one and there is something to tell.

    event: the JSON of the call's webhook. link: the call's page, "" when its address is not known.
    """
    what = "message" if facts.messages else "missed_transfer" if facts.missed else ""
    if not what or call.is_test:
        return
    text = _text(what, call, settings, link)
    key = f"notify:{what}:{call.call_sid}"
    tell_owner(session, settings, Notice(key, text, {**event, "type": f"call.{what}"}, call.dialled), now)


def _text(what: str, call: Call, settings: BusinessSettings, link: str) -> str:
    which = 0 if settings.language == "he" else 1
    caller = call.caller or _WITHHELD[which]
    name = settings.business.name[:_BUSINESS_CHARACTERS]
    text = _TEXTS[what][which].format(business=name, caller=caller)
    return f"{text} {link}" if link else text
