"""`python -m app.commands.migrate`: bring the database to the newest schema, before the web processes start."""

from __future__ import annotations

import sys

from app.database import open_database
from app.settings import SettingsError, load_settings
from app.telemetry.logs import configure_logging
from services.db.database import DatabaseUnavailable
from services.db.migration import migrate


def main() -> None:
    try:
        settings = load_settings()
        configure_logging(settings)
        migrate(open_database(settings))
    except SettingsError as error:
        sys.exit(f"Refusing to start: {error}")
    except DatabaseUnavailable as error:
        sys.exit(f"The database cannot be brought up to date: {error}")


if __name__ == "__main__":
    main()
