"""Flask-Limiter's counters in our own database: every worker and every instance counts the same tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from limits.storage import Storage

from services.database import Database, DatabaseUnavailable
from services.limit_counts import count, counted, forget

SCHEME = "assistant-database"


class DatabaseStorage(Storage):
    """Made by Flask-Limiter from the scheme of its storage's address; `database` is in the storage's options."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  the base class has it as a plain attribute

    def __init__(self, uri: str | None = None, *, database: Database, **options: Any) -> None:
        super().__init__(uri, **options)
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseUnavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        lasts = timedelta(seconds=expiry)
        return self._database.write(lambda s: count(s, key, amount=amount, lasts=lasts, now=_now()))

    def get(self, key: str) -> int:
        return self._database.read(lambda s: counted(s, key, _now()))[0]

    def get_expiry(self, key: str) -> float:
        return self._database.read(lambda s: counted(s, key, _now()))[1].timestamp()

    def check(self) -> bool:
        """Whether the database answers; until it does again, each worker counts by itself."""
        try:
            self._database.ping()
        except DatabaseUnavailable:
            return False
        return True

    def reset(self) -> int:
        return self._database.write(forget)

    def clear(self, key: str) -> None:
        self._database.write(lambda s: forget(s, key))


def _now() -> datetime:
    return datetime.now(UTC)
