"""E-mails about accounts: written into the outbox with the link's row, sent by the housekeeper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.text.mail_words import invitation_mail, reset_mail
from app.context import worker
from services.accounts import invitations, resets
from services.accounts.links import LinkKind
from services.accounts.users import memberships
from services.db.models import Business, Invitation, OutboxKind, PasswordReset, User
from services.db.tenancy import bind_business, unscoped
from services.outbox.outbox import enqueue


def mail_is_set_up() -> bool:
    """Whether links are mailed; else they are shown to whoever made them, to be handed over."""
    return worker().settings.smtp_url is not None


def mail_invitation(s: Session, made: Invitation, business: str, language: str, now: datetime) -> None:
    """To the invited address, from the session's business."""
    subject, body = invitation_mail(language, business, invitations.LIFE.days)
    _write(s, made.email, subject, body, LinkKind.INVITATION, made, now)


def mail_reset(s: Session, made: PasswordReset, user: User, now: datetime) -> bool:
    """To the person's address. The outbox belongs to businesses: one of theirs sends it. False: there is none yet."""
    business_id = next((each.business_id for each in memberships(s, user.id)), None)
    if business_id is None:
        with unscoped(s, "an administrator belongs to no business and to all"):
            business_id = s.scalar(select(Business.id).order_by(Business.id).limit(1))
    if business_id is None:
        return False
    bind_business(s, business_id)
    subject, body = reset_mail(user.language, int(resets.LIFE.total_seconds() // 60))
    _write(s, user.email, subject, body, LinkKind.RESET, made, now)
    return True


def _write(
    s: Session, to: str, subject: str, body: str, kind: LinkKind, made: Invitation | PasswordReset, now: datetime
) -> None:
    link = {"kind": kind.value, "id": made.id, "nonce": made.nonce}
    payload = {"to": to, "subject": subject, "body": body, "link": link}
    enqueue(s, kind=OutboxKind.EMAIL, key=f"email:{kind.value}:{made.nonce}", payload=payload, now=now)
