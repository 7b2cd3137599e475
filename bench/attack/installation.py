"""The server under attack: as in production, two workers on PostgreSQL, with people and businesses in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import update
from sqlalchemy.orm import Session

from bench.chaos import workers
from bench.postgres import new_database
from sandbox.twilio.stage import Stage, stage
from services.accounts.businesses import create_business, save_prompt
from services.accounts.seed import CLINIC_NUMBER, CLINIC_PROMPT, seed_demo
from services.accounts.users import create_user, grant, hash_password
from services.calls.lifecycle import find_business_by_number
from services.db.database import Database
from services.db.migration import migrate
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus, Role
from services.db.tenancy import bind_business, unscoped
from services.outbox.outbox import enqueue

WORKERS = 2
VIEWER, PASSWORD = "viewer@attack.test", "many long words in a row"
# As many words as the longest prompt can have, and few in the same places: the most work for whoever compares two.
PROMPT_WORDS = 6000
HOSTILE_BUSINESSES = 12
LONGEST_CALL_MIN = 60  # the calls of a campaign go on through all of it


@dataclass(slots=True)
class Installation:
    """A running server, and what an attacker may know of it. `diff_path`: two prompts side by side, for a viewer."""

    running: Stage
    diff_path: str
    hostile: list[int]  # businesses whose receivers mean harm
    honest: int  # and one whose receiver does not

    @property
    def port(self) -> int:
        return urlsplit(self.running.webhook_base).port or 80

    @property
    def worker_pids(self) -> list[int]:
        return workers(self.running)

    def memory_mb(self) -> float:
        """Of both workers, what is theirs alone."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.worker_pids]
        return sum(int(found[1]) for text in status if (found := re.search(r"RssAnon:\s+(\d+)", text))) / 1000

    def tracebacks(self) -> int:
        return self.running.logs().count("Traceback (most recent call last)")

    def post_later(self, business: int, url: str, messages: int) -> None:
        """So many webhooks of a business, due now."""
        now = datetime.now(UTC)

        def work(session: Session) -> None:
            bind_business(session, business)
            for _ in range(messages):
                payload = {"url": url, "event": {"type": "call.completed"}}
                enqueue(session, kind=OutboxKind.WEBHOOK, key=f"attack-{os.urandom(8).hex()}", payload=payload, now=now)

        self.running.database.write(work)

    def forget_posts(self) -> None:
        """What was not sent by now is not sent any more."""
        done = update(OutboxMessage).values(status=OutboxStatus.FAILED)

        def work(session: Session) -> None:
            with unscoped(session, "the bench ends a flood"):
                session.execute(done.execution_options(synchronize_session=False))

        self.running.database.write(work)


@contextmanager
def installation(postgres: str, directory: Path, model_port: int) -> Iterator[Installation]:
    """Raises psycopg.OperationalError when there is no PostgreSQL."""
    with ExitStack() as stack:
        url = stack.enter_context(new_database(postgres, "attack"))
        seeded = _seed(url)
        environment = {
            "APP_ENV": "production",
            "WEB_CONCURRENCY": str(WORKERS),
            "LOG_LEVEL": "INFO",  # as it is in production
            "OPENAI_REALTIME_URL": f"ws://127.0.0.1:{model_port}/v1/realtime",
        }
        running = stack.enter_context(
            stage(
                directory,
                environment=environment,
                database_url=url,
                model_base=f"http://127.0.0.1:{model_port}",
                application="bench.attack.served:application",
            )
        )
        yield Installation(running, *seeded)


def _seed(url: str) -> tuple[str, list[int], int]:
    database = Database(url)
    try:
        migrate(database)
        seed_demo(database)
        database.write(_lift_limits)
        diff_path = database.write(partial(_add_viewer, password_hash=hash_password(PASSWORD)))
        others = [database.write(partial(_add_business, number=n)) for n in range(HOSTILE_BUSINESSES + 1)]
        return diff_path, others[1:], others[0]
    finally:
        database.dispose()


def _lift_limits(session: Session) -> None:
    """Twenty calls go on for the whole campaign, and others come."""
    values = {"max_calls_at_once": None, "daily_minutes": None, "max_call_minutes": LONGEST_CALL_MIN}
    with unscoped(session, "the bench fills every demo business"):
        lifted = update(BusinessSettings).values(**values)
        session.execute(lifted.execution_options(synchronize_session=False))


def _add_viewer(session: Session, password_hash: str) -> str:
    """Somebody who may only look, and two prompts to compare; where they are compared."""
    now = datetime.now(UTC)
    viewer = create_user(session, email=VIEWER, password_hash=password_hash, now=now, is_admin=False, is_proved=True)
    clinic = find_business_by_number(session, CLINIC_NUMBER)
    assert clinic is not None
    bind_business(session, clinic.id)
    grant(session, viewer, business_id=clinic.id, role=Role.VIEWER, now=now)
    texts = [" ".join("abcdefgh"[n * step % 8] for n in range(PROMPT_WORDS)) for step in (5, 7)]
    old, new = (save_prompt(session, text=text, author_id=None, now=now).number for text in texts)
    # The calls go on with the first one.
    save_prompt(session, text=CLINIC_PROMPT, author_id=None, now=now)
    return f"/admin/b/{clinic.id}/prompt/diff?a={old}&b={new}"


def _add_business(session: Session, number: int) -> int:
    settings = {"language": "en"}
    numbers = [f"+9723888{number:04d}"]
    now = datetime.now(UTC)
    return create_business(
        session, name=f"Other {number}", numbers=numbers, prompt="You are a receptionist.", settings=settings, now=now
    ).id
