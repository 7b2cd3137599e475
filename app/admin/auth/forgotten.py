"""A forgotten password: asked for by anybody, answered alike to everybody, set by a link that works once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import admin_pages, public
from app.admin.auth.mail import mail_is_set_up, mail_reset
from app.admin.auth.new_password import hashed, password_problem
from app.admin.auth.security import client_address, limiter
from app.admin.auth.trail import note
from app.admin.text.words import t
from app.context import worker
from services.accounts.links import LinkKind, read_token
from services.accounts.resets import find_reset, make_reset, use_reset
from services.accounts.users import find_user, normalise_email
from services.audit.trail import Act, record
from services.db.database import Database
from services.db.models import AuditKind, User

GONE = 410


def _asked_address() -> str:
    return normalise_email(request.form.get("email", ""))[:254]


def _asked_key() -> str:
    return f"forgot {_asked_address()}"


@admin_pages.route("/forgot", methods=["GET", "POST"])
@public
@limiter.limit("20 per hour", methods=["POST"])
@limiter.limit("4 per hour", methods=["POST"], key_func=_asked_key)
def forgot_password() -> ResponseReturnValue:
    """The answer is the same for every address, and given before anybody looks whether it has an account."""
    mailed = mail_is_set_up()
    if request.method == "POST":
        job = partial(_answer, worker().database, _asked_address(), client_address(), mailed=mailed)
        worker().background.submit("password reset", job)
    return render_template("forgot.html", asked=request.method == "POST", mailed=mailed)


@admin_pages.route("/reset/<token>", methods=["GET", "POST"])
@public
@limiter.limit("30 per hour", methods=["POST"])
def reset_password(token: str) -> ResponseReturnValue:
    """Choose a new password. Logging in comes after it, with the second factor where there is one."""
    now = datetime.now(UTC)
    named = read_token(worker().signing_key, LinkKind.RESET, token)
    found = worker().database.read(lambda s: find_reset(s, *named, now)) if named else None
    if named is None or found is None:
        return _gone()
    email, problem = found[1].email, None
    if request.method == "POST":
        password = request.form.get("new", "")
        problem = password_problem(password, [email, found[1].name])
        if problem is None:
            new_hash = hashed(password)

            def save(s: Session) -> User | None:
                user = use_reset(s, *named, new_hash, now)
                if user is not None:
                    note(s, AuditKind.PASSWORD_RESET, who=(user.id, user.email))
                return user

            if worker().database.write(save) is None:
                return _gone()
            flash(t("הסיסמה הוחלפה. אפשר להיכנס.", "The password was changed. You can log in."), "good")
            return redirect(url_for("admin.login"))
    return render_template("reset.html", email=email, problem=problem), 422 if problem else 200


def _gone() -> ResponseReturnValue:
    return render_template("link_gone.html", kind=LinkKind.RESET.value), GONE


def _answer(database: Database, email: str, address: str, *, mailed: bool) -> None:
    """Behind the answer: the mail to somebody known; to everybody a line in the trail."""

    def work(s: Session) -> None:
        now = datetime.now(UTC)
        user = find_user(s, email)
        actor = email if "@" in email else ""
        record(s, Act(AuditKind.RESET_ASKED, now, actor, user.id if user else None, client_address=address))
        if mailed and user is not None and user.is_active:
            mail_reset(s, make_reset(s, user, was_mailed=True, now=now), user, now)

    database.write(work)
