"""What an SMS must pass before it is sent: whom it goes to (S6), how many went out today (S2), and whether what it
says is still so and in time (K6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.accounts.reach import why_no_sms
from services.db.limit_counts import count
from services.db.models import Appointment, BusinessNumber, BusinessSettings
from services.outbox.outbox import Gate, OutboxItem

# A counter outlives its day everywhere.
_COUNTED_FOR = timedelta(hours=36)


def sms_gate(countries: Collection[str], per_day: int) -> Gate:
    """A gate for an installation that allows these countries, and so many SMS a day to any business."""

    def gate(session: Session, settings: BusinessSettings, item: OutboxItem, now: datetime) -> str:
        refusal = why_no_sms(session, settings, str(item.payload["to"]), countries)
        if refusal:
            return refusal
        for sender in ("from", "whatsapp_from"):
            if sender in item.payload and not _is_ours(session, str(item.payload[sender])):
                return "not_our_number"
        if refusal := _why_not_now(session, item.payload, now):
            return refusal
        # Counted first, and once for all tries of a message.
        is_over = item.attempts == 1 and not within_daily(session, settings, per_day, now)
        return "sms_limit" if is_over else ""

    return gate


def daily_sms(settings: BusinessSettings, per_day: int) -> int:
    """How many SMS the business may send a day: what it chose, within what the installation allows."""
    return per_day if settings.sms_per_day is None else min(settings.sms_per_day, per_day)


def within_daily(session: Session, settings: BusinessSettings, per_day: int, now: datetime) -> bool:
    """Count one more SMS of today; whether it is within the limit."""
    day = now.astimezone(ZoneInfo(settings.timezone)).date()
    key = f"sms:{settings.business_id}:{day.isoformat()}"
    return count(session, key, amount=1, lasts=_COUNTED_FOR, now=now) <= daily_sms(settings, per_day)


def _is_ours(session: Session, number: str) -> bool:
    return bool(session.scalar(select(exists().where(BusinessNumber.e164 == number))))


def _why_not_now(session: Session, payload: Mapping[str, Any], now: datetime) -> str:
    """Nobody is told of a time that an appointment has no more, or reminded when quiet time or the hour has come."""
    about = payload.get("about")
    if about is not None:
        row = session.scalars(select(Appointment).where(Appointment.uid == about["uid"])).one_or_none()
        stands = row is not None and row.status == about["status"]
        if row is None or not stands or row.starts_at != datetime.fromisoformat(about["starts_at"]):
            return "no_longer_true"
    not_after = payload.get("not_after")
    return "too_late" if not_after is not None and now >= datetime.fromisoformat(not_after) else ""
