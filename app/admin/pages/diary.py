"""The calendar: a day or a week, a lane for each person, services in their colours (K7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import admin_pages, business_pages, here, public, required
from app.admin.pages.why import read_day
from app.admin.text.diary import ROW_MIN, Diary, lay_out, sunday_of
from services.accounts.catalogue import catalogue_of
from services.db.models import Appointment, Resource, TakenTime
from services.policy.catalogue import Catalogue, ResourceRules
from services.reports.diary import colours_of, taken_between, tells_customers
from services.reports.home import local_midnight
from services.reports.people import appointments_between

# More lanes a day than this cannot be read in a week.
MOST_IN_A_WEEK = 6


@dataclass(frozen=True, slots=True)
class _View:
    """What is asked for. resource_id None: everybody."""

    kind: str
    day: date
    resource_id: int | None

    @property
    def days(self) -> list[date]:
        sunday = sunday_of(self.day)
        return [self.day] if self.kind == "day" else [sunday + timedelta(days=n) for n in range(7)]


@business_pages.get("/calendar")
def calendar() -> ResponseReturnValue:
    now, zone = datetime.now(UTC), here().zone
    today = now.astimezone(zone).date()

    def read(s: Session) -> dict[str, Any]:
        catalogue = catalogue_of(s)
        view = _asked(s, catalogue, today)
        start = local_midnight(view.days[0], zone)
        end = local_midnight(view.days[-1] + timedelta(days=1), zone)
        found, taken = appointments_between(s, start, end), taken_between(s, start, end)
        everybody = _shown(catalogue, found, taken)
        people = [each for each in everybody if view.resource_id in (None, each.id)]
        if view.kind == "week" and len(people) > MOST_IN_A_WEEK:
            people = people[:1]
        return {
            "view": view,
            "diary": lay_out(people, view.days, found, taken),
            "people": people,
            "everybody": everybody,
            "catalogue": catalogue,
            "colours": colours_of(s),
            "tells": tells_customers(s),
        }

    values = here().read(read)
    values["now_row"] = _now_row(values["diary"], now)
    return render_template("calendar.html", today=today, most=MOST_IN_A_WEEK, one_day=timedelta(days=1), **values)


def _now_row(diary: Diary, now: datetime) -> int | None:
    """Where the present moment is on the grid of its day; None where it is not shown."""
    local = now.astimezone(here().zone)
    row = (local.hour * 60 + local.minute - diary.first_hour * 60) // ROW_MIN
    return row if 0 <= row < diary.hours * 60 // ROW_MIN else None


def _asked(s: Session, catalogue: Catalogue, today: date) -> _View:
    """`week=` or `day=`; without either the day where there are several people, else the week."""
    week, day = read_day(request.args.get("week")), read_day(request.args.get("day"))
    person = request.args.get("person", "")
    resource_id = required(s.get(Resource, int(person))).id if person.isdecimal() and len(person) < 10 else None
    if day is not None or (week is None and len(catalogue.team) > 1):
        return _View("day", day or today, resource_id)
    return _View("week", week or today, resource_id)


def _shown(catalogue: Catalogue, found: Sequence[Appointment], taken: Sequence[TakenTime]) -> list[ResourceRules]:
    """Who works here, and who has left with something still booked in these days."""
    needed = {each.resource_id for each in found} | {each.resource_id for each in taken}
    return [each for each in catalogue.resources if each.active or each.id in needed]


@admin_pages.get("/grid.css")
@public
def grid_css() -> ResponseReturnValue:
    """Places on the grid as classes: the pages may carry no style of their own."""
    response = make_response(render_template("grid.css"))
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@business_pages.get("/colours.css")
def colours_css() -> Response:
    """The colours of this business's services and people as classes, for the same reason."""
    colours = here().read(colours_of)
    lines = [f".k-{each}{{--k:{colour}}}" for each, colour in colours.services.items()]
    lines += [f".p-{each}{{--k:{colour}}}" for each, colour in colours.resources.items()]
    response = Response("\n".join(lines), mimetype="text/css")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
