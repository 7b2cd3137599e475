"""When appointments may be made: the week's opening hours, closed dates, holidays, slot size, notice, window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.auth.access import business_pages, here
from app.admin.forms.settings import HoursForm
from app.admin.pages.settings import load_settings_row, note_settings
from app.admin.pages.week_grid import grid_of, read_week
from app.admin.text.words import language, t
from services.appointments.reminders import look_out_again
from services.business_policy import day_state, holiday_name
from services.db.models import BusinessSettings
from services.policy.settings import Policy, PolicyError, build_policy

# Rows of hours that a day's line always offers, so that the page works without scripts.
SPARE_RANGES = 2
SPARE_DATES = 2
_AHEAD_DAYS = 200


@business_pages.route("/settings/hours", methods=["GET", "POST"])
def hours() -> ResponseReturnValue:
    if request.method == "GET":
        row = here().read(load_settings_row)
        return _page(HoursForm(obj=row), row.opening_hours_json, row.closed_dates, {})
    form, sent = HoursForm(request.form), _read(request.form)
    form.validate()
    problems = _problems(form, sent)
    if problems:
        return _page(form, sent["opening_hours_json"], sent["closed_dates"], problems), 422

    def save(s: Session) -> None:
        row: BusinessSettings = load_settings_row(s)
        zone = row.timezone
        form.populate_obj(row)
        row.opening_hours_json, row.closed_dates = sent["opening_hours_json"], sent["closed_dates"]
        note_settings(s, row)
        if row.timezone != zone:
            look_out_again(s, datetime.now(UTC))

    here().write(save)
    flash(t("נשמר. השיחה הבאה כבר תדע.", "Saved. The next call already knows."), "good")
    return redirect(url_for("business.hours"))


def _read(form: MultiDict[str, str]) -> dict[str, Any]:
    """The grid and the dates as the settings hold them: empty rows left out, dates in order."""
    dates = sorted({day.strip()[:10] for day in form.getlist("closed-date") if day.strip()})
    return {"opening_hours_json": read_week(form), "closed_dates": dates}


def _problems(form: HoursForm, sent: Mapping[str, Any]) -> dict[str, str]:
    """What cannot be saved, by setting ("opening_hours_json.sun"), in words; also put beside the form's fields."""
    values = {name: field.data for name, field in form._fields.items()}
    try:
        build_policy({**values, **sent})
    except PolicyError as error:
        found = {each.setting: each.words(language()).partition(": ")[2] for each in error.problems}
        for name in form._fields.keys() & found.keys():
            form[name].errors = [found[name]]
        return found
    return {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}


def _page(form: HoursForm, week: Mapping[str, Any], closed: list[str], problems: Mapping[str, str]) -> str:
    return render_template(
        "settings_hours.html",
        form=form,
        grid=grid_of(week, problems),
        closed=closed,
        problems=problems,
        spare_ranges=SPARE_RANGES,
        spare_dates=SPARE_DATES,
        holidays=_coming_holidays(form, week),
    )


def _coming_holidays(form: HoursForm, week: Mapping[str, Any]) -> list[tuple[date, str, bool]]:
    """(day, name, is closed) of the next holidays, as the settings on the page treat them."""
    try:
        policy: Policy = build_policy(
            {
                "timezone": form.timezone.data,
                "opening_hours_json": week,
                "observe_holidays": bool(form.observe_holidays.data),
                "holiday_eves": form.holiday_eves.data,
            }
        )
    except PolicyError:
        return []
    first = datetime.now(UTC).astimezone(here().zone).date()
    days = (first + timedelta(days=ahead) for ahead in range(_AHEAD_DAYS))
    named = ((day, holiday_name(day, language())) for day in days)
    return [(day, name, not day_state(policy, day).ranges) for day, name in named if name][:8]
