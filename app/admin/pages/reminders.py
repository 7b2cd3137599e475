"""When customers are reminded and in whose words; what they wrote back, and who wants no more messages (K6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here
from app.admin.forms.reminders import RemindersForm
from app.admin.pages.calls import page_number
from app.admin.pages.settings import load_settings_row, note_settings
from app.admin.text import text_words
from app.admin.text.words import t
from app.context import public_url, worker
from services.appointments.confirmations import link_words, spoken_language
from services.appointments.reminders import look_out_again
from services.db.models import BusinessNumber, BusinessSettings
from services.policy.quiet import EVE_ENDS
from services.policy.reminder_words import NAMES, reminder_words, sms_parts, unknown_names, usual_words
from services.policy.words import slot_words
from services.reports.texts import stopped_page, text_page

# What planning goes by: when one of these changes, it is planned anew.
_PLANNED_BY = ("reminders", "reminders_from_min", "reminders_until_min")
# A link of the length that links have.
_SIGNED = "4711-502344.XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
_SAMPLE_NAMES = {"he": "נועה לוי", "en": "Noa Levi"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A reminder as it would be received, in one of the two languages. is_sent: customers get this one."""

    language: str
    body: str
    parts: int
    is_sent: bool


@business_pages.route("/settings/reminders", methods=["GET", "POST"])
def reminders() -> ResponseReturnValue:
    row, own_numbers = here().read(_loaded)

    class OurForm(RemindersForm):
        """With the numbers this business may send from."""

        numbers = own_numbers

    if request.method == "GET":
        return _page(OurForm(obj=row), row)
    form = OurForm(request.form)
    is_good = form.validate()
    if not is_good or "preview" in request.form:
        return _page(form, row), 200 if is_good else 422
    here().write(lambda s: _save(s, form, datetime.now(UTC)))
    flash(t("נשמר. התזכורות הבאות כבר יצאו כך.", "Saved. The next reminders already go out like this."), "good")
    return redirect(url_for("business.reminders"))


@business_pages.get("/texts")
def texts() -> ResponseReturnValue:
    """What customers wrote."""
    number = page_number()
    page, people = here().read(lambda s: text_page(s, number))
    return _texts("texts.html", page, people, "business.texts")


@business_pages.get("/texts/stopped")
def stopped() -> ResponseReturnValue:
    """Who wants no more messages, and why."""
    number = page_number()
    page, people = here().read(lambda s: stopped_page(s, number))
    return _texts("texts_stopped.html", page, people, "business.stopped")


def _texts(template: str, page: object, people: Mapping[str, Any], endpoint: str) -> str:
    def page_url(number: int) -> str:
        return url_for(endpoint, page=number)

    return render_template(template, page=page, people=people, page_url=page_url, words=text_words)


def _loaded(s: Session) -> tuple[BusinessSettings, tuple[str, ...]]:
    numbers = s.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id))
    return load_settings_row(s), tuple(numbers)


def _save(s: Session, form: RemindersForm, now: datetime) -> None:
    row = load_settings_row(s)
    before = [getattr(row, name) for name in _PLANNED_BY]
    for name in (*_PLANNED_BY, "customer_link"):
        setattr(row, name, form[name].data)
    for name in ("reminder_text", "whatsapp_sender", "whatsapp_template"):
        setattr(row, name, form[name].data or None)
    note_settings(s, row)
    if [getattr(row, name) for name in _PLANNED_BY] != before:
        look_out_again(s, now)


def _page(form: RemindersForm, row: BusinessSettings) -> str:
    return render_template(
        "settings_reminders.html",
        form=form,
        row=row,
        previews=[_preview(form, row, each) for each in (spoken_language(row), *_other(row))],
        usual=usual_words(spoken_language(row)),
        names=NAMES,
        eve_ends=EVE_ENDS,
        can_text=worker().settings.twilio_account is not None,
    )


def _other(row: BusinessSettings) -> tuple[str]:
    return ("en",) if spoken_language(row) == "he" else ("he",)


def _preview(form: RemindersForm, row: BusinessSettings, language: str) -> Preview:
    """With an appointment of the day after tomorrow. A text that cannot be saved is not shown."""
    own = form.reminder_text.data or ""
    own = "" if unknown_names(own) else own
    day = datetime.now(UTC).astimezone(here().zone) + timedelta(days=2)
    values = {
        "name": _SAMPLE_NAMES[language],
        "business": here().name,
        "slot": slot_words(day.replace(hour=10, minute=30), language),
    }
    body = reminder_words(own, language, may_cancel=row.may_change).format(**values)
    if form.customer_link.data:
        body += f"\n{link_words(language, may_change=row.may_change)} {public_url().base}/a/{_SIGNED}"
    return Preview(language, body, sms_parts(body), language == spoken_language(row))
