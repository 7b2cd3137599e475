"""What customers change themselves, by an answer or by the link: confirm, cancel, move (K6).

Written into the audit trail like other changes, and the owner is told of what frees or takes a time. Every function
runs in the transaction of the calling code, bound to the business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.confirmations import Texts, in_language, queue_change
from services.appointments.slots import lock_calendar
from services.audit.trail import Act, record
from services.db.models import Appointment, AppointmentStatus, AuditKind, Business
from services.language.text import one_line
from services.outbox.owner import Notice, tell_owner
from services.policy.words import slot_words
from services.tools_calendar import BookingResult, Outcome, cancel_appointment, move_appointment

ACTOR = "customer"
_BUSINESS_CHARACTERS = 40
_WAYS = {"sms": {"he": "ב-SMS", "en": "by SMS"}, "whatsapp": {"he": "ב-WhatsApp", "en": "by WhatsApp"}}
_BY_LINK = {"he": "דרך הקישור", "en": "by the link"}
_CANCELLED = {
    "he": "{business}: התור של {who} ב{slot} בוטל על ידי הלקוח {way}.",
    "en": "{business}: {who} cancelled the appointment of {slot} {way}.",
}
_MOVED = {
    "he": "{business}: התור של {who} הועבר על ידי הלקוח {way}: במקום {before}, {slot}.",
    "en": "{business}: {who} moved an appointment {way}: instead of {before}, {slot}.",
}


@dataclass(frozen=True, slots=True)
class Hand:
    """By what a customer acts. how: "sms", "whatsapp" or "link"; client_address: of the page's visitor; pages: the
    address of the admin pages, for the owner's notice ("" when it is not known)."""

    how: str
    pages: str = ""
    client_address: str = ""

    @property
    def is_link(self) -> bool:
        return self.how not in _WAYS


def to_change(session: Session, appointment_id: int) -> Appointment:
    """The appointment as it stands, kept from others until the transaction ends."""
    lock_calendar(session)
    query = select(Appointment).where(Appointment.id == appointment_id).execution_options(populate_existing=True)
    return session.scalars(query).one()


def is_coming(appointment: Appointment, now: datetime) -> bool:
    """Whether its customer can still do something about it."""
    return appointment.status is AppointmentStatus.BOOKED and appointment.starts_at > now


def confirm(session: Session, appointment: Appointment, hand: Hand, now: datetime) -> bool:
    """Note that the customer comes; False when that was known."""
    if appointment.confirmed_at is not None:
        return False
    appointment.confirmed_at = appointment.updated_at = now
    appointment.sequence += 1
    _record(session, AuditKind.APPOINTMENT_CONFIRMED, appointment, hand, now, {})
    return True


def cancel(session: Session, appointment: Appointment, hand: Hand, now: datetime) -> None:
    """Free its time. Who cancels by the link is told by SMS as well; an answer is answered by the calling code."""
    cancel_appointment(session, appointment_id=appointment.id, now=now)
    _record(session, AuditKind.APPOINTMENT_STATUS, appointment, hand, now, {"status": appointment.status.value})
    _tell(session, appointment, hand, now, "cancelled", _CANCELLED)
    if hand.is_link:
        queue_change(session, appointment, now, by_link=True)


def move(session: Session, appointment: Appointment, start: datetime, hand: Hand, now: datetime) -> BookingResult:
    """Give it another time, by the rules for callers. start: a wall-clock time of the business. Raises
    NoSuchAppointment."""
    before = appointment.starts_at
    result = move_appointment(session, appointment_id=appointment.id, start=start, now=now, by_link=True)
    if result.outcome is Outcome.DONE:
        detail = {"start": f"{start:%Y-%m-%d %H:%M}"}
        _record(session, AuditKind.APPOINTMENT_MOVED, appointment, hand, now, detail)
        _tell(session, appointment, hand, now, "moved", _MOVED, before)
    return result


def event_of(business: Business, what: str, more: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a notice by webhook. A field may be added; none changes its meaning."""
    return {"type": what, "business": {"id": business.id, "name": business.name}, **more}


def short_name(business: Business) -> str:
    """For the beginning of a notice."""
    return business.name[:_BUSINESS_CHARACTERS]


def _tell(
    session: Session,
    appointment: Appointment,
    hand: Hand,
    now: datetime,
    what: str,
    texts: Texts,
    before: datetime | None = None,
) -> None:
    business = session.scalars(select(Business)).one()
    settings, zone = business.settings, ZoneInfo(business.settings.timezone)
    language = "he" if settings.language == "he" else "en"
    text = in_language(texts, settings).format(
        business=short_name(business),
        who=" ".join(part for part in (one_line(appointment.name, 40), appointment.customer.phone) if part),
        slot=slot_words(appointment.starts_at.astimezone(zone), language),
        before=slot_words(before.astimezone(zone), language) if before else "",
        way=_WAYS.get(hand.how, _BY_LINK)[language],
    )
    link = f" {hand.pages}/admin/b/{business.id}/appointments/{appointment.id}" if hand.pages else ""
    facts = {
        "id": appointment.id,
        "uid": appointment.uid,
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "name": appointment.name,
        "phone": appointment.customer.phone,
        "service": appointment.service,
    }
    more: dict[str, Any] = {"appointment": facts, "by": hand.how}
    if before is not None:
        more["before"] = before.isoformat()
    key = f"notify:{what}:{appointment.uid}:{appointment.sequence}"
    tell_owner(session, settings, Notice(key, text + link, event_of(business, f"appointment.{what}", more)), now)


def _record(
    session: Session, kind: AuditKind, appointment: Appointment, hand: Hand, now: datetime, detail: dict[str, Any]
) -> None:
    record(
        session,
        Act(
            kind,
            now,
            ACTOR,
            business_id=appointment.business_id,
            subject=str(appointment.id),
            detail={**detail, "how": hand.how},
            client_address=hand.client_address,
        ),
    )
