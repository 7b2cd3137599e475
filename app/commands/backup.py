"""Write everything into one file: businesses, settings, calls, recordings, recorded sentences, appointments (O5).

python -m app.commands.backup FILE             a .tar.gz of JSON lines, readable by whoever has the file
python -m app.commands.backup FILE --encrypt   under BACKUP_PASSPHRASE, or a passphrase that is asked for

Calls go on meanwhile; the file shows one instant. Recordings and stored secrets stay sealed under SECRET_KEY as they
are in the database: keep it, without it a restored installation cannot open them. Save the list of erasures beside the
backup (python -m app.commands.erasures), or people who were erased since come back with it.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.commands.passphrase import Refused, new_passphrase
from app.database import open_database
from app.settings import Settings, SettingsError, load_settings
from app.telemetry.build_info import read_build_info
from services.backup.archive import writing
from services.backup.columns import UnknownColumn
from services.backup.contents import Contents
from services.backup.dump import dump
from services.db.database import DatabaseUnavailable


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--encrypt", action="store_true", help="under a passphrase; nobody can restore without it")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        passphrase = new_passphrase(settings) if options.encrypt else None
        contents = _write(settings, options.file, passphrase)
    except (SettingsError, Refused, DatabaseUnavailable, UnknownColumn, OSError) as error:
        sys.exit(f"Not done: {error}")
    except DBAPIError as error:
        sys.exit(f"Not done: the database cannot be read ({type(error.orig).__name__})")
    size_mb = options.file.stat().st_size / 1e6
    how = "encrypted" if options.encrypt else "not encrypted"
    sys.stdout.write(
        f"{options.file}: {contents.rows} rows of {len(contents.end.rows)} tables at schema {contents.head.schema}, "
        f"{size_mb:.1f} MB, {how}\n"
    )


def _write(settings: Settings, file: Path, passphrase: str | None) -> Contents:
    """The file appears when it is whole and on the disk, in place of an older one of its name; its owner reads it."""
    now = datetime.now(UTC)
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    database = open_database(settings)
    database.ping()
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with writing(out, passphrase, now.timestamp()) as archive:
                contents = dump(database, archive, version=read_build_info().version, now=now)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        with suppress(OSError):
            draft.unlink()
    return contents


if __name__ == "__main__":
    main()
