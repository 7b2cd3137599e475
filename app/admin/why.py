"""Why is this time not offered? The policy's own verdict on a day and hour, and what is free instead (A2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.access import business_pages, here
from app.admin.words import language
from services.business_policy import SlotVerdict, free_slots, nearest_alternatives, validate_appointment_slot
from services.calendar_slots import around, busy_spans, policy_of_session
from services.policy_settings import Policy

_CLOCK = re.compile(r"(\d{1,2}?):?(\d\d)?")


@dataclass(frozen=True, slots=True)
class Explained:
    """A verdict, and what could be booked on that day and near that time."""

    verdict: SlotVerdict
    words: str
    free: Sequence[datetime]
    alternatives: Sequence[datetime]
    policy: Policy


@business_pages.get("/why")
def why() -> ResponseReturnValue:
    asked_day, asked_time = read_day(request.args.get("day")), read_time(request.args.get("time"))
    now = datetime.now(UTC)
    explained = None
    if asked_day and asked_time:
        wall = datetime.combine(asked_day, asked_time)
        explained = here().read(lambda s: explain(s, wall, now))
    tomorrow = now.astimezone(here().zone).date() + timedelta(days=1)
    return render_template(
        "why.html", day=asked_day or tomorrow, time=asked_time or time(10, 0), asked=bool(explained), found=explained
    )


def explain(s: Session, wall: datetime, now: datetime) -> Explained:
    """The verdict on a wall-clock time of the business, as a caller would get it."""
    policy = policy_of_session(s)
    start, end = around(wall)
    busy = busy_spans(s, start, end, now)
    verdict = validate_appointment_slot(policy, wall, now, busy)
    ahead = now + timedelta(days=policy.booking_window_days + 2)
    return Explained(
        verdict=verdict,
        words=verdict.words(language()),
        free=free_slots(policy, wall.date(), now, busy),
        alternatives=() if verdict.ok else nearest_alternatives(policy, wall, now, busy_spans(s, now, ahead, now)),
        policy=policy,
    )


def read_day(text: str | None) -> date | None:
    """A date of this century as <input type="date"> sends it; None for anything else."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def read_clock(text: str | None) -> str:
    """A time of day as people write it ("9", "930", "9:30"), as "HH:MM"; what is no time comes back as it is."""
    found = _CLOCK.fullmatch((text or "").strip())
    return f"{int(found[1]):02d}:{found[2] or '00'}" if found else (text or "").strip()[:5]


def read_time(text: str | None) -> time | None:
    """A time of day; None for what is none."""
    try:
        return time.fromisoformat(read_clock(text))
    except ValueError:
        return None
