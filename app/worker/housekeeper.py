"""The worker's thread for what nobody asks for: calls wrapped up, lost ones closed, old data deleted, customers
reminded (W6, W13, D1, K6)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from itertools import chain

import structlog

from app.worker.drain import Drain
from app.worker.native_thread import off_the_loop
from services.appointments.reminders import reminder_jobs
from services.calls.housekeeping import Job, jobs
from services.db.database import Database, DatabaseUnavailable
from services.privacy.retention import retention_jobs

log = structlog.get_logger(__name__)

EVERY_S = 5.0


def start_housekeeping(database: Database, drain: Drain, pages: str) -> threading.Thread:
    """A round every few seconds until the worker drains. Every worker does: each row is taken once.

    pages: the address of the admin pages, for links in what is sent.
    """

    def loop() -> None:
        while not drain.wait(EVERY_S):
            try:
                rounds = jobs(database, _now, pages), reminder_jobs(database, _now), retention_jobs(database, _now)
                for job in chain.from_iterable(rounds):
                    _do(job)
                off_the_loop(database.checkpoint)
            except DatabaseUnavailable as error:
                log.warning("housekeeping waits for the database", error=str(error))
            except Exception:  # the thread's outermost level: one bad row must not end every later round
                log.exception("housekeeping failed")

    thread = threading.Thread(target=loop, name="housekeeper", daemon=True)
    thread.start()
    return thread


def _do(job: Job) -> None:
    """One job; what goes wrong with it is kept from the others (S3). Raises DatabaseUnavailable."""
    try:
        job.run()
    except DatabaseUnavailable:
        raise
    except Exception as error:  # the job's outermost level: it stands for one row or one business
        log.exception("a job of housekeeping failed", job=job.name)
        if job.give_up is not None:
            job.give_up(type(error).__name__)


def _now() -> datetime:
    return datetime.now(UTC)
