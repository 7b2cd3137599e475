"""One appointment and its event in one calendar, decided under the lock on the business's calendar (K5).

Every function runs in the transaction of the calling code; the session serves the business. What has to be said to the
calendar comes back as a `Request`, is said outside any transaction (writing.py), and is then confirmed here. Who was
faster is seen by the link's version: what was looked at before is looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.slots import lock_calendar
from services.business_policy import Span as OurSpan
from services.calendar_sync.core.events import ForeignEvent, Span, Version, Written
from services.calendar_sync.core.merging import (
    Act,
    Agreed,
    Decision,
    Seen,
    Unseen,
    agreed_by_writing,
    agreed_on,
    cannot_follow,
    decide,
)
from services.db.models import (
    ACTIVE_APPOINTMENT,
    Appointment,
    AppointmentStatus,
    Business,
    BusinessSettings,
    CalendarConnection,
    CalendarLink,
)
from services.outbox.owner import Notice, tell_owner
from services.policy.words import slot_words
from services.tools_calendar import NoSuchAppointment, cancel_appointment, place_appointment

# What an appointment can be.
_LONGEST = timedelta(hours=24)
_FURTHEST = timedelta(days=800)
_ETAG_LIMIT = 200

_CONFLICT = {
    "he": "{business}: התור של {who} ({slot}) השתנה גם ביומן המחובר. מה שנאמר למתקשר נשאר, והיומן תוקן.",
    "en": "{business}: the appointment of {who} ({slot}) was changed in the connected calendar too. What the caller "
    "was told stays, and that calendar was put right.",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """An event as it was seen, and the version of its link when somebody began to look (0: there was none)."""

    seen: Seen
    version: int = 0


UNREAD = Looked(Unseen.NOT_READ)


@dataclass(frozen=True, slots=True)
class Request:
    """What the calendar is to be told. written: None for a deletion."""

    uid: str
    decision: Decision
    ours: Version
    version: int
    written: Written | None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Somebody was faster."""

    uid: str


def settle(
    session: Session, connection_id: int, appointment_id: int, looked: Looked, now: datetime
) -> Request | LookAgain | None:
    """Decide, and do our side of it. None: nothing is to be said to the calendar."""
    lock_calendar(session)
    connection = session.get(CalendarConnection, connection_id)
    appointment = session.get(Appointment, appointment_id, populate_existing=True)
    if connection is None or appointment is None:
        return None
    link = _link(session, connection_id, appointment_id)
    version = 0 if link is None else link.version
    if looked.seen is not Unseen.NOT_READ and looked.version != version:
        return LookAgain(appointment.uid)
    agreed = None if link is None else _agreed(link)
    ours = version_of(connection, appointment)
    decision = decide(ours, looked.seen, agreed, now)
    if decision.act is Act.FOLLOW:
        if _follow(session, connection, appointment, looked.seen, decision.span, now):
            session.refresh(appointment)
            known = agreed_on(version_of(connection, appointment), decision.etag, looked.seen, agreed)
            _agree(session, link, connection_id, appointment_id, known)
            return None
        decision = cannot_follow(ours, decision)
    if decision.act is Act.AGREE:
        _agree(session, link, connection_id, appointment_id, agreed_on(ours, decision.etag, looked.seen, agreed))
    if decision.act is not Act.WRITE:
        return None
    if decision.conflict:
        _tell(session, appointment, now)
    return Request(appointment.uid, decision, ours, version, _written(session, connection, appointment, decision))


def confirm(session: Session, connection_id: int, appointment_id: int, request: Request, etag: str) -> None:
    """The calendar has carried it out; written down unless somebody was faster."""
    lock_calendar(session)
    connection = session.get(CalendarConnection, connection_id)
    if connection is None or session.get(Appointment, appointment_id) is None:
        return
    link = _link(session, connection_id, appointment_id)
    if (0 if link is None else link.version) != request.version:
        return
    said = Version(request.ours.sequence, request.decision.span)
    before = None if link is None else _agreed(link)
    _agree(session, link, connection_id, appointment_id, agreed_by_writing(said, etag, before))
    connection.written += request.written is not None


def link_version(session: Session, connection_id: int, appointment_id: int) -> int:
    link = _link(session, connection_id, appointment_id)
    return 0 if link is None else link.version


def version_of(connection: CalendarConnection, appointment: Appointment) -> Version:
    """The appointment as this calendar is to show it."""
    is_here = connection.resource_id in (None, appointment.resource_id)
    if not is_here or appointment.status not in ACTIVE_APPOINTMENT:
        return Version(appointment.sequence, None)
    return Version(appointment.sequence, Span(appointment.starts_at, appointment.ends_at))


def _follow(
    session: Session,
    connection: CalendarConnection,
    appointment: Appointment,
    seen: Seen,
    span: Span | None,
    now: datetime,
) -> bool:
    """Make the appointment what the event is; False where it cannot be that."""
    try:
        if span is None:
            cancel_appointment(session, appointment_id=appointment.id, now=now)
            return True
        is_here = connection.resource_id in (None, appointment.resource_id)
        can_be = isinstance(seen, ForeignEvent) and seen.followable and timedelta() < span.end - span.start <= _LONGEST
        if not is_here or not can_be or not now - _LONGEST < span.start < now + _FURTHEST:
            return False
        told = OurSpan(span.start, span.end)
        return place_appointment(session, appointment_id=appointment.id, told=told, now=now)
    except NoSuchAppointment:
        return False


def _written(
    session: Session, connection: CalendarConnection, appointment: Appointment, decision: Decision
) -> Written | None:
    if decision.span is None:
        return None
    zone = session.scalars(select(BusinessSettings.timezone)).one()
    number = appointment.customer.phone
    title = " – ".join(part for part in (appointment.name or number, appointment.service) if part)
    version = Version(appointment.sequence, decision.span)
    return Written(appointment.uid, connection.id, version, title, number, zone)


def _link(session: Session, connection_id: int, appointment_id: int) -> CalendarLink | None:
    query = select(CalendarLink).where(
        CalendarLink.connection_id == connection_id, CalendarLink.appointment_id == appointment_id
    )
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _agreed(link: CalendarLink) -> Agreed:
    is_there = link.starts_at is not None and link.ends_at is not None
    span = Span(link.starts_at, link.ends_at) if is_there else None  # type: ignore[arg-type]
    return Agreed(Version(link.sequence, span), link.etag, link.arrived)


def _agree(
    session: Session, link: CalendarLink | None, connection_id: int, appointment_id: int, agreed: Agreed
) -> None:
    if link is None:
        link = CalendarLink(connection_id=connection_id, appointment_id=appointment_id, version=0)
        session.add(link)
    span = agreed.version.span
    link.starts_at, link.ends_at = (None, None) if span is None else (span.start, span.end)
    link.sequence, link.arrived = agreed.version.sequence, agreed.arrived
    link.etag = agreed.etag if len(agreed.etag) <= _ETAG_LIMIT else ""
    link.version += 1
    session.flush()


def _tell(session: Session, appointment: Appointment, now: datetime) -> None:
    business = session.scalars(select(Business)).one()
    settings = business.settings
    language = "he" if settings.language == "he" else "en"
    is_off = appointment.status is AppointmentStatus.CANCELLED
    text = _CONFLICT[language].format(
        business=business.name[:60],
        who=appointment.name or appointment.customer.phone,
        slot=slot_words(appointment.starts_at.astimezone(ZoneInfo(settings.timezone)), language),
    )
    event = {
        "type": "calendar.conflict",
        "business": {"id": business.id, "name": business.name},
        "appointment": {
            "id": appointment.id,
            "uid": appointment.uid,
            "starts_at": appointment.starts_at.isoformat(),
            "cancelled": is_off,
        },
    }
    key = f"notify:calendar:{appointment.uid}:{appointment.sequence}"
    tell_owner(session, settings, Notice(key, text, event), now)
