"""Passwords are hashed beside the loop, one at a time, and no page waits for another's hash."""

from __future__ import annotations

from app.admin.auth.access import outside_its_turn
from app.worker.native_thread import PASSWORDS
from services.accounts.users import hash_password, password_matches
from services.db.models import User


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is this user's. Raises Busy."""
    return outside_its_turn(lambda: PASSWORDS.run(password_matches, user, password))


def make_hash(password: str) -> str:
    """What is stored of a new password. Raises Busy."""
    return outside_its_turn(lambda: PASSWORDS.run(hash_password, password))
