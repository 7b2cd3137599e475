"""Today and the last two weeks in figures. Every function runs in a read transaction bound to one business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.db.models import Appointment, AppointmentStatus, BusinessNumber, Call

# Enough for the busiest day of a small business; more would only slow the page.
TODAY_ROWS = 500


@dataclass(frozen=True, slots=True)
class DayCount:
    """Calls and bookings of one local day; test calls are not counted."""

    day: date
    calls: int
    booked: int


@dataclass(frozen=True, slots=True)
class Today:
    """Figures of the local day so far, test calls left out. `answer_ms`: the median time to an answer."""

    calls: int
    live: int
    booked: int
    interruptions: int
    average_s: float | None
    answer_ms: float | None
    cost_ils: Decimal | None
    by_hour: Sequence[int]


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins in `zone`."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def ended_as(session: Session, reason: str, *, since: datetime) -> int:
    """Calls since then that ended for this reason, test calls left out."""
    query = select(func.count(Call.id)).where(Call.started_at >= since, Call.is_test.is_(False))
    return session.scalar(query.where(Call.end_reason == reason)) or 0


def today(session: Session, zone: ZoneInfo, now: datetime) -> Today:
    """Figures since local midnight."""
    midnight = local_midnight(now.astimezone(zone).date(), zone)
    since = and_(Call.started_at >= midnight, Call.is_test.is_(False))
    total = session.scalar(select(func.count(Call.id)).where(since)) or 0
    calls = session.scalars(select(Call).where(since).order_by(Call.started_at.desc()).limit(TODAY_ROWS)).all()
    spoken = [(c.ended_at - c.answered_at).total_seconds() for c in calls if c.ended_at and c.answered_at]
    latencies = [each["total"] for c in calls for each in c.metrics.get("latencies", []) if "total" in each]
    costs = [c.cost_ils for c in calls if c.cost_ils is not None]
    hours = [c.started_at.astimezone(zone).hour for c in calls]
    return Today(
        calls=total,
        live=sum(c.ended_at is None for c in calls),
        booked=_booked_since(session, midnight),
        interruptions=sum(int(c.metrics.get("barge_in_events", 0)) for c in calls),
        average_s=sum(spoken) / len(spoken) if spoken else None,
        answer_ms=median(latencies) if latencies else None,
        cost_ils=sum(costs, Decimal()) if costs else None,
        by_hour=[hours.count(hour) for hour in range(24)],
    )


def last_days(session: Session, zone: ZoneInfo, now: datetime, days: int = 14) -> list[DayCount]:
    """Calls and bookings of each of the last local days, today last. Two statements, one pass each."""
    last = now.astimezone(zone).date()
    dates = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    edges = [local_midnight(day, zone) for day in [*dates, last + timedelta(days=1)]]
    spans = list(pairwise(edges))
    calls = _per_span(session, Call.started_at, spans, Call.is_test.is_(False))
    booked = _per_span(session, Appointment.created_at, spans, Appointment.call_id.is_not(None))
    return [DayCount(*each) for each in zip(dates, calls, booked, strict=True)]


def next_appointments(session: Session, now: datetime, limit: int = 5) -> Sequence[Appointment]:
    """The coming booked appointments, soonest first."""
    query = select(Appointment).where(Appointment.status == AppointmentStatus.BOOKED, Appointment.ends_at > now)
    return session.scalars(query.order_by(Appointment.starts_at).limit(limit)).all()


def numbers(session: Session) -> Sequence[BusinessNumber]:
    """The business's telephone numbers, oldest first."""
    return session.scalars(select(BusinessNumber).order_by(BusinessNumber.id)).all()


def _booked_since(session: Session, since: datetime) -> int:
    query = select(func.count(Appointment.id)).where(Appointment.created_at >= since, Appointment.call_id.is_not(None))
    return session.scalar(query) or 0


def _per_span(
    session: Session,
    column: InstrumentedAttribute[datetime],
    spans: Sequence[tuple[datetime, datetime]],
    only: ColumnElement[bool],
) -> list[int]:
    sums = [func.sum(case((and_(column >= start, column < end), 1), else_=0)) for start, end in spans]
    query = select(*sums).where(column >= spans[0][0], column < spans[-1][1], only)
    return [int(value or 0) for value in session.execute(query).one()]
