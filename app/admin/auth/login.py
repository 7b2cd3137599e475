"""Log-in, log-out, the page's language, and the front door that leads to the business one works with."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.admin.auth.access import Account, account, admin_pages, public
from app.admin.auth.entry import enter, go_half_way, half_way, open_for, pass_password
from app.admin.auth.hashing import check_password
from app.admin.auth.login_limits import forget_tries, know_browser, limit_tries
from app.admin.auth.security import client_network, limiter
from app.admin.auth.trail import note
from app.admin.text.words import choose_language
from app.context import worker
from app.http_rules import split_url
from services.accounts.second_factor import use_code
from services.accounts.sessions import end_session
from services.accounts.users import find_user, find_user_by_key, normalise_email
from services.db.models import AuditKind, User

REFUSED = 401


def _who_is_half_way() -> str:
    waiting = half_way()
    return f"code {waiting.id}" if waiting else client_network()


@admin_pages.route("/login", methods=["GET", "POST"])
@public
@limit_tries
def login() -> ResponseReturnValue:
    """The log-in page; a wrong address and a wrong password look the same."""
    if current_user.is_authenticated:
        return redirect(_destination())
    if request.method == "GET":
        return render_template("login.html", email="", refused=False)
    email, password = request.form.get("email", "")[:254], request.form.get("password", "")[:1000]
    key = _check(email, password)
    if key is None:
        return render_template("login.html", email=email, refused=True), REFUSED
    forget_tries()
    destination = _destination()
    found = worker().database.write(lambda s: pass_password(s, key))
    if found is None:
        go_half_way(key)
        return redirect(url_for("admin.login_code", next=destination))
    enter(found)
    return know_browser(redirect(destination), found.email)


@admin_pages.route("/login/code", methods=["GET", "POST"])
@public
@limiter.limit("5 per minute;20 per hour;60 per day", methods=["POST"], key_func=_who_is_half_way)
def login_code() -> ResponseReturnValue:
    """The second factor, after a right password."""
    waiting = half_way()
    if waiting is None:
        return redirect(url_for("admin.login", next=_destination()))
    if request.method == "GET":
        return render_template("login_code.html", refused=False)
    code, now, who = request.form.get("code", "")[:40], datetime.now(UTC), (waiting.id, waiting.email)

    def check(s: Session) -> Account | None:
        user = find_user_by_key(s, waiting.session_key)
        if user is not None and use_code(s, user.id, code, now):
            return open_for(s, user, how="password and code")
        note(s, AuditKind.CODE_REFUSED, who=who)
        return None

    found = worker().database.write(check)
    if found is None:
        return render_template("login_code.html", refused=True), REFUSED
    destination = _destination()
    enter(found)
    return know_browser(redirect(destination), found.email)


@admin_pages.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """The session ends on the server too: its cookie, wherever it was copied to, opens nothing any more."""
    if current_user.is_authenticated:
        here = account()

        def end(s: Session) -> None:
            end_session(s, here.id, here.session_id)
            note(s, AuditKind.LOG_OUT)

        worker().database.write(end)
    logout_user()
    session.clear()
    answer = redirect(url_for("admin.login"))
    # What other people could still page back to.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


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


def _check(email: str, password: str) -> str | None:
    """The key of whose password this is. A refusal is written down, in the same way whether there is an account."""
    user = worker().database.read(lambda s: find_user(s, email))
    if check_password(user, password) and user is not None:
        return user.session_key
    # Some type their password into the wrong field: what is no address is not kept.
    who = (user.id if user else None, normalise_email(email) if "@" in email else "")
    worker().database.write(lambda s: note(s, AuditKind.LOG_IN_REFUSED, who=who))
    return None


def _destination() -> str:
    """Where the visitor wanted to go: a page of ours and nowhere else."""
    wanted = request.args.get("next") or request.form.get("next") or ""
    parts = split_url(wanted)
    is_plain = wanted.isprintable() and not set(wanted) & set("\\ ")
    is_ours = parts and is_plain and not parts.scheme and not parts.netloc and parts.path.startswith("/admin/")
    return wanted if is_ours else url_for("admin.front_door")
