"""SMS about an appointment: written with what they tell, sent afterwards, one per appointment and change (A8, S5, K6).

Each says in its payload which appointment it speaks of and how that stood ("about"): what is no longer so is not sent
(services/outbox/gates.py). Where the business wants it, each carries a link to the appointment's own page, which is
made when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from services.accounts.reach import own_country, wants_no_messages
from services.appointments import links
from services.db.models import (
    Appointment,
    AppointmentStatus,
    Business,
    BusinessNumber,
    BusinessSettings,
    Call,
    OutboxKind,
    OutboxMessage,
    OutboxStatus,
)
from services.language.phone_numbers import why_not_written_to
from services.language.text import one_line
from services.outbox.outbox import enqueue
from services.policy.words import slot_words

Texts = Mapping[str, str]

_BOOKED = {
    "he": "שלום {name}, נקבע לך תור ב{business}: {slot}.",
    "en": "Hello {name}, your appointment at {business} is booked: {slot}.",
}
_CALL_US = {"he": " לשינוי או ביטול אפשר להתקשר אלינו.", "en": " To change or cancel it, please call us."}
_MOVED = {
    "he": "שלום {name}, התור שלך ב{business} הועבר בשיחת טלפון אל {slot}. לא ביקשת? כדאי להתקשר אלינו.",
    "en": "Hello {name}, your appointment at {business} was moved by telephone to {slot}. Not you? Please call us.",
}
_CANCELLED = {
    "he": "שלום {name}, התור שלך ב{business} ({slot}) בוטל בשיחת טלפון. לא ביקשת? כדאי להתקשר אלינו.",
    "en": "Hello {name}, your appointment at {business} ({slot}) was cancelled by telephone. Not you? Please call us.",
}
_MOVED_BY_LINK = {
    "he": "שלום {name}, התור שלך ב{business} הועבר דרך הקישור אל {slot}. לא ביקשת? כדאי להתקשר אלינו.",
    "en": "Hello {name}, your appointment at {business} was moved by its link to {slot}. Not you? Please call us.",
}
_CANCELLED_BY_LINK = {
    "he": "שלום {name}, התור שלך ב{business} ({slot}) בוטל דרך הקישור. לא ביקשת? כדאי להתקשר אלינו.",
    "en": "Hello {name}, your appointment at {business} ({slot}) was cancelled by its link. Not you? Please call us.",
}
_CODE = {
    "he": "{business}: הקוד הוא {code}. הוא נשלח כי מישהו בטלפון ביקש לשמוע על תור שלך או לשנות אותו. תקף לעשר דקות.",
    "en": "{business}: your code is {code}, for ten minutes. Somebody on the telephone asked about your appointment.",
}
# What stands before the link.
_TO_CHANGE = {"he": "לאישור, שינוי או ביטול:", "en": "To confirm, change or cancel:"}
_TO_CONFIRM = {"he": "לפרטים ולאישור:", "en": "Details and confirmation:"}


def queue_confirmation(session: Session, appointment: Appointment, now: datetime) -> None:
    """Write the confirmation of the appointment's present time, if the business wants one (L9)."""
    settings = session.scalars(select(BusinessSettings)).one()
    if settings.sms_confirmation and settings.may_send_sms:
        text = in_language(_BOOKED, settings) + ("" if settings.customer_link else in_language(_CALL_US, settings))
        _queue_change(session, appointment, text, now)


def queue_change(session: Session, appointment: Appointment, now: datetime, *, by_link: bool = False) -> None:
    """Tell the customer what a caller, or whoever has the appointment's link, has done to it (S5), where an SMS can go
    to the number."""
    if not can_be_written_to(session, appointment.customer.phone):
        return
    settings = session.scalars(select(BusinessSettings)).one()
    moved, cancelled = (_MOVED_BY_LINK, _CANCELLED_BY_LINK) if by_link else (_MOVED, _CANCELLED)
    texts = cancelled if appointment.status is AppointmentStatus.CANCELLED else moved
    _queue_change(session, appointment, in_language(texts, settings), now)


def queue_code(session: Session, *, call_id: int, number: str, code: str, now: datetime) -> None:
    """Send a call's one-time code to a number on file (E.164)."""
    sender = _sender(session, call_id)
    if sender is None:
        return
    business = session.scalars(select(Business)).one()
    body = in_language(_CODE, business.settings).format(business=business.name, code=code)
    payload = {"to": number, "from": sender, "body": body}
    enqueue(session, kind=OutboxKind.SMS, key=f"sms:code:{call_id}", payload=payload, now=now)


def queue_about(
    session: Session, appointment: Appointment, *, key: str, text: str, more: Mapping[str, Any], now: datetime
) -> bool:
    """Write a message to the appointment's customer, once for each key; False when there was one, or nothing to send
    it from.

    text: with {name}, {business} and {slot}. more: what the payload holds besides; a "template" gets its variables.
    """
    sender = _sender(session, appointment.call_id)
    if sender is None:
        return False
    business = session.scalars(select(Business)).one()
    settings = business.settings
    slot = slot_words(appointment.starts_at.astimezone(ZoneInfo(settings.timezone)), spoken_language(settings))
    variables = {"variables": {"1": business.name, "2": slot}} if "template" in more else {}
    payload = {
        "to": appointment.customer.phone,
        "from": sender,
        "body": text.format(name=one_line(appointment.name, 40), business=business.name, slot=slot),
        "about": about(appointment),
        **_link(settings, appointment),
        **more,
        **variables,
    }
    return enqueue(session, kind=OutboxKind.SMS, key=key, payload=payload, now=now)


def about(appointment: Appointment) -> dict[str, str]:
    """The appointment that a message speaks of, and how it stands now."""
    starts_at, status = appointment.starts_at.isoformat(), appointment.status.value
    return {"uid": appointment.uid, "starts_at": starts_at, "status": status}


def can_be_written_to(session: Session, number: str) -> bool:
    """Whether an SMS of this business may go to a number (E.164), as far as its own settings and the number's owner
    say; the outbox looks again at what the installation allows."""
    settings = session.scalars(select(BusinessSettings)).one()
    countries = settings.dial_countries or [own_country(session)]
    may_send = settings.may_send_sms and settings.sms_per_day != 0 and _sender(session, None) is not None
    return may_send and not why_not_written_to(number, countries) and not wants_no_messages(session, number)


def drop_confirmations(session: Session, appointment: Appointment) -> None:
    """What was not sent yet and speaks of an older time is not sent any more, reminders included."""
    ours = or_(*(OutboxMessage.key.startswith(prefix, autoescape=True) for prefix in key_prefixes(appointment.uid)))
    session.execute(
        update(OutboxMessage)
        .where(ours, OutboxMessage.status == OutboxStatus.PENDING)
        .values(status=OutboxStatus.DROPPED)
        .execution_options(synchronize_session=False)
    )


def key_prefixes(uid: str) -> tuple[str, str]:
    """How the keys of all messages about an appointment begin: of changes, and of reminders."""
    return f"sms:{uid}:", f"remind:{uid}:"


def in_language(texts: Texts, settings: BusinessSettings) -> str:
    """The text in the business's language; English where there is none."""
    return texts[spoken_language(settings)]


def _queue_change(session: Session, appointment: Appointment, text: str, now: datetime) -> None:
    changes, _ = key_prefixes(appointment.uid)
    queue_about(session, appointment, key=f"{changes}{appointment.sequence}", text=text, more={}, now=now)


def link_words(language: str, *, may_change: bool) -> str:
    """What stands before the link."""
    return (_TO_CHANGE if may_change else _TO_CONFIRM)[language]


def _link(settings: BusinessSettings, appointment: Appointment) -> dict[str, Any]:
    """What the sender needs to make the link; nothing where there is none to make."""
    if not settings.customer_link or appointment.status is not AppointmentStatus.BOOKED:
        return {}
    words = link_words(spoken_language(settings), may_change=settings.may_change)
    until = links.ends_at(appointment.ends_at).isoformat()
    return {"link": {"appointment": appointment.id, "until": until, "words": words}}


def spoken_language(settings: BusinessSettings) -> str:
    """What messages to customers are written in: "he" or "en"."""
    return "he" if settings.language == "he" else "en"


def _sender(session: Session, call_id: int | None) -> str | None:
    """The number the caller dialled, else the business's first."""
    if call_id is not None:
        dialled = session.scalars(
            select(BusinessNumber.e164).join(Call, Call.dialled == BusinessNumber.e164).where(Call.id == call_id)
        ).one_or_none()
        if dialled is not None:
            return dialled
    return session.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).first()
