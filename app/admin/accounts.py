"""One's own account, and for administrators the businesses of the installation."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from wtforms import PasswordField, SelectField, ValidationError

from app.admin.access import admin_pages, admins_only
from app.admin.account import Account, account, account_of
from app.admin.forms import PageForm, Text, as_e164, at_most, bad_phone, choices, needed
from app.admin.security import limiter
from app.admin.words import LANGUAGE_NAMES, t
from app.context import worker
from app.native_thread import off_the_loop
from services.businesses import create_business
from services.models import Business, BusinessNumber, Call, User
from services.seed import CLINIC, OFFICE
from services.tenancy import unscoped
from services.users import hash_password, password_matches, set_password

SHORTEST_PASSWORD = 10


class NameForm(PageForm):
    name = Text(validators=[at_most(120)])


class PasswordForm(PageForm):
    current = PasswordField()
    new = PasswordField()

    def validate_new(self, field: PasswordField) -> None:
        if len(field.data or "") < SHORTEST_PASSWORD:
            raise ValidationError(t("לפחות {n} תווים.", "At least {n} characters.", n=SHORTEST_PASSWORD))


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

    worker().database.write(save)
    flash(t("נשמר.", "Saved."), "good")
    return redirect(url_for("admin.my_account"))


@admin_pages.post("/account/password")
@limiter.limit("10 per hour")
def change_password() -> ResponseReturnValue:
    """A new password ends every session; this one goes on with a new key."""
    form, user_id = PasswordForm(request.form), account().id
    user = worker().database.read(lambda s: s.get_one(User, user_id))
    if not off_the_loop(password_matches, user, form.current.data or ""):
        form.validate()
        form.current.errors = [t("זו אינה הסיסמה הנוכחית.", "This is not the current password.")]
        return _account_page(NameForm(data={"name": account().name}), form)
    if not form.validate():
        return _account_page(NameForm(data={"name": account().name}), form)
    hashed = off_the_loop(hash_password, form.new.data)

    def save(s: Session) -> Account:
        fresh = s.get_one(User, user_id)
        set_password(fresh, hashed)
        return account_of(s, fresh)

    changed = worker().database.write(save)
    language = session.get("language")
    session.clear()
    session.permanent = True
    session["language"] = language
    login_user(changed)
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
    settings = {"language": form.language.data, "opening_hours_json": hours["opening_hours_json"]}
    made = worker().database.write(
        lambda s: (
            create_business(
                s,
                name=form.name.data,
                numbers=[number] if number else [],
                prompt="",
                settings=settings,
                now=datetime.now(UTC),
            ).id
        )
    )
    flash(t("העסק נוצר. אלה הצעדים הבאים.", "The business was created. These are the next steps."), "good")
    return redirect(url_for("business.setup", business_id=made))


def number_is_taken(s: Session, number: str) -> bool:
    """Whether any business of the installation has this number."""
    with unscoped(s, "a telephone number belongs to one business of the installation"):
        return s.scalar(select(BusinessNumber.id).where(BusinessNumber.e164 == number)) is not None


def new_password() -> str:
    """A password to hand to somebody: 16 characters of the URL alphabet."""
    return secrets.token_urlsafe(12)


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
