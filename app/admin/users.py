"""Who may open this business. An owner may add and remove people here, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, ValidationError

from app.admin.access import business_pages, changers_only, here, required
from app.admin.account import account
from app.admin.accounts import new_password
from app.admin.forms import PageForm, Text, at_most, choices, needed
from app.admin.words import t
from app.native_thread import off_the_loop
from services.models import Membership, Role, User
from services.reports_people import colleagues
from services.users import create_user, find_user, grant, hash_password, memberships, normalise_email, set_password


class UserForm(PageForm):
    email = Text(validators=[needed, at_most(254)])
    name = Text(validators=[at_most(120)])
    role = SelectField(choices=choices([role.value for role in Role]))

    def validate_email(self, field: Text) -> None:
        name, at, host = field.data.partition("@")
        if not name or not at or not host or any(c.isspace() for c in field.data):
            raise ValidationError(t("זו אינה כתובת דואר.", "This is not an email address."))


@business_pages.get("/users")
@changers_only
def users() -> ResponseReturnValue:
    return _page(UserForm())


@business_pages.post("/users")
@changers_only
def add_user() -> ResponseReturnValue:
    """A new person gets a password, shown once; somebody known keeps his own."""
    form, now, place = UserForm(request.form), datetime.now(UTC), here()
    if not form.validate():
        return _page(form), 422
    email, role = normalise_email(form.email.data), Role(form.role.data)
    password = new_password()
    hashed = off_the_loop(hash_password, password)

    def add(s: Session) -> str:
        user = find_user(s, email)
        if user is not None and _membership(s, user.id) is not None:
            return "known"
        result = "added" if user is not None else "made"
        if user is None:
            user = create_user(s, email=email, password_hash=hashed, now=now, name=form.name.data)
        grant(s, user, business_id=place.business_id, role=role, now=now)
        return result

    result = place.write(add)
    if result == "made":
        return _page(UserForm(), made=(email, password))
    if result == "added":
        flash(t("נוסף. הסיסמה לא השתנתה.", "Added. Their password stays as it was."), "good")
    else:
        flash(t("כבר נמצא כאן; את התפקיד משנים בטבלה.", "Already here; change the role in the table."), "warn")
    return redirect(url_for("business.users"))


@business_pages.post("/users/<int:user_id>/role")
@changers_only
def change_role(user_id: int) -> ResponseReturnValue:
    wanted, now, place = request.form.get("role", ""), datetime.now(UTC), here()
    role = required(Role(wanted) if wanted in set(Role) else None)

    def change(s: Session) -> bool:
        required(_membership(s, user_id))
        if role is not Role.OWNER and _is_last_owner(s, user_id):
            return False
        grant(s, s.get_one(User, user_id), business_id=place.business_id, role=role, now=now)
        return True

    return _done(place.write(change))


@business_pages.post("/users/<int:user_id>/remove")
@changers_only
def remove_user(user_id: int) -> ResponseReturnValue:
    def remove(s: Session) -> bool:
        membership = required(_membership(s, user_id))
        if _is_last_owner(s, user_id):
            return False
        s.delete(membership)
        return True

    done = here().write(remove)
    if done and user_id == account().id and not account().is_admin:
        return redirect(url_for("admin.front_door"))
    return _done(done)


@business_pages.post("/users/<int:user_id>/password")
@changers_only
def reset_password(user_id: int) -> ResponseReturnValue:
    """A new password for a colleague, shown once; only for somebody who belongs to no business but one's own."""
    user = here().read(lambda s: (required(_membership(s, user_id)), s.get_one(User, user_id))[1])
    theirs = here().read(lambda s: {each.business_id for each in memberships(s, user_id)})
    mine = {each for each in account().businesses if account().may_change(each)}
    if (user.is_admin and not account().is_admin) or not theirs <= mine:
        flash(
            t(
                "למשתמש הזה יש גישה גם למקום אחר: רק הוא או מנהל ההתקנה יכולים להחליף את הסיסמה.",
                "This person has access elsewhere too: only they or an administrator can change the password.",
            ),
            "warn",
        )
        return redirect(url_for("business.users"))
    password = new_password()
    hashed = off_the_loop(hash_password, password)
    here().write(lambda s: set_password(s.get_one(User, user_id), hashed))
    return _page(UserForm(), made=(user.email, password))


def _membership(s: Session, user_id: int) -> Membership | None:
    return s.scalars(select(Membership).where(Membership.user_id == user_id)).one_or_none()


def _is_last_owner(s: Session, user_id: int) -> bool:
    owners = set(s.scalars(select(Membership.user_id).where(Membership.role == Role.OWNER)))
    return owners == {user_id}


def _done(done: bool) -> ResponseReturnValue:
    if done:
        flash(t("עודכן.", "Updated."), "good")
    else:
        flash(t("לעסק צריך להישאר בעלים אחד לפחות.", "A business needs at least one owner."), "warn")
    return redirect(url_for("business.users"))


def _page(form: UserForm, made: tuple[str, str] | None = None) -> str:
    return render_template("users.html", found=here().read(colleagues), form=form, made=made)
