"""Whether calls may come to this worker (O2, W10)."""

from __future__ import annotations

from services.db.database import Database, DatabaseUnavailable
from services.db.schema_fit import SchemaMismatch, require_fit


class Readiness:
    """Whether the database answers, and has a schema for this code: looked at until it is known, then asked no more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fits = False

    def complaint(self) -> str:
        """Why calls should go elsewhere; "" when they may come."""
        try:
            if self._fits:
                self._database.ping()
            else:
                require_fit(self._database, deadline_s=0.0)
                self._fits = True
        except SchemaMismatch as error:
            return str(error)
        except DatabaseUnavailable:
            return "database unavailable"
        return ""
