"""Make somebody who can log in, or give a forgetful one a new password.

python -m app.admin.create_user EMAIL --admin                    the installation's administrator
python -m app.admin.create_user EMAIL --business 3 --role owner  somebody of one business
python -m app.admin.create_user EMAIL --reset                    a new password for somebody known

The password is asked for; piped input is read as one line; `--generate` makes one and shows it.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.admin.accounts import SHORTEST_PASSWORD, new_password
from app.settings import SettingsError, load_settings
from services.database import Database, DatabaseUnavailable
from services.migration import migrate
from services.models import Business, Role
from services.tenancy import unscoped
from services.users import create_user, find_user, grant, hash_password, normalise_email, set_password


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        password = new_password() if options.generate else _ask_password()
        database = Database(settings.database_url)
        migrate(database)
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
    parser.add_argument("--generate", action="store_true", help="make the password and show it")
    return parser


def _apply(s: Session, options: argparse.Namespace, hashed: str) -> None:
    now = datetime.now(UTC)
    user = find_user(s, options.email)
    if options.reset:
        if user is None:
            raise Refused("nobody has this address")
        set_password(user, hashed)
        return
    if user is not None:
        raise Refused("somebody has this address already; --reset gives them a new password")
    made = create_user(s, email=options.email, password_hash=hashed, now=now, name=options.name, is_admin=options.admin)
    if options.business is not None:
        with unscoped(s, "the operator names a business of the installation"):
            known = s.get(Business, options.business)
        if known is None:
            raise Refused(f"there is no business {options.business}")
        grant(s, made, business_id=options.business, role=Role(options.role), now=now)


def _ask_password() -> str:
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(f"a password needs at least {SHORTEST_PASSWORD} characters")
    return password


if __name__ == "__main__":
    main()
