"""Who may open this business. An owner invites and removes people here, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, ValidationError

from app.admin.auth.access import account, business_pages, changers_only, here, required
from app.admin.auth.mail import mail_invitation, mail_is_set_up
from app.admin.auth.security import limiter
from app.admin.auth.trail import note
from app.admin.forms.fields import PageForm, Text, at_most, choices, needed
from app.admin.text.words import language, t
from app.context import public_url, worker
from services.accounts import invitations
from services.accounts.links import LinkKind, link_path
from services.accounts.users import normalise_email
from services.db.models import AuditKind, Invitation, Membership, Role, User
from services.reports.people import colleagues


class InvitationForm(PageForm):
    email = Text(validators=[needed, at_most(254)])
    role = SelectField(choices=choices([role.value for role in Role]), default=Role.VIEWER.value)

    def validate_email(self, field: Text) -> None:
        name, at, host = field.data.partition("@")
        if not name or not at or not host or any(c.isspace() or c in '<>,;"()' for c in field.data):
            raise ValidationError(t("זו אינה כתובת דואר.", "This is not an email address."))


@business_pages.get("/users")
@changers_only
def users() -> ResponseReturnValue:
    return _page(InvitationForm())


def _inviter() -> str:
    return f"invitations {getattr(current_user, 'id', '')}"


@business_pages.post("/users")
@changers_only
@limiter.limit("20 per hour;50 per day", key_func=_inviter)
def invite_user() -> ResponseReturnValue:
    """The same for an address with an account and for one without: access comes when the person accepts."""
    form, now, place, mailed = InvitationForm(request.form), datetime.now(UTC), here(), mail_is_set_up()
    if not form.validate():
        return _page(form), 422
    email, role, inviter = normalise_email(form.email.data), Role(form.role.data), account().id

    def add(s: Session) -> Invitation | None:
        made = invitations.invite(s, email=email, role=role, invited_by=inviter, was_mailed=mailed, now=now)
        if made is not None:
            note(s, AuditKind.INVITED, email, detail={"role": role.value})
            if mailed:
                mail_invitation(s, made, place.name, language(), now)
        return made

    made = place.write(add)
    if made is None:
        flash(t("כבר נמצא כאן; את התפקיד משנים בטבלה.", "Already here; change the role in the table."), "warn")
    elif mailed:
        flash(t("ההזמנה נשלחה אל {email}.", "The invitation was sent to {email}.", email=email), "good")
    else:
        path = link_path(worker().signing_key, LinkKind.INVITATION, made.id, made.nonce)
        return _page(InvitationForm(), made=(email, public_url().base + path))
    return redirect(url_for("business.users"))


@business_pages.post("/users/invitations/<int:invitation_id>/withdraw")
@changers_only
def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    def withdraw(s: Session) -> None:
        row = required(s.get(Invitation, invitation_id))
        note(s, AuditKind.INVITATION_WITHDRAWN, row.email)
        s.delete(row)

    here().write(withdraw)
    flash(t("ההזמנה בוטלה.", "The invitation was withdrawn."), "good")
    return redirect(url_for("business.users"))


@business_pages.post("/users/<int:user_id>/role")
@changers_only
def change_role(user_id: int) -> ResponseReturnValue:
    wanted = request.form.get("role", "")
    role = required(Role(wanted) if wanted in set(Role) else None)
    return _done(_change(user_id, role))


@business_pages.post("/users/<int:user_id>/remove")
@changers_only
def remove_user(user_id: int) -> ResponseReturnValue:
    done = _change(user_id, None)
    if done and user_id == account().id and not account().is_admin:
        return redirect(url_for("admin.front_door"))
    return _done(done)


def _change(user_id: int, role: Role | None) -> bool:
    """Another role, or none; False: the business would be without an owner. One's own session goes on."""
    now, mine = datetime.now(UTC), account().session_id

    def change(s: Session) -> bool:
        before = required(s.scalars(select(Membership).where(Membership.user_id == user_id)).one_or_none()).role
        user = s.get_one(User, user_id)
        if not invitations.change_role(s, user, role, now=now, but=mine):
            return False
        if role is None:
            note(s, AuditKind.USER_REMOVED, user.email, detail={"role": before.value})
        else:
            note(s, AuditKind.ROLE_CHANGED, user.email, detail={"role": [before.value, role.value]})
        return True

    return here().write(change)


def _done(done: bool) -> ResponseReturnValue:
    if done:
        flash(t("עודכן.", "Updated."), "good")
    else:
        flash(t("לעסק צריך להישאר בעלים אחד לפחות.", "A business needs at least one owner."), "warn")
    return redirect(url_for("business.users"))


def _page(form: InvitationForm, made: tuple[str, str] | None = None) -> str:
    """made: whom a link was made for, and the link: shown now and never again."""
    now = datetime.now(UTC)
    found, open_ones = here().read(lambda s: (colleagues(s), invitations.pending(s, now)))
    return render_template(
        "users.html", found=found, invitations=open_ones, form=form, made=made, mailed=mail_is_set_up()
    )
