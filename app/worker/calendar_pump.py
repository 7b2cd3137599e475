"""Reads connected calendars: a few at once in each worker, each connection once over all machines (K5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from app.worker.drain import Drain
from services.calendar_sync.reading import Turn, due, read_connection
from services.calendar_sync.remotes import Remotes
from services.db.database import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)

EVERY_S = 5.0
PLACES = 3  # in each worker


class CalendarPump:
    """One thread looks what is due; each calendar is read in a thread of its own, PLACES at once."""

    def __init__(self, database: Database, remotes: Remotes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._remotes = remotes
        self._now = now
        self._lock = threading.Lock()
        self._reading: set[Turn] = set()

    def start(self, drain: Drain) -> threading.Thread:
        """Until the worker drains; whose reading is cut off then is read by another worker."""

        def loop() -> None:
            while not drain.wait(EVERY_S):
                try:
                    self._start_due()
                except DatabaseUnavailable as error:
                    log.warning("calendars wait for the database", error=str(error))
                except Exception:  # the thread's outermost level: one bad look must not end every later one
                    log.exception("calendars cannot be looked at")

        thread = threading.Thread(target=loop, name="calendars", daemon=True)
        thread.start()
        return thread

    def _start_due(self) -> None:
        for turn in self._database.read(lambda session: due(session, self._now())):
            with self._lock:
                if turn in self._reading or len(self._reading) >= PLACES:
                    continue
                self._reading.add(turn)
            threading.Thread(target=self._read, args=(turn,), name="calendar_read", daemon=True).start()

    def _read(self, turn: Turn) -> None:
        try:
            read_connection(self._database, self._remotes, turn, self._now)
        except DatabaseUnavailable as error:
            log.warning("a calendar waits for the database", error=str(error))
        except Exception:  # the thread's outermost level: the place must come free
            log.exception("a calendar could not be read", connection=turn[1])
        finally:
            with self._lock:
                self._reading.discard(turn)
