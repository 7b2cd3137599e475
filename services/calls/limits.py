"""Limits against abuse, per business: calls at once, calls of one number, minutes a day (S2).

Looked at before a call gets a stream, in the transaction of the calling code, which locks the business to its end: of
many calls at the same instant each sees those before it, whichever workers they reach.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.calls.end_reasons import CALLER_LIMIT, CALLS_LIMIT, MINUTES_LIMIT
from services.db.models import BusinessSettings, Call

_UNCONNECTED = timedelta(minutes=2)  # a row whose stream did not come by then is no call in progress


def exceeded(session: Session, settings: BusinessSettings, call: Call, now: datetime) -> str | None:
    """The limit that this new call breaks; None when it may be taken. The session is bound to the call's business.

    All callers with a hidden number count as one number. Test calls are limited too, but they are counted apart from
    real calls of the same number.
    """
    session.scalars(select(BusinessSettings.id).with_for_update()).one()
    others = select(func.count()).select_from(Call).where(Call.id != call.id)
    limit = settings.max_calls_per_caller_hour
    if limit is not None:
        same = others.where(Call.caller == call.caller, Call.is_test == call.is_test)
        lately = same.where(Call.started_at > now - timedelta(hours=1))
        if (session.scalar(lately) or 0) >= limit:
            return CALLER_LIMIT
    limit = settings.max_calls_at_once
    if limit is not None:
        connected = or_(Call.stream_claimed_at.is_not(None), Call.started_at > now - _UNCONNECTED)
        if (session.scalar(others.where(Call.ended_at.is_(None), connected)) or 0) >= limit:
            return CALLS_LIMIT
    if settings.daily_minutes is not None and _seconds_today(session, settings, now) >= settings.daily_minutes * 60:
        return MINUTES_LIMIT
    return None


def _seconds_today(session: Session, settings: BusinessSettings, now: datetime) -> float:
    """Talked since midnight where the business is; calls that go on count up to now."""
    zone = ZoneInfo(settings.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today = select(Call.answered_at, Call.ended_at).where(
        Call.started_at >= midnight.astimezone(now.tzinfo), Call.answered_at.is_not(None)
    )
    spans = [(ended or now) - answered for answered, ended in session.execute(today) if answered is not None]
    return sum(span.total_seconds() for span in spans)
