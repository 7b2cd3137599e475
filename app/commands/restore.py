"""Write a backup into an empty database (O5). Nothing is written unless the whole file can be read.

python -m app.commands.restore FILE                    into DATABASE_URL, SQLite or PostgreSQL, whatever it was before
python -m app.commands.restore FILE --erasures LIST    and erase again who was erased since (app.commands.erasures)
python -m app.commands.restore FILE --check            only read it to its end and say what is in it

A backup of an older version is brought up to date. SECRET_KEY has to be the one of then (or SECRET_KEY_PREVIOUS has):
recordings and stored secrets are sealed under it. An encrypted file needs BACKUP_PASSPHRASE, or asks.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.commands.erasures import read_list, repeat
from app.commands.passphrase import known_passphrase
from app.database import keyring, open_database
from app.settings import Settings, SettingsError, load_settings
from services.backup.archive import is_encrypted, parts
from services.backup.contents import Contents, look_through
from services.backup.load import DoesNotFit, NotEmpty, load
from services.backup.sealing import Damaged, WrongPassphrase
from services.calls.housekeeping import jobs
from services.db.database import Database, DatabaseUnavailable
from services.privacy.erasure import SavedErasure, StillCalling


class Refused(Exception):
    """Not with this installation; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        _run(load_settings(), options)
    except WrongPassphrase:
        sys.exit("Not done: the passphrase is not the one of this backup")
    except NotEmpty as error:
        sys.exit(f"Not done: the database is not empty ({error}). A backup is restored into an empty one")
    except (SettingsError, Refused, Damaged, DoesNotFit, DatabaseUnavailable, OSError, ValueError) as error:
        sys.exit(f"Not done: {error}")
    except DBAPIError as error:
        sys.exit(f"Not done: the database cannot be written ({type(error.orig).__name__})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--erasures", type=Path, metavar="LIST", help="what `app.commands.erasures save` wrote")
    parser.add_argument(
        "--without-key", action="store_true", help="restore although the key of what is sealed in it is not known"
    )
    return parser


def _run(settings: Settings, options: argparse.Namespace) -> None:
    saved = read_list(options.erasures) if options.erasures else None
    file: Path = options.file
    open_parts = partial(parts, file, known_passphrase(settings) if is_encrypted(file) else None)
    contents = look_through(open_parts())
    _say(f"{file}: {contents.rows} rows of {contents.head.made_at:%Y-%m-%d %H:%M} UTC at schema {contents.head.schema}")
    for table, rows in contents.end.rows.items():
        if rows:
            _say(f"  {table} {rows}")
    if options.check:
        return
    missing = contents.end.keys - keyring(settings).names
    if missing and not options.without_key:
        raise Refused(
            "recordings or stored secrets in it are sealed under another SECRET_KEY. Set that one, or set it as "
            "SECRET_KEY_PREVIOUS; --without-key restores all the same and leaves them closed"
        )
    database = open_database(settings)
    load(database, open_parts)
    _say("restored")
    _erase_again(settings, database, contents, saved)


def _erase_again(settings: Settings, database: Database, contents: Contents, saved: list[SavedErasure] | None) -> None:
    if saved is None:
        _say(
            f"Who was erased after {contents.head.made_at:%Y-%m-%d %H:%M} UTC is there again. Before calls are taken: "
            "python -m app.commands.erasures repeat LIST"
        )
        return
    for job in jobs(database, lambda: datetime.now(UTC), settings.public_base_url or ""):
        job.run()  # calls that went on then are summed up: nobody is on the line
    try:
        repeat(database, keyring(settings), saved)
    except StillCalling:
        raise Refused(
            "the backup is restored, but somebody who was erased is on the line. Repeat the erasures"
        ) from None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
