"""Reminders: an appointment is looked at when one may be due, and the message is written in the same transaction (K6).

Whoever books or moves sets `remind_at` (`look_out`); housekeeping finds it, in whatever worker is first, writes what is
due into the outbox under a key of the appointment, its time and the reminder, and sets when to look again. So each is
written at most once, and its text is never older than what it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from services.appointments.confirmations import key_prefixes, queue_about, spoken_language
from services.calls.housekeeping import Job
from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, BusinessSettings, Channel
from services.db.tenancy import bind_business, unscoped
from services.policy.quiet import waking_of
from services.policy.reminder_words import reminder_words
from services.policy.reminders import Reminder, due, next_moment, planned

_BUSINESSES_A_ROUND = 50
_APPOINTMENTS_A_ROUND = 100  # of one business


def look_out(session: Session, appointment: Appointment, now: datetime) -> None:
    """The appointment has a time since now, or none any more: its reminders follow."""
    is_booked = appointment.status is AppointmentStatus.BOOKED
    appointment.remind_at = now if is_booked and session.scalars(select(BusinessSettings)).one().reminders else None


def look_out_again(session: Session, now: datetime) -> None:
    """Other reminders were chosen, or another time zone: those of all coming appointments of the session's business are
    planned anew. What should have gone out before now does not."""
    session.execute(
        update(Appointment)
        .where(Appointment.status == AppointmentStatus.BOOKED, Appointment.starts_at > now)
        .values(remind_at=now)
        .execution_options(synchronize_session=False)
    )


def reminder_jobs(database: Database, now: Callable[[], datetime]) -> Iterator[Job]:
    """One round: the businesses with an appointment to be looked at. While there is none it only reads.

    Raises DatabaseUnavailable: the next round finds what was left.
    """
    for business_id in database.read(partial(_businesses_due, now=now())):
        yield _job(database, business_id, now)


def _job(database: Database, business_id: int, now: Callable[[], datetime]) -> Job:
    return Job(
        "remind",
        lambda: database.write(partial(remind, business_id=business_id, now=now())),
        lambda _reason: database.write(partial(_give_up, business_id=business_id, now=now())),
    )


def remind(session: Session, business_id: int, now: datetime) -> int:
    """Write the reminders that are due in a business; how many."""
    bind_business(session, business_id)
    settings = session.scalars(select(BusinessSettings)).one()
    some = select(Appointment).where(_is_due(now)).order_by(Appointment.remind_at).limit(_APPOINTMENTS_A_ROUND)
    # Only the appointment's own row: its customer comes with it, and is nobody's to lock.
    rows = session.scalars(some.with_for_update(skip_locked=True, of=Appointment)).all()
    return sum(_look_at(session, settings, row, now) for row in rows)


def _look_at(session: Session, settings: BusinessSettings, appointment: Appointment, now: datetime) -> bool:
    """Whether a reminder of this appointment was written."""
    since = appointment.remind_at or now
    reminders = reminders_of(settings, appointment, since)
    appointment.remind_at = next_moment(reminders, now)
    ready = due(reminders, now)
    return ready is not None and _write(session, settings, appointment, ready, now)


def reminders_of(settings: BusinessSettings, appointment: Appointment, since: datetime) -> list[Reminder]:
    """Those of an appointment at its present time that go out at `since` or later, in their order."""
    may_remind = settings.may_send_sms and appointment.status is AppointmentStatus.BOOKED
    chosen = settings.reminders if may_remind else []
    waking = waking_of(settings.reminders_from_min, settings.reminders_until_min)
    return planned(ZoneInfo(settings.timezone), appointment.starts_at, chosen, since, waking)


def _write(
    session: Session, settings: BusinessSettings, appointment: Appointment, reminder: Reminder, now: datetime
) -> bool:
    _, prefix = key_prefixes(appointment.uid)
    more: dict[str, Any] = {"not_after": reminder.not_after.isoformat()}
    if settings.whatsapp_sender:
        more |= {"channel": Channel.WHATSAPP.value, "whatsapp_from": settings.whatsapp_sender}
        more |= {"template": settings.whatsapp_template} if settings.whatsapp_template else {}
    key = f"{prefix}{appointment.starts_at.astimezone(UTC):%Y%m%dT%H%MZ}:{reminder.minutes}"
    text = reminder_words(settings.reminder_text, spoken_language(settings), may_cancel=settings.may_change)
    return queue_about(session, appointment, key=key, text=text, more=more, now=now)


def _businesses_due(session: Session, now: datetime) -> list[int]:
    with unscoped(session, "reminders of every business are looked for by one sweep"):
        return list(
            session.scalars(select(Appointment.business_id).where(_is_due(now)).distinct().limit(_BUSINESSES_A_ROUND))
        )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(Appointment.remind_at.is_not(None), Appointment.remind_at <= now)


def _give_up(session: Session, business_id: int, now: datetime) -> None:
    """Settings that cannot be read remind nobody, and are not looked at for ever: saving them begins anew."""
    bind_business(session, business_id)
    session.execute(
        update(Appointment).where(_is_due(now)).values(remind_at=None).execution_options(synchronize_session=False)
    )
