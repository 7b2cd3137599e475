"""Do this code and the database fit together? Asked once, before gunicorn has workers (O2)."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings


def complaint_at_start(settings: Settings) -> str:
    """Why the server must not start; "" when it may, or when the database cannot be asked now: calls are answered
    without it. In a process of its own: what gunicorn's first process imports, its workers would have unpatched."""
    fork = multiprocessing.get_context("fork")
    answer, tell = fork.Pipe(duplex=False)
    process = fork.Process(target=_look, args=(settings, tell))
    process.start()
    tell.close()
    try:
        found: str = answer.recv()
    except EOFError:  # it ended without a word, and has shown why
        found = "the schema of the database could not be looked at"
    process.join()
    return found


def _look(settings: Settings, tell: Connection) -> None:
    from app.database import open_database
    from services.db.database import DatabaseUnavailable
    from services.db.schema_fit import SchemaMismatch, require_fit

    try:
        require_fit(open_database(settings), deadline_s=0.0)
    except SchemaMismatch as error:
        tell.send(str(error))
    except DatabaseUnavailable:
        tell.send("")
    else:
        tell.send("")
