"""Make somebody who can log in, or give a forgetful one a new password.

python -m app.commands.create_user EMAIL --admin                    the installation's administrator
python -m app.commands.create_user EMAIL --business 3 --role owner  somebody of one business
python -m app.commands.create_user EMAIL --reset                    a new password for somebody known
python -m app.commands.create_user EMAIL --remove-second-factor     for somebody who lost telephone and codes

The password is asked for; piped input is read as one line; `--generate` makes one and shows it.
"""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.database import open_database
from app.settings import SettingsError, load_settings
from services.accounts.passwords import LONGEST, SHORTEST, Weakness, weakness_of
from services.accounts.second_factor import remove_second_factor
from services.accounts.sessions import end_sessions
from services.accounts.users import create_user, find_user, grant, hash_password, normalise_email, set_password
from services.audit.trail import Act, record
from services.db.database import DatabaseUnavailable
from services.db.migration import migrate
from services.db.models import AuditKind, Business, Role
from services.db.tenancy import unscoped


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        database = open_database(settings)
        migrate(database)
        if options.remove_second_factor:
            database.write(lambda s: _remove_factor(s, options.email))
            return
        password = secrets.token_urlsafe(12) if options.generate else _ask_password(options)
        hashed = hash_password(password)
        database.write(lambda s: _apply(s, options, hashed))
    except (SettingsError, DatabaseUnavailable, Refused) as error:
        sys.exit(f"Not done: {error}")
    shown = f" / {password}" if options.generate else ""
    sys.stdout.write(f"{normalise_email(options.email)}{shown}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("email")
    parser.add_argument("--name", default="", help="shown in the pages")
    parser.add_argument("--admin", action="store_true", help="may do everything in every business")
    parser.add_argument("--business", type=int, help="id of the business to give access to")
    parser.add_argument("--role", choices=[role.value for role in Role], default=Role.OWNER.value)
    parser.add_argument("--reset", action="store_true", help="a new password for somebody known")
    parser.add_argument("--remove-second-factor", action="store_true", help="log-in by password alone again")
    parser.add_argument("--generate", action="store_true", help="make the password and show it")
    return parser


def _apply(s: Session, options: argparse.Namespace, hashed: str) -> None:
    now = datetime.now(UTC)
    user = find_user(s, options.email)
    if options.reset:
        if user is None:
            raise Refused("nobody has this address")
        set_password(s, user, hashed)
        _record(s, AuditKind.PASSWORD_CHANGED, user.email, now)
        return
    if user is not None:
        raise Refused("somebody has this address already; --reset gives them a new password")
    made = create_user(
        s,
        email=options.email,
        password_hash=hashed,
        now=now,
        name=options.name,
        is_admin=options.admin,
        is_proved=True,  # the operator knows whose address it is
    )
    _record(s, AuditKind.ACCOUNT_MADE, made.email, now, is_admin=options.admin, business=options.business)
    if options.business is not None:
        with unscoped(s, "the operator names a business of the installation"):
            known = s.get(Business, options.business)
        if known is None:
            raise Refused(f"there is no business {options.business}")
        grant(s, made, business_id=options.business, role=Role(options.role), now=now)


def _remove_factor(s: Session, email: str) -> None:
    user = find_user(s, email)
    if user is None or not remove_second_factor(s, user.id):
        raise Refused("nobody with this address has a second factor")
    end_sessions(s, user.id)
    _record(s, AuditKind.FACTOR_REMOVED, user.email, datetime.now(UTC))


def _record(s: Session, kind: AuditKind, subject: str, now: datetime, **detail: object) -> None:
    record(s, Act(kind, now, "command line", subject=subject, detail=detail))


def _ask_password(options: argparse.Namespace) -> str:
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    weakness = weakness_of(password, [options.email, options.name])
    if weakness is not None:
        raise Refused(_REASONS[weakness])
    return password


_REASONS = {
    Weakness.SHORT: f"a password needs at least {SHORTEST} characters",
    Weakness.LONG: f"a password has at most {LONGEST} characters",
    Weakness.COMMON: "this password is too easy to guess",
    Weakness.OWN_WORDS: "this password is made of the address or the name",
}


if __name__ == "__main__":
    main()
