"""What a call collected about a person, and messages to pass on: a lead from the first detail on (A7, L15)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.appointments.customers import upsert_lead
from services.booking.draft import Draft
from services.calls.context import CallContext
from services.language.phone_numbers import valid_number


def keep_lead(session: Session, context: CallContext, draft: Draft, *, spoken: str, now: datetime) -> None:
    """Write what is known to the call's lead, when it is more than before; what the business does not want kept (L9) is
    not written. `spoken`: a number in E.164 or "".

    Whoever leaves a message is reached at the number the call comes from until another one is given.
    """
    phone = draft.phone or spoken or draft.spoken
    if draft.message and not phone and draft.permission != "refused" and context.caller_id_allowed:
        phone = valid_number(context.caller)
    if not (context.may.take_leads or draft.message):
        return
    lead = "|".join((draft.name, phone, draft.city, draft.service, draft.note))
    if not (draft.wanted or draft.name or phone or draft.message) or draft.lead == lead:
        return
    draft.lead = lead
    upsert_lead(
        session,
        context.call_id,
        name=draft.name,
        phone=phone,
        city=draft.city,
        service=draft.service,
        notes=draft.note,
        now=now,
    )
