"""Seal stored sound and secrets under the newest SECRET_KEY (S8).

python -m app.commands.encrypt                     plain values of before, and those of SECRET_KEY_PREVIOUS
python -m app.commands.encrypt --drop-unreadable   and forget what no known key opens any more

To change SECRET_KEY: set the new one, set the old one as SECRET_KEY_PREVIOUS, restart, run this. When it says that
nothing is left, SECRET_KEY_PREVIOUS may go. Keep it as long as a backup from before may be restored, or a list of
erasures from before be repeated.
"""

from __future__ import annotations

import argparse
import sys

from app.database import keyring, open_database
from app.settings import SettingsError, load_settings
from services.db.database import DatabaseUnavailable
from services.db.migration import migrate
from services.db.reseal import reseal, sealed_columns


def main(arguments: list[str] | None = None) -> int:
    """0 when everything is sealed under the newest key."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--drop-unreadable", action="store_true", help="forget what was sealed under a key that is lost"
    )
    options = parser.parse_args(arguments)
    unreadable = 0
    try:
        settings = load_settings()
        database, keys = open_database(settings), keyring(settings)
        migrate(database)
        for column in sealed_columns():
            found = reseal(database, keys, column, drop_unreadable=options.drop_unreadable)
            sys.stdout.write(f"{column.place}: {found['sealed']} sealed, {found['unreadable']} unreadable\n")
            unreadable += found["unreadable"]
    except (SettingsError, DatabaseUnavailable) as error:
        sys.exit(f"Not done: {error}")
    if unreadable and not options.drop_unreadable:
        sys.stdout.write("Unreadable values were sealed under another key: set it as SECRET_KEY_PREVIOUS\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
