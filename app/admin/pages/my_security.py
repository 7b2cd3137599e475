"""One's own log-in: the second factor, its recovery codes, and the devices one is logged in on."""

from __future__ import annotations

from datetime import UTC, datetime

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import account, admin_pages, before_second_factor, needs_second_factor, required
from app.admin.auth.new_password import account_or_address, is_own_password
from app.admin.auth.security import limiter
from app.admin.auth.trail import note
from app.admin.text.device_words import device_words
from app.admin.text.words import t
from app.context import worker
from services.accounts import second_factor
from services.accounts.sessions import end_session, end_sessions, sessions_of
from services.db.models import AuditKind, User

# Passwords and codes asked for on these pages, together.
_TRIES = limiter.shared_limit("20 per hour", scope="account checks", key_func=account_or_address)


@admin_pages.get("/account/security")
@before_second_factor
def my_security() -> ResponseReturnValue:
    return _page()


@admin_pages.post("/account/second-factor")
@before_second_factor
@_TRIES
def begin_second_factor() -> ResponseReturnValue:
    """A secret for a generator app; in force once a code of it was entered."""
    if not is_own_password(request.form.get("current", "")):
        return _page(begin_problem=_wrong_password()), 422
    if account().has_second_factor:
        return redirect(url_for("admin.my_security"))
    now, user_id = datetime.now(UTC), account().id
    worker().database.write(lambda s: second_factor.begin_second_factor(s, s.get_one(User, user_id), now) and None)
    return redirect(url_for("admin.set_up_second_factor"))


@admin_pages.get("/account/second-factor")
@before_second_factor
def set_up_second_factor() -> ResponseReturnValue:
    return _set_up_page()


@admin_pages.post("/account/second-factor/confirm")
@before_second_factor
@_TRIES
def confirm_second_factor() -> ResponseReturnValue:
    """The first code puts it in force. Other devices have to log in again, with a code."""
    code, now, who = request.form.get("code", "")[:40], datetime.now(UTC), account()

    def confirm(s: Session) -> list[str] | None:
        codes = second_factor.confirm_second_factor(s, who.id, code, now)
        if codes is not None:
            end_sessions(s, who.id, but=who.session_id)
            note(s, AuditKind.FACTOR_ON)
        return codes

    codes = worker().database.write(confirm)
    if codes is None:
        return _set_up_page(problem=_wrong_code())
    return render_template("recovery_codes.html", codes=codes)


@admin_pages.post("/account/second-factor/codes")
@_TRIES
def renew_recovery_codes() -> ResponseReturnValue:
    """New recovery codes, shown once; the old ones stop working."""
    who = account()
    if not who.has_second_factor or not is_own_password(request.form.get("current", "")):
        return _page(codes_problem=_wrong_password()), 422

    def renew(s: Session) -> list[str]:
        note(s, AuditKind.CODES_RENEWED)
        return second_factor.renew_recovery_codes(s, who.id)

    return render_template("recovery_codes.html", codes=worker().database.write(renew))


@admin_pages.post("/account/second-factor/off")
@_TRIES
def remove_second_factor() -> ResponseReturnValue:
    """Needs both factors, so that a browser somebody left open is not enough."""
    code, now, who = request.form.get("code", "")[:40], datetime.now(UTC), account()
    if not is_own_password(request.form.get("current", "")):
        return _page(off_problem=_wrong_password()), 422

    def remove(s: Session) -> bool:
        if not second_factor.use_code(s, who.id, code, now):
            note(s, AuditKind.CODE_REFUSED)
            return False
        second_factor.remove_second_factor(s, who.id)
        note(s, AuditKind.FACTOR_OFF)
        return True

    if not worker().database.write(remove):
        return _page(off_problem=_wrong_code()), 422
    flash(t("האימות הנוסף הוסר.", "The second factor was removed."), "warn")
    return redirect(url_for("admin.my_security"))


@admin_pages.post("/account/sessions/<int:session_id>/end")
@before_second_factor
def end_one_session(session_id: int) -> ResponseReturnValue:
    who = account()

    def end(s: Session) -> None:
        required(end_session(s, who.id, session_id) or None)
        note(s, AuditKind.SESSION_ENDED, 1)

    worker().database.write(end)
    if session_id == who.session_id:
        return redirect(url_for("admin.login"))
    flash(t("המכשיר נותק.", "That device was logged out."), "good")
    return redirect(url_for("admin.my_security"))


@admin_pages.post("/account/sessions/end-others")
@before_second_factor
def end_other_sessions() -> ResponseReturnValue:
    who = account()

    def end(s: Session) -> None:
        note(s, AuditKind.SESSION_ENDED, end_sessions(s, who.id, but=who.session_id))

    worker().database.write(end)
    flash(t("כל המכשירים האחרים נותקו.", "All other devices were logged out."), "good")
    return redirect(url_for("admin.my_security"))


def _page(begin_problem: str = "", codes_problem: str = "", off_problem: str = "") -> str:
    now, who = datetime.now(UTC), account()
    found = worker().database.read(lambda s: sessions_of(s, who.id, now))
    left = worker().database.read(lambda s: second_factor.recovery_codes_left(s, who.id))
    return render_template(
        "my_security.html",
        sessions=[(each, device_words(each.agent)) for each in found],
        codes_left=left,
        must=needs_second_factor(),
        begin_problem=begin_problem,
        codes_problem=codes_problem,
        off_problem=off_problem,
    )


def _set_up_page(problem: str = "") -> ResponseReturnValue:
    now, user_id = datetime.now(UTC), account().id
    address = worker().database.read(lambda s: second_factor.begun_address(s, s.get_one(User, user_id), now))
    if address is None:
        return redirect(url_for("admin.my_security"))
    picture = segno.make(address, micro=False).svg_data_uri(scale=5, border=3, dark="#111", light="#fff")
    secret = address.partition("secret=")[2].partition("&")[0]
    shown = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    status = 422 if problem else 200
    return render_template("second_factor.html", picture=picture, secret=shown, problem=problem), status


def _wrong_password() -> str:
    return t("זו אינה הסיסמה הנוכחית.", "This is not the current password.")


def _wrong_code() -> str:
    return t(
        "הקוד אינו נכון, או שכבר השתמשו בו. חכו לקוד הבא ונסו שוב.",
        "The code is wrong or was used already. Wait for the next one and try again.",
    )
