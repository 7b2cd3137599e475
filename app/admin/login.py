"""Log-in, log-out, the page's language, and the front door that leads to the business one works with."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.admin.access import admin_pages, public
from app.admin.account import Account, account, account_of
from app.admin.security import client_address, limiter
from app.admin.words import choose_language
from app.context import worker
from app.native_thread import off_the_loop
from services.models import User
from services.users import find_user, normalise_email, password_matches

REFUSED = 401


def _address_and_email() -> str:
    return f"{client_address()} {normalise_email(request.form.get('email', ''))[:254]}"


def _was_refused(response: Response) -> bool:
    return response.status_code == REFUSED


@admin_pages.route("/login", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour", methods=["POST"], deduct_when=_was_refused)
@limiter.limit("5 per minute;20 per hour", methods=["POST"], key_func=_address_and_email, deduct_when=_was_refused)
def login() -> ResponseReturnValue:
    """The log-in page; a wrong address and a wrong password look the same."""
    if current_user.is_authenticated:
        return redirect(_destination())
    if request.method == "GET":
        return render_template("login.html", email="", refused=False)
    email, password = request.form.get("email", "")[:254], request.form.get("password", "")[:1000]
    found = _check(email, password)
    if found is None:
        return render_template("login.html", email=email, refused=True), REFUSED
    destination = _destination()
    session.clear()  # nothing that was there before the log-in survives it
    session.permanent = True
    choose_language(found.language)
    login_user(found)
    return redirect(destination)


@admin_pages.post("/logout")
@public
def logout() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("admin.login"))


@admin_pages.post("/language")
@public
def change_language() -> ResponseReturnValue:
    """Show the pages in another language; an account keeps the choice."""
    chosen = request.form.get("language", "")
    choose_language(chosen)
    if current_user.is_authenticated and session.get("language") == chosen:
        user_id = account().id
        worker().database.write(
            lambda s: s.execute(update(User).where(User.id == user_id).values(language=chosen)) and None
        )
    return redirect(_destination())


@admin_pages.get("/")
def front_door() -> ResponseReturnValue:
    """To the business last opened, or the first; to the list when there is none."""
    business_id = _usual_business(account())
    if business_id is None:
        return redirect(url_for("admin.businesses"))
    return redirect(url_for("business.home", business_id=business_id))


@admin_pages.get("/phone")
def phone() -> ResponseReturnValue:
    """The telephone in the browser, of the business last opened."""
    business_id = _usual_business(account())
    if business_id is None:
        return redirect(url_for("admin.businesses"))
    return redirect(url_for("business.phone", business_id=business_id))


def _usual_business(who: Account) -> int | None:
    last = session.get("business")
    return last if last in who.businesses else next(iter(who.businesses), None)


def _check(email: str, password: str) -> Account | None:
    """The account, its log-in noted, when the password is right."""
    user = worker().database.read(lambda s: find_user(s, email))
    if not off_the_loop(password_matches, user, password) or user is None:
        return None
    user_id, now = user.id, datetime.now(UTC)

    def note(s: Session) -> Account:
        fresh = s.get_one(User, user_id)
        fresh.last_login_at = now
        return account_of(s, fresh)

    return worker().database.write(note)


def _destination() -> str:
    """Where the visitor wanted to go: a page of ours and nowhere else."""
    wanted = request.args.get("next") or request.form.get("next") or ""
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith("/admin/") and "\\" not in wanted
    return wanted if is_ours else url_for("admin.front_door")
