"""How full the diary is, by person, weekday and hour, and where callers wanted a time that nobody had free (K7)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.admin.auth.access import business_pages, here
from services.reports.busy import Cell, heats, turned_away

WEEKS = 4
# Sunday first, as the week's page has it.
_DAYS = (6, 0, 1, 2, 3, 4, 5)
SPANS = ("past", "coming")


@business_pages.get("/busy")
def busy() -> ResponseReturnValue:
    span = request.args.get("span", "past")
    span = span if span in SPANS else "past"
    now = datetime.now(UTC)
    today, days = now.astimezone(here().zone).date(), WEEKS * 7
    first = today if span == "coming" else today - timedelta(days=days)
    found, turned = here().read(lambda s: (heats(s, first, days), turned_away(s, now - timedelta(days=days))))
    return render_template(
        "busy.html",
        span=span,
        weeks=WEEKS,
        heats=[(each, _hours(each.shares), _days(each.shares)) for each in found],
        turned=turned,
        turned_hours=_hours(turned.by_cell),
        most=max(turned.by_cell.values(), default=0),
        week=_DAYS,
        a_day=[today + timedelta(days=(weekday - today.weekday()) % 7) for weekday in range(7)],
        cell=Cell,
    )


def _hours(cells: Collection[Cell]) -> range:
    """From the first hour in which there is anything to the last."""
    hours = [each.hour for each in cells]
    return range(min(hours), max(hours) + 1) if hours else range(0)


def _days(cells: Collection[Cell]) -> list[int]:
    there = {each.weekday for each in cells}
    return [each for each in _DAYS if each in there]
