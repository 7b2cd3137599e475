"""What this worker tells the others of itself: that it is there, and how many more calls it takes (O1, W11).

One row, written every two seconds, also while the worker drains: whoever writes no more has vanished, and after a while
others look after its calls (services/calls/workers.py).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.orm import Session

from app.telemetry.build_info import BuildInfo
from app.worker.drain import Drain
from app.worker.live_calls import LiveCalls
from services.calls.workers import EVERY_S, WorkerReport, forget_old_workers, report
from services.db.database import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)


class Presence:
    """Make it after forking: each process is a worker of its own."""

    def __init__(
        self, database: Database, live_calls: LiveCalls, drain: Drain, build: BuildInfo, now: Callable[[], datetime]
    ) -> None:
        self.worker_id = secrets.token_hex(8)
        self._database = database
        self._live_calls = live_calls
        self._drain = drain
        self._version = f"{build.version} {build.commit[:8]}"
        self._now = now

    def report(self) -> WorkerReport:
        """How this worker stands now."""
        return WorkerReport(
            id=self.worker_id,
            machine=socket.gethostname(),
            pid=os.getpid(),
            version=self._version,
            carried=len(self._live_calls),
            places=self._live_calls.limit,
            takes_calls=not (self._drain.begun or self._live_calls.too_late),
        )

    def start(self) -> None:
        """Tell it until the process ends, in a thread of its own."""
        threading.Thread(target=self._loop, name="presence", daemon=True).start()

    def _loop(self) -> None:
        self._write(partial(forget_old_workers, now=self._now()))
        while True:
            self._write(partial(report, worker=self.report(), now=self._now()))
            if self._drain.begun:
                time.sleep(EVERY_S)
            else:
                self._drain.wait(EVERY_S)  # that it drains is told at once

    def _write(self, what: Callable[[Session], None]) -> None:
        try:
            self._database.write(what, deadline_s=EVERY_S)
        except DatabaseUnavailable as error:
            log.warning("the other workers cannot be told of this one", error=str(error))
        except Exception:  # the thread's outermost level: without it nobody knows this worker any more
            log.exception("the other workers cannot be told of this one")
