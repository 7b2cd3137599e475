"""Who gives what: services, and the people, rooms and chairs that are booked (K1, K2, K7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.auth.access import business_pages, here, required
from app.admin.auth.trail import changes_of, note
from app.admin.forms.team import ResourceForm, ServiceForm
from app.admin.pages.week_grid import grid_of, read_week
from app.admin.text.words import language, t
from services.accounts.catalogue import catalogue_of
from services.appointments.team import TooMany, new_resource, new_service, set_givers
from services.db.models import AuditKind, BusinessSettings, Resource, ResourceKind, Service, ServiceResource
from services.policy.settings import PolicyError, build_policy
from services.reports.diary import colours_of
from services.team.leaving import LastResource, coming_with, leave

# Empty rows that a page always offers, so that it works without scripts.
SPARE_RANGES = 2
SPARE_ABSENCES = 2


class _StillBooked(Exception):
    """Coming appointments stand, and nobody has said what shall become of them."""

    def __init__(self, appointments: int) -> None:
        super().__init__(appointments)
        self.appointments = appointments


@dataclass(frozen=True, slots=True)
class _Hours:
    """A resource's own week and absences as they are shown or were sent."""

    week: Mapping[str, Any]
    days_off: list[list[str]]


@business_pages.get("/team")
def team() -> ResponseReturnValue:
    """Everybody and everything that can be booked."""

    def read(s: Session) -> dict[str, Any]:
        now = datetime.now(UTC)
        resources = s.scalars(select(Resource).order_by(Resource.active.desc(), Resource.position, Resource.id)).all()
        return {
            "catalogue": catalogue_of(s),
            "colours": colours_of(s),
            "resources": resources,
            "services": s.scalars(select(Service).order_by(Service.active.desc(), Service.position, Service.id)).all(),
            "coming": {each.id: len(coming_with(s, each.id, now)) for each in resources},
        }

    return render_template("team.html", **here().read(read))


@business_pages.route("/team/people/new", methods=["GET", "POST"])
def new_person() -> ResponseReturnValue:
    if request.method == "GET":
        return _person_page(ResourceForm(), _Hours(here().read(_business_week), []), None)
    return _save_person(None)


@business_pages.route("/team/people/<int:resource_id>", methods=["GET", "POST"])
def person_of_team(resource_id: int) -> ResponseReturnValue:
    row = here().read(lambda s: required(s.get(Resource, resource_id)))
    if request.method == "GET":
        form = ResourceForm(obj=row, own_hours=row.opening_hours_json is not None)
        week = here().read(_business_week) if row.opening_hours_json is None else row.opening_hours_json
        return _person_page(form, _Hours(week, row.days_off), row)
    return _save_person(row)


@business_pages.route("/team/services/new", methods=["GET", "POST"])
def new_service_page() -> ResponseReturnValue:
    if request.method == "GET":
        return _service_page(ServiceForm(colour=here().read(colours_of).next_service), None)
    return _save_service(None)


@business_pages.route("/team/services/<int:service_id>", methods=["GET", "POST"])
def service_of_team(service_id: int) -> ResponseReturnValue:
    def read(s: Session) -> tuple[Service, list[int], str]:
        row = required(s.get(Service, service_id))
        givers = select(ServiceResource.resource_id).where(ServiceResource.service_id == service_id)
        return row, list(s.scalars(givers)), colours_of(s).services[row.id]

    row, givers, colour = here().read(read)
    if request.method == "GET":
        form = ServiceForm(obj=row, givers=givers)
        form.colour.data = colour
        return _service_page(form, row)
    return _save_service(row)


def _save_person(known: Resource | None) -> ResponseReturnValue:
    form, sent = ResourceForm(request.form), _Hours(read_week(request.form), _absences(request.form))
    form.validate()
    problems = _problems(form, sent)
    if problems or form.errors:
        return _person_page(form, sent, known, problems), 422

    def save(s: Session) -> None:
        row = new_resource(s) if known is None else required(s.get(Resource, known.id))
        row.name, row.called = form.name.data, form.called.data
        row.kind, row.colour = ResourceKind(form.kind.data), form.colour.data
        row.opening_hours_json = dict(sent.week) if form.own_hours.data else None
        row.days_off = sent.days_off
        was_active, row.active = row.active, form.active.data or known is None
        _note(s, AuditKind.RESOURCE_SAVED, row)
        if was_active and not row.active:
            _leave(s, row.id)

    try:
        here().write(save)
    except LastResource:
        form.active.errors = [t("מישהו חייב להישאר ביומן.", "Somebody must stay in the calendar.")]
    except _StillBooked as booked:
        form.active.errors = [_still_booked(booked.appointments)]
        return _person_page(form, sent, known, asks=True), 409
    except TooMany:
        form.name.errors = [t("אין מקום לעוד.", "There is no room for another one.")]
    else:
        return _saved()
    return _person_page(form, sent, known), 409


def _leave(s: Session, resource_id: int) -> None:
    """Raises LastResource, _StillBooked."""
    now, what = datetime.now(UTC), request.form.get("coming")
    standing = len(coming_with(s, resource_id, now))
    if standing and what not in ("move", "keep"):
        raise _StillBooked(standing)
    leave(s, resource_id, now, moves=what == "move")


def _still_booked(number: int) -> str:
    return t(
        "יש {n} תורים עתידיים. מה יהיה איתם?",
        "{n} coming appointments stand. What shall become of them?",
        n=number,
    )


def _save_service(known: Service | None) -> ResponseReturnValue:
    form = ServiceForm(request.form)
    if not form.validate():
        return _service_page(form, known), 422

    def save(s: Session) -> None:
        with s.no_autoflush:  # a new one until it is filled in
            row = new_service(s) if known is None else required(s.get(Service, known.id))
        for name in ("name", "called", "length_min", "before_min", "after_min", "price", "on_request", "capacity"):
            setattr(row, name, form[name].data)
        row.colour, row.active = form.colour.data, form.active.data
        _note(s, AuditKind.SERVICE_SAVED, row)
        set_givers(s, row.id, form.givers.data or [])

    try:
        here().write(save)
    except TooMany:
        form.name.errors = [t("אין מקום לעוד.", "There is no room for another one.")]
        return _service_page(form, known), 409
    return _saved()


def _saved() -> ResponseReturnValue:
    flash(t("נשמר. השיחה הבאה כבר תדע.", "Saved. The next call already knows."), "good")
    return redirect(url_for("business.team"))


def _note(s: Session, kind: AuditKind, row: Resource | Service) -> None:
    changes = changes_of(row)
    s.flush()
    if changes:
        note(s, kind, row.id, detail={"fields": ", ".join(sorted(changes))})


def _absences(form: MultiDict[str, str]) -> list[list[str]]:
    """Pairs of days; one day alone is an absence of that day."""
    pairs = zip_longest(form.getlist("off-first"), form.getlist("off-last"), fillvalue="")
    sent = ([first.strip()[:10], last.strip()[:10]] for first, last in pairs)
    return sorted([first or last, last or first] for first, last in sent if first or last)


def _problems(form: ResourceForm, sent: _Hours) -> dict[str, str]:
    """What cannot be saved of hours and absences, in words, by setting."""
    week = sent.week if form.own_hours.data else {}
    try:
        build_policy({"opening_hours_json": week, "days_off": sent.days_off})
    except PolicyError as error:
        return {each.setting: each.words(language()).partition(": ")[2] for each in error.problems}
    return {}


def _business_week(s: Session) -> Mapping[str, Any]:
    week: Mapping[str, Any] = s.scalars(select(BusinessSettings)).one().opening_hours_json
    return week


def _person_page(
    form: ResourceForm,
    hours: _Hours,
    known: Resource | None,
    problems: Mapping[str, str] | None = None,
    *,
    asks: bool = False,
) -> str:
    return render_template(
        "team_person.html",
        form=form,
        known=known,
        grid=grid_of(hours.week, problems or {}),
        days_off=hours.days_off,
        problems=problems or {},
        asks=asks,
        spare_ranges=SPARE_RANGES,
        spare_absences=SPARE_ABSENCES,
    )


def _service_page(form: ServiceForm, known: Service | None) -> str:
    everybody = here().read(lambda s: s.scalars(select(Resource).order_by(Resource.position, Resource.id)).all())
    return render_template("team_service.html", form=form, known=known, everybody=everybody)
