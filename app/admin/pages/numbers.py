"""The telephone numbers callers dial. Which number leads to which business is the administrator's to say."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.admin.auth.access import admins_only, business_pages, here, required
from app.admin.auth.trail import note
from app.admin.forms.fields import PageForm, Text, bad_phone, needed
from app.admin.pages.accounts import number_is_taken
from app.admin.text.words import t
from app.context import public_url
from services.db.models import AuditKind, BusinessNumber
from services.language.phone_numbers import as_e164
from services.reports import home as reports_home


class NumberForm(PageForm):
    e164 = Text(validators=[needed])

    def validate_e164(self, field: Text) -> None:
        if as_e164(field.data) is None:
            raise ValidationError(bad_phone(field.data))


@business_pages.get("/numbers")
def numbers() -> ResponseReturnValue:
    return _page(NumberForm())


@business_pages.post("/numbers")
@admins_only
def add_number() -> ResponseReturnValue:
    form, now = NumberForm(request.form), datetime.now(UTC)
    if not form.validate():
        return _page(form), 422
    number = as_e164(form.e164.data) or ""

    def add(s: Session) -> bool:
        if number_is_taken(s, number):
            return False
        s.add(BusinessNumber(e164=number, created_at=now))
        s.flush()
        note(s, AuditKind.NUMBER_ADDED, number)
        return True

    try:
        added = here().write(add)
    except IntegrityError:  # two administrators at once
        added = False
    if not added:
        form.e164.errors = [t("המספר כבר שייך לעסק.", "This number already belongs to a business.")]
        return _page(form), 409
    flash(t("המספר נוסף.", "The number was added."), "good")
    return redirect(url_for("business.numbers"))


@business_pages.post("/numbers/<int:number_id>/remove")
@admins_only
def remove_number(number_id: int) -> ResponseReturnValue:
    def remove(s: Session) -> None:
        row = required(s.get(BusinessNumber, number_id))
        note(s, AuditKind.NUMBER_REMOVED, row.e164)
        s.delete(row)

    here().write(remove)
    flash(t("המספר הוסר. שיחות אליו כבר לא יענו.", "Removed. Calls to it are no longer answered."), "good")
    return redirect(url_for("business.numbers"))


def _page(form: NumberForm) -> str:
    found = here().read(reports_home.numbers)
    return render_template("numbers.html", found=found, form=form, webhook=public_url().webhook("incoming_call"))
