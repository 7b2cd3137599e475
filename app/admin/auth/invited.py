"""The page behind an invitation's link: join as somebody new, or with the account one has."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.admin.auth.access import Account, account, admin_pages, public
from app.admin.auth.entry import enter, open_for
from app.admin.auth.forgotten import GONE
from app.admin.auth.new_password import hashed, password_problem
from app.admin.auth.security import limiter
from app.admin.auth.trail import note
from app.admin.text.words import language, t
from app.context import worker
from services.accounts.invitations import Accepted, Offer, accept_as, accept_as_new, find_offer
from services.accounts.links import LinkKind, read_token
from services.db.models import AuditKind, User


@admin_pages.get("/invitation/<token>")
@public
def invitation(token: str) -> ResponseReturnValue:
    """What is offered, and both ways to accept: whether the address has an account is not shown."""
    offer = _offer(token)
    return _gone() if offer is None else _page(offer, token)


@admin_pages.post("/invitation/<token>/new")
@public
@limiter.limit("30 per hour")
def accept_as_new_person(token: str) -> ResponseReturnValue:
    """Join with a password chosen here."""
    offer = _offer(token)
    if offer is None:
        return _gone()
    name, password = request.form.get("name", "").strip()[:120], request.form.get("new", "")
    problem = password_problem(password, [offer.email, name, offer.business_name])
    if problem is not None:
        return _page(offer, token, name=name, new_problem=problem), 422
    new_hash, now = hashed(password), datetime.now(UTC)

    def join(s: Session) -> tuple[Accepted, Account | None]:
        done, user = accept_as_new(s, offer, name=name, language=language(), password_hash=new_hash, now=now)
        if user is None:
            return done, None
        _note_joined(s, offer, user.id)
        return done, open_for(s, user, how="invitation")

    try:
        done, found = worker().database.write(join)
    except IntegrityError:  # two invitations of one new address accepted at once: the other made the account
        done, found = Accepted.LOG_IN_FIRST, None
    if found is not None:
        enter(found)
        return redirect(url_for("business.home", business_id=offer.business_id))
    if done is Accepted.GONE:
        return _gone()
    _note_refused(offer)
    problem = t(
        "כך אי אפשר להצטרף עם הקישור הזה. אם כבר יש לכם חשבון, היכנסו אליו.",
        "With this link you cannot join in this way. If you have an account already, log in to it.",
    )
    return _page(offer, token, name=name, new_problem=problem), 409


@admin_pages.post("/invitation/<token>/accept")
@limiter.limit("30 per hour")
def accept_with_account(token: str) -> ResponseReturnValue:
    """Join with the account that is logged in."""
    offer, who, password = _offer(token), account(), request.form.get("new", "")
    if offer is None:
        return _gone()
    problem = password_problem(password, [who.email, who.name, offer.business_name]) if password else None
    if problem is not None:
        return _page(offer, token, own_problem=problem), 422
    new_hash, now = hashed(password) if password else None, datetime.now(UTC)

    def join(s: Session) -> tuple[Accepted, Account | None]:
        user = s.get_one(User, who.id)
        key = user.session_key
        done = accept_as(s, offer, user, password_hash=new_hash, now=now)
        if done is not Accepted.JOINED:
            return done, None
        _note_joined(s, offer, user.id)
        return done, None if user.session_key == key else open_for(s, user, how="new password")

    done, found = worker().database.write(join)
    if done is Accepted.GONE:
        return _gone()
    if done is Accepted.PASSWORD_NEEDED:
        problem = t("בחרו סיסמה חדשה.", "Choose a new password.")
        return _page(offer, token, own_problem=problem), 422
    if done is Accepted.LOG_IN_FIRST:
        _note_refused(offer)
        return _page(offer, token), 409
    if found is not None:
        enter(found)
    flash(t("הצטרפתם אל {name}.", "You joined {name}.", name=offer.business_name), "good")
    return redirect(url_for("business.home", business_id=offer.business_id))


def _offer(token: str) -> Offer | None:
    named = read_token(worker().signing_key, LinkKind.INVITATION, token)
    if named is None:
        return None
    return worker().database.read(lambda s: find_offer(s, *named, datetime.now(UTC)))


def _page(offer: Offer, token: str, *, name: str = "", new_problem: str = "", own_problem: str = "") -> str:
    needs_password = False
    if current_user.is_authenticated and account().email == offer.email:
        needs_password = worker().database.read(lambda s: s.get_one(User, account().id).address_proved_at is None)
    return render_template(
        "invitation.html",
        offer=offer,
        token=token,
        name=name,
        new_problem=new_problem,
        own_problem=own_problem,
        needs_password=needs_password,
        logged_in=current_user.email if current_user.is_authenticated else "",
    )


def _gone() -> ResponseReturnValue:
    return render_template("link_gone.html", kind=LinkKind.INVITATION.value), GONE


def _note_joined(s: Session, offer: Offer, user_id: int) -> None:
    who = (user_id, offer.email)
    note(s, AuditKind.INVITATION_ACCEPTED, who=who, business_id=offer.business_id, detail={"role": offer.role.value})


def _note_refused(offer: Offer) -> None:
    who = (None, offer.email)
    worker().database.write(lambda s: note(s, AuditKind.INVITATION_REFUSED, who=who, business_id=offer.business_id))
