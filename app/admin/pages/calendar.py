"""The week's appointments, the list of them, and the page of one: move, cancel, what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.admin.auth.access import admin_pages, business_pages, here, public, required
from app.admin.auth.trail import note
from app.admin.forms.fields import LongText, PageForm, Text, at_most, bad_phone, needed
from app.admin.forms.reminders import before_words
from app.admin.pages.calls import page_number
from app.admin.pages.why import read_day, read_time
from app.admin.text import outbox_words, text_words
from app.admin.text.week import lay_out, sunday_of
from app.admin.text.words import language, t
from services.accounts.catalogue import catalogue_of
from services.appointments.customers import NAME_LIMIT, NOTES_LIMIT, SERVICE_LIMIT
from services.appointments.places import plan_to_move
from services.appointments.slots import policy_of_session
from services.appointments.taken import diaries_between
from services.db.models import Appointment, AppointmentStatus, AuditKind
from services.language.phone_numbers import as_e164
from services.policy.openings import openings_on
from services.reports.home import local_midnight
from services.reports.people import Page, appointment_page, appointments_between
from services.reports.texts import Reminders, reminders_shown
from services.tools_calendar import (
    BookingResult,
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


@business_pages.get("/calendar")
def calendar() -> ResponseReturnValue:
    now, zone = datetime.now(UTC), here().zone
    today = now.astimezone(zone).date()
    sunday = sunday_of(read_day(request.args.get("week")) or today)
    start, end = local_midnight(sunday, zone), local_midnight(sunday + timedelta(days=7), zone)
    policy, found = here().read(lambda s: (policy_of_session(s), appointments_between(s, start, end)))
    return render_template(
        "calendar.html",
        week=lay_out(policy, sunday, found),
        sunday=sunday,
        today=today,
        slot_min=policy.slot_size_min,
        step=timedelta(days=1),
    )


@admin_pages.get("/grid.css")
@public
def grid_css() -> ResponseReturnValue:
    """Places on the week's grid as classes: the pages may carry no style of their own."""
    response = make_response(render_template("grid.css"))
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


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
    wish = Wish(start, as_e164(form.phone.data) or "", form.name.data, form.service.data, form.notes.data)
    key = request.form.get("key", "")[:60] or secrets.token_hex(8)

    def book(s: Session) -> BookingResult:
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
    start, now = _wanted_start(), datetime.now(UTC)
    if start is None:
        return _appointment_page(appointment_id, t("בחרו יום ושעה.", "Choose a day and a time.")), 422

    def work(s: Session) -> BookingResult:
        required(s.get(Appointment, appointment_id))
        result = move_appointment(s, appointment_id=appointment_id, start=start, now=now)
        if result.outcome is not Outcome.REFUSED:
            note(s, AuditKind.APPOINTMENT_MOVED, appointment_id, detail={"start": f"{start:%Y-%m-%d %H:%M}"})
        return result

    try:
        result = here().write(work)
    except NoSuchAppointment:
        return _appointment_page(appointment_id, t("אפשר להזיז רק תור שנקבע.", "Only a booked one can be moved.")), 409
    if result.outcome is Outcome.REFUSED:
        return _appointment_page(appointment_id, result.verdict.words(language())), 409
    flash(t("התור הוזז.", "The appointment was moved."), "good")
    return redirect(url_for("business.appointment", appointment_id=appointment_id))


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
    day, _, time = chosen.partition("T") if chosen else (request.form.get("day", ""), "", request.form.get("time", ""))
    asked_day, asked_time = read_day(day), read_time(time)
    return datetime.combine(asked_day, asked_time) if asked_day and asked_time else None


def _free(s: Session, day: date, now: datetime, moved: Appointment | None = None) -> Sequence[datetime]:
    """Free slots of a day by the owner's rules: without notice and window. moved: for another time of this one."""
    catalogue = catalogue_of(s).for_owner()
    is_booked = moved is not None and moved.status is AppointmentStatus.BOOKED
    plan = plan_to_move(s, catalogue, moved, None) if moved is not None and is_booked else catalogue.plan()
    zone, reach = plan.policy.zone, timedelta(days=1)
    start, end = local_midnight(day, zone) - reach, local_midnight(day + timedelta(days=1), zone) + reach
    diaries = diaries_between(s, start, end, now, plan.need, except_appointment=moved.id if moved else None)
    return [each.start for each in openings_on(plan, day, now, diaries)]


def _asked_day(default: date) -> date:
    day = request.values.get("day") or request.form.get("slot", "").partition("T")[0]
    return read_day(day) or default


def _new_page(form: AppointmentForm, now: datetime, problem: str = "") -> str:
    day = _asked_day(now.astimezone(here().zone).date())
    free = here().read(lambda s: _free(s, day, now))
    key = request.form.get("key") or secrets.token_hex(8)
    return render_template("appointment_new.html", form=form, day=day, free=free, problem=problem, key=key)


def _appointment_page(appointment_id: int, problem: str = "") -> str:
    now, zone = datetime.now(UTC), here().zone

    def find(s: Session) -> tuple[Appointment, date, Sequence[datetime], Reminders]:
        found = required(s.get(Appointment, appointment_id))
        day = _asked_day(found.starts_at.astimezone(zone).date())
        return found, day, _free(s, day, now, found), reminders_shown(s, found, now)

    found, day, free, reminders = here().read(find)
    return render_template(
        "appointment.html",
        found=found,
        day=day,
        free=free,
        problem=problem,
        now=now,
        reminders=reminders,
        outbox_words=outbox_words,
        text_words=text_words,
        before_words=before_words,
    )
