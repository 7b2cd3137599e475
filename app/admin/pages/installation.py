"""People of the whole installation, for its administrators: links for forgotten passwords, lost second factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.auth.access import account, admin_pages, admins_only, required
from app.admin.auth.mail import mail_is_set_up, mail_reset
from app.admin.auth.trail import note
from app.admin.pages.calls import page_number
from app.admin.text.words import t
from app.context import public_url, worker
from services.accounts.links import LinkKind, link_path
from services.accounts.resets import make_reset
from services.accounts.second_factor import remove_second_factor
from services.accounts.sessions import end_sessions
from services.db.models import AuditKind, Business, Membership, PasswordReset, SecondFactor, User
from services.db.tenancy import unscoped
from services.reports.people import PAGE_ROWS, Page


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can log in."""

    id: int
    name: str
    email: str
    is_admin: bool
    is_active: bool
    has_second_factor: bool
    last_login_at: datetime | None
    businesses: Sequence[str]


@admin_pages.get("/people")
@admins_only
def all_people() -> ResponseReturnValue:
    return _page()


@admin_pages.post("/people/<int:user_id>/reset")
@admins_only
def make_reset_link(user_id: int) -> ResponseReturnValue:
    """A link for a new password: mailed where mail is set up, else shown once to be handed over."""
    now, mailed = datetime.now(UTC), mail_is_set_up()

    def make(s: Session) -> tuple[str, PasswordReset, bool]:
        user = required(s.get(User, user_id))
        made = make_reset(s, user, was_mailed=mailed, now=now)
        note(s, AuditKind.RESET_LINK_MADE, user.email, detail={"mailed": mailed})
        return user.email, made, mailed and mail_reset(s, made, user, now)

    email, made, was_sent = worker().database.write(make)
    if mailed:
        if was_sent:
            flash(t("הקישור נשלח אל {email}.", "The link was sent to {email}.", email=email), "good")
        else:
            words = "אין עדיין עסק שממנו אפשר לשלוח.", "There is no business yet to send it from."
            flash(t(*words), "warn")
        return redirect(url_for("admin.all_people"))
    path = link_path(worker().signing_key, LinkKind.RESET, made.id, made.nonce)
    return _page(made=(email, public_url().base + path))


@admin_pages.post("/people/<int:user_id>/second-factor")
@admins_only
def remove_lost_factor(user_id: int) -> ResponseReturnValue:
    """For somebody who lost telephone and recovery codes. One's own is removed on one's own page, with a code."""
    required(None if user_id == account().id else user_id)

    def remove(s: Session) -> bool:
        user = required(s.get(User, user_id))
        if not remove_second_factor(s, user.id):
            return False
        end_sessions(s, user.id)
        note(s, AuditKind.FACTOR_REMOVED, user.email)
        return True

    if worker().database.write(remove):
        flash(t("האימות הנוסף הוסר.", "The second factor was removed."), "good")
    return redirect(url_for("admin.all_people"))


def _page(made: tuple[str, str] | None = None) -> str:
    number = page_number()
    page = worker().database.read(lambda s: _people(s, number))

    def page_url(number: int) -> str:
        return url_for("admin.all_people", page=number)

    return render_template("installation_people.html", page=page, page_url=page_url, made=made, mailed=mail_is_set_up())


def _people(s: Session, number: int) -> Page[Person]:
    query = select(User).order_by(User.email).offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)
    users = s.scalars(query).all()
    ids = [user.id for user in users]
    confirmed = select(SecondFactor.user_id).where(SecondFactor.confirmed_at.is_not(None))
    with_factor = set(s.scalars(confirmed.where(SecondFactor.user_id.in_(ids))))
    with unscoped(s, "an administrator sees to which businesses people belong"):
        joined = select(Membership.user_id, Business.name).join(Business, Business.id == Membership.business_id)
        pairs = s.execute(joined.where(Membership.user_id.in_(ids)).order_by(Business.name)).all()
    rows = [
        Person(
            user.id,
            user.name,
            user.email,
            user.is_admin,
            user.is_active,
            user.id in with_factor,
            user.last_login_at,
            [pair[1] for pair in pairs if pair[0] == user.id],
        )
        for user in users[:PAGE_ROWS]
    ]
    return Page(rows, number, len(users) > PAGE_ROWS)
