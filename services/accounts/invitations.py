"""Invitations into a business: the invited person accepts by a signed link and brings a password of their own.

Nobody gets access to a business by being added, and nobody sets somebody else's password. An account that exists
accepts too, logged in. One whose address was never proved may have been opened by a stranger who still knows its
password: it gets a new password when it accepts, and a link that was mailed to the address is enough to take it over.

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.accounts.links import new_nonce
from services.accounts.second_factor import remove_second_factor
from services.accounts.sessions import end_sessions
from services.accounts.users import create_user, find_user, grant, set_password
from services.db.models import Business, Invitation, Membership, Role, User
from services.db.tenancy import bind_business, business_of, unscoped

LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation that is still open, as the invited person sees it."""

    id: int
    business_id: int
    business_name: str
    email: str
    role: Role
    was_mailed: bool


class Accepted(StrEnum):
    JOINED = "joined"
    # The link was used, withdrawn or is too old.
    GONE = "gone"
    # There is an account: its person has to log in first.
    LOG_IN_FIRST = "log_in_first"
    # Somebody else may know the account's password.
    PASSWORD_NEEDED = "password_needed"


def invite(
    session: Session, *, email: str, role: Role, invited_by: int, was_mailed: bool, now: datetime
) -> Invitation | None:
    """An invitation into the session's business; a new one replaces the old. None: already one of its people."""
    known = select(Membership.id).join(User, User.id == Membership.user_id).where(User.email == email)
    if session.scalar(known) is not None:
        return None
    withdraw(session, email=email)
    made = Invitation(
        email=email,
        role=role,
        nonce=new_nonce(),
        was_mailed=was_mailed,
        invited_by=invited_by,
        created_at=now,
        expires_at=now + LIFE,
        business_id=business_of(session),
    )
    session.add(made)
    session.flush()
    return made


def pending(session: Session, now: datetime) -> list[Invitation]:
    """Who was asked to join the session's business and has not answered."""
    return list(session.scalars(select(Invitation).where(Invitation.expires_at > now).order_by(Invitation.email)))


def withdraw(session: Session, *, email: str | None = None, invited_by: int | None = None) -> None:
    """Take back what is open in the session's business: for an address, or made by somebody."""
    query = delete(Invitation).where(
        Invitation.email == email if email is not None else Invitation.invited_by == invited_by
    )
    session.execute(query.execution_options(synchronize_session=False))


def find_offer(session: Session, invitation_id: int, nonce: str, now: datetime) -> Offer | None:
    """The invitation of a link, while it is open."""
    with unscoped(session, "whoever opens a link belongs to no business yet"):
        row = session.get(Invitation, invitation_id)
        if row is None or row.expires_at <= now or not hmac.compare_digest(row.nonce, nonce):
            return None
        business = session.get_one(Business, row.business_id)
        return Offer(row.id, row.business_id, business.name, row.email, row.role, row.was_mailed)


def accept_as_new(
    session: Session, offer: Offer, *, name: str, language: str, password_hash: str, now: datetime
) -> tuple[Accepted, User | None]:
    """Join with a password chosen now: a new account, or one at last in the hands of its address."""
    user = find_user(session, offer.email)
    if user is not None and not (offer.was_mailed and user.address_proved_at is None and user.is_active):
        return Accepted.LOG_IN_FIRST, None
    if not _take(session, offer):
        return Accepted.GONE, None
    if user is None:
        user = create_user(
            session,
            email=offer.email,
            password_hash=password_hash,
            now=now,
            name=name,
            language=language,
            is_proved=offer.was_mailed,
        )
    else:
        prove_address(session, user, now)
        set_password(session, user, password_hash)
    grant(session, user, business_id=offer.business_id, role=offer.role, now=now)
    return Accepted.JOINED, user


def accept_as(session: Session, offer: Offer, user: User, *, password_hash: str | None, now: datetime) -> Accepted:
    """Join with the account that is logged in; password_hash: of a new password."""
    if user.email != offer.email:
        return Accepted.LOG_IN_FIRST
    if user.address_proved_at is None and password_hash is None:
        return Accepted.PASSWORD_NEEDED
    if not _take(session, offer):
        return Accepted.GONE
    if user.address_proved_at is None and password_hash is not None:
        if offer.was_mailed:
            user.address_proved_at = now
        set_password(session, user, password_hash)
    grant(session, user, business_id=offer.business_id, role=offer.role, now=now)
    return Accepted.JOINED


def prove_address(session: Session, user: User, now: datetime) -> None:
    """A link that was mailed to the address was used. What a stranger may have set up before goes."""
    if user.address_proved_at is None:
        user.address_proved_at = now
        remove_second_factor(session, user.id)


def change_role(session: Session, user: User, role: Role | None, *, now: datetime, but: int | None = None) -> bool:
    """Another role in the session's business, or None to remove the person; False: it would be without an owner.

    The person's sessions end, `but` one, and so do invitations that an owner made who is one no longer.
    """
    membership = session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
    owners = set(session.scalars(select(Membership.user_id).where(Membership.role == Role.OWNER).with_for_update()))
    if role is not Role.OWNER and owners == {user.id}:
        return False
    if role is None:
        session.delete(membership)
        withdraw(session, email=user.email)
    else:
        grant(session, user, business_id=business_of(session), role=role, now=now)
    if role is not Role.OWNER:
        withdraw(session, invited_by=user.id)
    if role is not membership.role:
        end_sessions(session, user.id, but=but)
    return True


def _take(session: Session, offer: Offer) -> bool:
    """Use the link up and bind the session to its business; False when somebody was faster."""
    with unscoped(session, "the business is entered with this link"):
        used = delete(Invitation).where(Invitation.id == offer.id).returning(Invitation.id)
        taken = bool(session.execute(used.execution_options(synchronize_session=False)).all())
    bind_business(session, offer.business_id)
    return taken
