"""Who is logged in: the account of a request, loaded once, with the businesses it may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.context import worker
from services.models import Business, User
from services.tenancy import unscoped
from services.users import find_user_by_session, memberships

ADMIN, OWNER, VIEWER = "admin", "owner", "viewer"

login_manager = LoginManager()
login_manager.login_view = "admin.login"
login_manager.login_message = None  # the log-in page says enough


@dataclass(frozen=True, eq=False)
class Account(UserMixin):
    """A logged-in person. `businesses`: id → name of all it may open; `roles`: its memberships."""

    id: int
    email: str
    name: str
    language: str
    is_admin: bool
    session_key: str
    businesses: Mapping[int, str]
    roles: Mapping[int, str]

    def get_id(self) -> str:
        """What the session cookie carries: a key that changes with the password, so that old sessions end."""
        return self.session_key

    def role_in(self, business_id: int) -> str | None:
        """admin, owner or viewer; None where it has no business to be, or there is none."""
        if business_id not in self.businesses:
            return None
        return ADMIN if self.is_admin else self.roles[business_id]

    def may_change(self, business_id: int) -> bool:
        """Whether it may do more than look there."""
        return self.role_in(business_id) in (ADMIN, OWNER)


@login_manager.user_loader
def load_account(session_key: str) -> Account | None:
    """The account whose sessions carry this key."""
    return worker().database.read(lambda session: _load(session, session_key))


def account() -> Account:
    """The account of this request; only where log-in is required."""
    return cast(Account, current_user._get_current_object())


def _load(session: Session, session_key: str) -> Account | None:
    user = find_user_by_session(session, session_key)
    return None if user is None else account_of(session, user)


def account_of(session: Session, user: User) -> Account:
    """The account of a stored user."""
    roles = {each.business_id: each.role.value for each in memberships(session, user.id)}
    names = select(Business.id, Business.name).order_by(Business.name)
    if not user.is_admin:
        names = names.where(Business.id.in_(list(roles)))
    with unscoped(session, "the businesses a person may open are listed before one is chosen"):
        businesses = {row.id: row.name for row in session.execute(names)}
    return Account(
        id=user.id,
        email=user.email,
        name=user.name,
        language=user.language,
        is_admin=user.is_admin,
        session_key=user.session_key,
        businesses=businesses,
        roles=roles,
    )
