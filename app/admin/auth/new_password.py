"""A password that somebody chooses, or is asked for again."""

from __future__ import annotations

from collections.abc import Iterable

from flask_login import current_user

from app.admin.auth.access import account
from app.admin.auth.hashing import check_password, make_hash
from app.admin.auth.security import client_network
from app.admin.auth.trail import note
from app.admin.text.words import t
from app.context import worker
from services.accounts.passwords import LONGEST, SHORTEST, Weakness, weakness_of
from services.db.models import AuditKind, User


def password_problem(password: str, own_words: Iterable[str]) -> str | None:
    """Why it is not taken, in the page's language. own_words: address, name, names of businesses."""
    weakness = weakness_of(password, own_words)
    return None if weakness is None else _words(weakness)


def hashed(password: str) -> str:
    """As it is stored. Only of a password without a problem."""
    return make_hash(password)


def is_own_password(password: str) -> bool:
    """Whether it is the password of who is logged in; a wrong one is written down. Put `limiter` before it."""
    user = worker().database.read(lambda s: s.get_one(User, account().id))
    if check_password(user, password):
        return True
    worker().database.write(lambda s: note(s, AuditKind.PASSWORD_REFUSED))
    return False


def account_or_address() -> str:
    """What tries of a password are counted by: the account, on whatever device."""
    return f"account {current_user.id}" if current_user.is_authenticated else client_network()


def _words(weakness: Weakness) -> str:
    return {
        Weakness.SHORT: t("לפחות {n} תווים.", "At least {n} characters.", n=SHORTEST),
        Weakness.LONG: t("לכל היותר {n} תווים.", "At most {n} characters.", n=LONGEST),
        Weakness.COMMON: t(
            "קל מדי לנחש. קחו כמה מילים שאינן קשורות זו לזו, או תנו למנהל סיסמאות ליצור אחת.",
            "Too easy to guess. Take a few words that have nothing to do with each other, or let a password manager "
            "make one.",
        ),
        Weakness.OWN_WORDS: t(
            "הסיסמה עשויה מהכתובת, מהשם או משם העסק: אותם מנחשים ראשונים.",
            "It is made of your address, your name or the business's name: these are guessed first.",
        ),
    }[weakness]
