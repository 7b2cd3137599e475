"""One's own account, and for administrators the businesses of the installation."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from wtforms import PasswordField, SelectField, ValidationError

from app.admin.auth.access import Account, account, admin_pages, admins_only
from app.admin.auth.entry import enter, open_for
from app.admin.auth.new_password import account_or_address, hashed, is_own_password, password_problem
from app.admin.auth.security import limiter
from app.admin.auth.trail import note
from app.admin.forms.fields import PageForm, Text, at_most, bad_phone, choices, needed
from app.admin.text.words import LANGUAGE_NAMES, t
from app.context import worker
from services.accounts.businesses import create_business
from services.accounts.seed import CLINIC, OFFICE
from services.accounts.users import set_password
from services.clips.jobs import want_clips
from services.db.models import AuditKind, Business, BusinessNumber, Call, User
from services.db.tenancy import unscoped
from services.language.phone_numbers import as_e164


class NameForm(PageForm):
    name = Text(validators=[at_most(120)])


class PasswordForm(PageForm):
    current = PasswordField()
    new = PasswordField()


class BusinessForm(PageForm):
    name = Text(validators=[needed, at_most(120)])
    language = SelectField(choices=choices(LANGUAGE_NAMES))
    number = Text()

    def validate_number(self, field: Text) -> None:
        if field.data and as_e164(field.data) is None:
            raise ValidationError(bad_phone(field.data))


@admin_pages.get("/account")
def my_account() -> ResponseReturnValue:
    return _account_page(NameForm(data={"name": account().name}), PasswordForm())


@admin_pages.post("/account")
def save_account() -> ResponseReturnValue:
    form = NameForm(request.form)
    if not form.validate():
        return _account_page(form, PasswordForm())
    user_id = account().id

    def save(s: Session) -> None:
        s.get_one(User, user_id).name = form.name.data or ""
        note(s, AuditKind.NAME_SAVED)

    worker().database.write(save)
    flash(t("נשמר.", "Saved."), "good")
    return redirect(url_for("admin.my_account"))


@admin_pages.post("/account/password")
@limiter.limit("10 per hour", key_func=account_or_address)
def change_password() -> ResponseReturnValue:
    """A new password ends every session; this one goes on as a new one."""
    form, who = PasswordForm(request.form), account()
    new = form.new.data or ""
    if not is_own_password(form.current.data or ""):
        form.current.errors = [t("זו אינה הסיסמה הנוכחית.", "This is not the current password.")]
    elif problem := password_problem(new, [who.email, who.name, *who.businesses.values()]):
        form.new.errors = [problem]
    if form.current.errors or form.new.errors:
        return _account_page(NameForm(data={"name": who.name}), form)
    new_hash = hashed(new)

    def save(s: Session) -> Account:
        fresh = s.get_one(User, who.id)
        set_password(s, fresh, new_hash)
        note(s, AuditKind.PASSWORD_CHANGED)
        return open_for(s, fresh, how="new password")

    enter(worker().database.write(save))
    flash(
        t("הסיסמה הוחלפה. בכל מכשיר אחר צריך להיכנס מחדש.", "Password changed. Other devices must log in again."),
        "good",
    )
    return redirect(url_for("admin.my_account"))


@admin_pages.get("/businesses")
def businesses() -> ResponseReturnValue:
    """What the account may open; for administrators everything, with numbers and the last call."""
    rows = worker().database.read(_overview) if account().is_admin else []
    return render_template("businesses.html", rows=rows)


@admin_pages.route("/businesses/new", methods=["GET", "POST"])
@admins_only
def new_business() -> ResponseReturnValue:
    """A business with sensible hours of its language's kind; everything else is set afterwards."""
    form = BusinessForm(request.form, data={"language": "he"})
    if request.method == "GET" or not form.validate():
        return render_template("business_new.html", form=form)
    number = as_e164(form.number.data or "")
    if number is not None and worker().database.read(lambda s: number_is_taken(s, number)):
        form.number.errors = [t("המספר כבר שייך לעסק.", "This number already belongs to a business.")]
        return render_template("business_new.html", form=form)
    hours = CLINIC if form.language.data == "he" else OFFICE
    settings = {
        "language": form.language.data,
        "opening_hours_json": hours["opening_hours_json"],
        "speak_notice": True,
    }

    def make(s: Session) -> int:
        made = create_business(
            s,
            name=form.name.data,
            numbers=[number] if number else [],
            prompt="",
            settings=settings,
            now=datetime.now(UTC),
        )
        want_clips(s, datetime.now(UTC))
        note(s, AuditKind.BUSINESS_MADE, made.name, business_id=made.id, detail={"number": number})
        return made.id

    made = worker().database.write(make)
    flash(t("העסק נוצר. אלה הצעדים הבאים.", "The business was created. These are the next steps."), "good")
    return redirect(url_for("business.setup", business_id=made))


def number_is_taken(s: Session, number: str) -> bool:
    """Whether any business of the installation has this number."""
    with unscoped(s, "a telephone number belongs to one business of the installation"):
        return s.scalar(select(BusinessNumber.id).where(BusinessNumber.e164 == number)) is not None


def _overview(s: Session) -> list[dict[str, object]]:
    with unscoped(s, "an administrator sees every business of the installation"):
        last = dict(s.execute(select(Call.business_id, func.max(Call.started_at)).group_by(Call.business_id)).all())
        numbers = s.scalars(select(BusinessNumber).order_by(BusinessNumber.id)).all()
        found = s.scalars(select(Business).order_by(Business.name)).all()
    return [
        {
            "id": each.id,
            "name": each.name,
            "is_active": each.is_active,
            "numbers": [number.e164 for number in numbers if number.business_id == each.id],
            "last_call": last.get(each.id),
        }
        for each in found
    ]


def _account_page(name_form: NameForm, password_form: PasswordForm) -> ResponseReturnValue:
    return render_template("account.html", name_form=name_form, password_form=password_form)
