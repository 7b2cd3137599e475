"""Ends the rows of calls that nobody will hear of again: a crash and a lost webhook must not leave one open (W6)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.background import BackgroundWorker
from app.drain import Drain
from services.calls import close_stale_calls
from services.database import Database

EVERY_S = 600.0
# Twilio ends a call after four hours at the latest.
STALE_AFTER = timedelta(hours=4, minutes=10)


def start_sweeping(database: Database, background: BackgroundWorker, drain: Drain) -> None:
    """Sweep every ten minutes until the worker drains. Several workers may: a row ends once."""

    def sweep(session: Session) -> None:
        close_stale_calls(session, older_than=STALE_AFTER, now=datetime.now(UTC))

    def loop() -> None:
        while not drain.wait(EVERY_S):
            background.submit("stale calls", lambda: database.write(sweep))

    threading.Thread(target=loop, name="sweep", daemon=True).start()
