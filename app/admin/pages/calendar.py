"""The list of appointments, a new one by hand, and the page of one: move, cancel, what became of it."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.admin.auth.access import business_pages, here, required
from app.admin.auth.trail import note
from app.admin.forms.fields import LongText, PageForm, Text, at_most, bad_phone, needed
from app.admin.forms.reminders import before_words
from app.admin.pages.calls import page_number
from app.admin.pages.why import read_day, read_time
from app.admin.text import outbox_words, text_words
from app.admin.text.words import language, t
from services.accounts.catalogue import catalogue_of
from services.appointments.customers import NAME_LIMIT, NOTES_LIMIT, SERVICE_LIMIT
from services.appointments.places import plan_to_move
from services.appointments.taken import diaries_between
from services.db.models import Appointment, AppointmentStatus, AuditKind, Resource, Service
from services.language.phone_numbers import as_e164
from services.policy.catalogue import Catalogue, Plan, ServiceRules, Want
from services.policy.openings import judge, openings_on
from services.reports.diary import tells_customers
from services.reports.home import local_midnight
from services.reports.people import Page, appointment_page
from services.reports.texts import reminders_shown
from services.tools_calendar import (
    BookingResult,
    ChangedMeanwhile,
    NoSuchAppointment,
    Outcome,
    Wish,
    cancel_appointment,
    create_appointment_by_owner,
    move_appointment,
    set_appointment_status,
)

LISTS = ("coming", "past", "cancelled")


class AppointmentForm(PageForm):
    name = Text(validators=[needed, at_most(NAME_LIMIT)])
    phone = Text(validators=[needed])
    service = Text(validators=[at_most(SERVICE_LIMIT)])
    notes = LongText(validators=[at_most(NOTES_LIMIT)])

    def validate_phone(self, field: Text) -> None:
        if as_e164(field.data) is None:
            raise ValidationError(bad_phone(field.data))


@business_pages.get("/appointments")
def appointments() -> ResponseReturnValue:
    which, number, now = request.args.get("which", "coming"), page_number(), datetime.now(UTC)
    which = which if which in LISTS else "coming"
    page: Page[Appointment] = here().read(lambda s: appointment_page(s, which, number, now))

    def page_url(number: int) -> str:
        return url_for("business.appointments", which=which, page=number)

    return render_template("appointments.html", page=page, which=which, page_url=page_url)


@business_pages.route("/appointments/new", methods=["GET", "POST"])
def new_appointment() -> ResponseReturnValue:
    """Book by hand: opening hours hold, notice and window do not."""
    now = datetime.now(UTC)
    start = _wanted_start()
    form = AppointmentForm(request.form)
    if request.method == "GET":
        return _new_page(form, now)
    if not form.validate() or start is None:
        return _new_page(form, now, "" if start else t("בחרו יום ושעה.", "Choose a day and a time.")), 422
    key = request.form.get("key", "")[:60] or secrets.token_hex(8)

    def book(s: Session) -> BookingResult:
        want = _chosen(s, catalogue_of(s))
        phone, about = as_e164(form.phone.data) or "", form.service.data
        wish = Wish(start, phone, form.name.data, about, form.notes.data, want=want)
        done = create_appointment_by_owner(s, wish, request_key=key, now=now)
        if done.booking is not None:
            note(s, AuditKind.APPOINTMENT_BOOKED, done.booking.id)
        return done

    result = here().write(book)
    if result.booking is None:
        return _new_page(form, now, result.verdict.words(language())), 409
    flash(t("התור נקבע.", "The appointment is booked."), "good")
    return redirect(url_for("business.appointment", appointment_id=result.booking.id))


@business_pages.get("/appointments/<int:appointment_id>")
def appointment(appointment_id: int) -> ResponseReturnValue:
    return _appointment_page(appointment_id)


@business_pages.post("/appointments/<int:appointment_id>/move")
def move(appointment_id: int) -> ResponseReturnValue:
    """To another time, another person, or both; asked for by the appointment's page, or by a script of the calendar,
    which gets its answer as data."""
    start, now, seen = _wanted_start(), datetime.now(UTC), request.form.get("seen", "")
    if start is None:
        return _not_moved(appointment_id, t("בחרו יום ושעה.", "Choose a day and a time."), 422)

    def work(s: Session) -> BookingResult:
        want = _to_whom(s, required(s.get(Appointment, appointment_id)))
        result = move_appointment(
            s,
            appointment_id=appointment_id,
            start=start,
            now=now,
            want=want,
            seen=int(seen) if seen.isdecimal() else None,
            tells=request.form.getlist("tell") != ["n"],
        )
        if result.outcome is not Outcome.REFUSED:
            detail = {"start": f"{start:%Y-%m-%d %H:%M}", **({"person": str(want.resource_id)} if want else {})}
            note(s, AuditKind.APPOINTMENT_MOVED, appointment_id, detail=detail)
        return result

    try:
        result = here().write(work)
    except NoSuchAppointment:
        return _not_moved(appointment_id, t("אפשר להזיז רק תור שנקבע.", "Only a booked one can be moved."), 409)
    except ChangedMeanwhile:
        words = t("התור השתנה בינתיים. כך הוא עכשיו.", "It has changed meanwhile. This is how it is now.")
        return _not_moved(appointment_id, words, 409, is_stale=True)
    if result.outcome is Outcome.REFUSED:
        return _not_moved(appointment_id, result.verdict.words(language()), 409)
    flash(t("התור הוזז.", "The appointment was moved."), "good")
    if _asks_a_script():
        return jsonify(moved=appointment_id)
    return redirect(url_for("business.appointment", appointment_id=appointment_id))


def _to_whom(s: Session, appointment: Appointment) -> Want | None:
    """The person of the form; None when it is who has it already."""
    person = _number("person")
    resource = None if person is None else required(s.get(Resource, person))
    is_other = resource is not None and resource.id != appointment.resource_id
    return Want(resource_id=person) if is_other else None


def _not_moved(appointment_id: int, words: str, status: int, *, is_stale: bool = False) -> ResponseReturnValue:
    if _asks_a_script():
        return jsonify(problem=words, stale=is_stale), status
    return _appointment_page(appointment_id, words), status


def _asks_a_script() -> bool:
    return "X-Requested-With" in request.headers


@business_pages.post("/appointments/<int:appointment_id>/status")
def appointment_status(appointment_id: int) -> ResponseReturnValue:
    """Cancel, or note that it took place or nobody came, or undo either."""
    wanted, now = request.form.get("status", ""), datetime.now(UTC)
    status = required(AppointmentStatus(wanted) if wanted in set(AppointmentStatus) else None)

    def work(s: Session) -> BookingResult | None:
        required(s.get(Appointment, appointment_id))
        if status is AppointmentStatus.CANCELLED:
            cancel_appointment(s, appointment_id=appointment_id, now=now)
            result = None
        else:
            result = set_appointment_status(s, appointment_id=appointment_id, status=status, now=now)
        if result is None or result.outcome is not Outcome.REFUSED:
            note(s, AuditKind.APPOINTMENT_STATUS, appointment_id, detail={"status": status.value})
        return result

    try:
        result = here().write(work)
    except NoSuchAppointment:
        return _appointment_page(appointment_id, t("זה כבר לא אפשרי.", "That is no longer possible.")), 409
    if result is not None and result.outcome is Outcome.REFUSED:
        return _appointment_page(appointment_id, result.verdict.words(language())), 409
    flash(t("עודכן.", "Updated."), "good")
    return redirect(url_for("business.appointment", appointment_id=appointment_id))


def _wanted_start() -> datetime | None:
    """The wall-clock start a form asks for: a chosen slot, or a day and a time."""
    chosen = request.form.get("slot", "")
    day, _, clock = chosen.partition("T") if chosen else (request.form.get("day", ""), "", request.form.get("time", ""))
    asked_day, asked_time = read_day(day), read_time(clock)
    return datetime.combine(asked_day, asked_time) if asked_day and asked_time else None


def _number(name: str) -> int | None:
    """An id that an address or a form names."""
    text = request.values.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _chosen(s: Session, catalogue: Catalogue) -> Want:
    """Person and service of the form for a new one. Where nothing was chosen yet, the first service that there is."""
    person, service = _number("person"), _number("service_id")
    resource_id = None if person is None else required(s.get(Resource, person)).id
    if "service_id" not in request.values:
        service = next((each.id for each in _given(catalogue, resource_id)), None)
    elif service is not None:
        service = required(s.get(Service, service)).id
    return Want(service, resource_id)


def _given(catalogue: Catalogue, resource_id: int | None) -> list[ServiceRules]:
    """What this person gives; None: what anybody gives."""
    return [each for each in catalogue.offered if resource_id is None or resource_id in each.given_by]


def _free(s: Session, plan: Plan, day: date, now: datetime, moved: Appointment | None = None) -> list[datetime]:
    """Free slots of a day. moved: for another time of this one."""
    zone, reach = plan.policy.zone, timedelta(days=1)
    start, end = local_midnight(day, zone) - reach, local_midnight(day + timedelta(days=1), zone) + reach
    diaries = diaries_between(s, start, end, now, plan.need, except_appointment=moved.id if moved else None)
    return [each.start for each in openings_on(plan, day, now, diaries)]


def _asked_day(default: date) -> date:
    day = request.values.get("day") or request.form.get("slot", "").partition("T")[0]
    return read_day(day) or default


def _picked(day: date) -> tuple[str, str]:
    """The slot that is chosen already, and the time of day."""
    clock = request.values.get("time", "")
    asked = read_time(clock)
    return request.form.get("slot") or (f"{day}T{asked:%H:%M}" if asked else ""), clock


def _new_page(form: AppointmentForm, now: datetime, problem: str = "") -> str:
    day = _asked_day(now.astimezone(here().zone).date())

    def find(s: Session) -> dict[str, Any]:
        catalogue = catalogue_of(s).for_owner()
        want = _chosen(s, catalogue)
        plan = catalogue.plan(want)
        refusal = judge(plan, datetime.combine(day, time()), now, {}).words(language()) if plan.refusal else ""
        given = _given(catalogue, want.resource_id)
        return {
            "free": _free(s, plan, day, now),
            "want": want,
            "people": [] if len(catalogue.team) < 2 else catalogue.team,
            "services": given if catalogue.offered else None,
            "refusal": refusal,
        }

    slot, clock = _picked(day)
    key = request.form.get("key") or secrets.token_hex(8)
    found = here().read(find)
    return render_template(
        "appointment_new.html", form=form, day=day, problem=problem, key=key, picked=slot, picked_time=clock, **found
    )


def _appointment_page(appointment_id: int, problem: str = "") -> str:
    now, zone = datetime.now(UTC), here().zone

    def read(s: Session) -> dict[str, Any]:
        found = required(s.get(Appointment, appointment_id))
        day = _asked_day(found.starts_at.astimezone(zone).date())
        catalogue = catalogue_of(s).for_owner()
        is_booked = found.status is AppointmentStatus.BOOKED
        plan = plan_to_move(s, catalogue, found, _to_whom(s, found)) if is_booked else catalogue.plan()
        givers = catalogue.who_gives(found.service_id)
        return {
            "found": found,
            "day": day,
            "free": _free(s, plan, day, now, found),
            "person": _number("person") or found.resource_id,
            "people": [each for each in catalogue.resources if each in givers or each.id == found.resource_id],
            "tells": tells_customers(s),
            "reminders": reminders_shown(s, found, now),
        }

    values = here().read(read)
    slot, clock = _picked(values["day"])
    return render_template(
        "appointment.html",
        problem=problem,
        now=now,
        picked=slot,
        picked_time=clock,
        outbox_words=outbox_words,
        text_words=text_words,
        before_words=before_words,
        **values,
    )
