"""Sends what waits in the outbox: each kind in a few places of its own, each business in turn (S3).

A business has one message of a kind on its way at a time in a worker, and whoever was served longest ago comes next:
a receiver that never answers, or a backlog of thousands, costs its own business time and nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import structlog

from app.worker.drain import Drain
from services.db.database import Database, DatabaseUnavailable
from services.db.models import OutboxKind
from services.outbox.outbox import Outlet, due, send_next

log = structlog.get_logger(__name__)

EVERY_S = 5.0
PLACES = 4  # of each kind, in each worker
# Businesses and kinds. Who is forgotten comes first once more.
_REMEMBERED = 20_000

Turn = tuple[OutboxKind, int]


class OutboxPump:
    """One thread looks what is due; each message is sent in a thread of its own, PLACES of a kind at once."""

    def __init__(self, database: Database, outlets: Mapping[OutboxKind, Outlet], now: Callable[[], datetime]) -> None:
        self._database = database
        self._outlets = outlets
        self._now = now
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._sending: set[Turn] = set()
        # When each was served last, as a number that grows.
        self._served: dict[Turn, int] = {}
        self._turns = 0

    def start(self, drain: Drain) -> threading.Thread:
        """Until the worker drains; what is on its way then is finished or found again by another worker."""

        def loop() -> None:
            while not drain.begun:
                try:
                    self._start_due()
                except DatabaseUnavailable as error:
                    log.warning("the outbox waits for the database", error=str(error))
                except Exception:  # the thread's outermost level: one bad look must not end every later one
                    log.exception("the outbox cannot be looked at")
                self._wake.wait(EVERY_S)
                self._wake.clear()

        thread = threading.Thread(target=loop, name="outbox", daemon=True)
        thread.start()
        return thread

    def _start_due(self) -> None:
        found = self._database.read(lambda session: due(session, tuple(self._outlets), self._now()))
        for turn in self._next_turns(found):
            threading.Thread(target=self._send, args=(turn,), name="outbox_send", daemon=True).start()

    def _next_turns(self, found: list[Turn]) -> Iterator[Turn]:
        """Those that get a place now, longest unserved first."""
        with self._lock:
            if len(self._served) > _REMEMBERED:
                self._served = {turn: number for turn, number in self._served.items() if turn in found}
            for turn in sorted(found, key=lambda each: self._served.get(each, 0)):
                places_taken = sum(kind is turn[0] for kind, _ in self._sending)
                if turn in self._sending or places_taken >= PLACES:
                    continue
                self._turns += 1
                self._served[turn] = self._turns
                self._sending.add(turn)
                yield turn

    def _send(self, turn: Turn) -> None:
        kind, business_id = turn
        went = False
        try:
            went = send_next(self._database, self._outlets[kind], kind, business_id, self._now)
        except DatabaseUnavailable as error:
            log.warning("a message waits for the database", kind=kind.value, error=str(error))
        except Exception:  # the thread's outermost level: the place must come free
            log.exception("a message could not be taken", kind=kind.value)
        finally:
            with self._lock:
                self._sending.discard(turn)
            if went:
                self._wake.set()
