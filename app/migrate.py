"""`python -m app.migrate`: bring the configured database to the newest schema, before the web processes start."""

from __future__ import annotations

import sys

from app.logs import configure_logging
from app.settings import SettingsError, load_settings
from services.database import Database, DatabaseUnavailable
from services.migration import migrate


def main() -> None:
    try:
        settings = load_settings()
        configure_logging(settings)
        migrate(Database(settings.database_url))
    except SettingsError as error:
        sys.exit(f"Refusing to start: {error}")
    except DatabaseUnavailable as error:
        sys.exit(f"The database cannot be brought up to date: {error}")


if __name__ == "__main__":
    main()
