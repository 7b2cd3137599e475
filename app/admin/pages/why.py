"""Why is this time not offered? The policy's own verdict on a day and hour, and what is free instead (A2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here
from app.admin.text.words import language
from services.accounts.catalogue import catalogue_of
from services.appointments.slots import around, nearest_free
from services.appointments.taken import diaries_between
from services.business_policy import SlotVerdict
from services.policy.openings import judge, openings_on
from services.policy.settings import Policy

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
    plan = catalogue_of(s).plan()
    diaries = diaries_between(s, *around(wall), now, plan.need)
    verdict = judge(plan, wall, now, diaries)
    return Explained(
        verdict=verdict,
        words=verdict.words(language()),
        free=[each.start for each in openings_on(plan, wall.date(), now, diaries)],
        alternatives=() if verdict.ok else [each.start for each in nearest_free(s, plan, wall, now)],
        policy=plan.policy,
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
