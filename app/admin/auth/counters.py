"""Where the limiter's counters are: one place for all workers of all machines (S2, O1).

In Redis where there is one. What is lost with it begins anew in the database, which is asked until Redis answers again:
nobody gets as many tries as there are workers because a cache is away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from limits.storage import RedisStorage
from limits.storage.base import Storage
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.db.database import Database, DatabaseUnavailable
from services.db.limit_counts import count, counted, forget

DATABASE_SCHEME = "assistant-database"
REDIS_SCHEME = "assistant-redis"
# A Redis that does not answer by then is away: somebody waits for a page.
REDIS_S = 0.5
REDIS_AGAIN_S = 10.0

T = TypeVar("T")


class DatabaseStorage(Storage):
    """Counters in our own database. Made by Flask-Limiter from the scheme of its storage's address; `database` is in
    the storage's options."""

    STORAGE_SCHEME = [DATABASE_SCHEME]  # noqa: RUF012  the base class has it as a plain attribute

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


class RedisFirst(Storage):
    """Counters in Redis, and in the database while Redis is away."""

    STORAGE_SCHEME = [REDIS_SCHEME]  # noqa: RUF012  the base class has it as a plain attribute

    def __init__(self, uri: str | None = None, *, redis_url: str, database: Database, **options: Any) -> None:
        super().__init__(uri, **options)
        once: dict[str, Any] = {
            "socket_timeout": REDIS_S,
            "socket_connect_timeout": REDIS_S,
            "retry": Retry(NoBackoff(), 0),
        }
        self._redis = RedisStorage(redis_url, **once)
        self._database = DatabaseStorage(database=database)
        self._away_until_s = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseUnavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask(lambda counters: counters.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._ask(lambda counters: counters.get(key))

    def get_expiry(self, key: str) -> float:
        return self._ask(lambda counters: counters.get_expiry(key))

    def check(self) -> bool:
        """Whether one of them answers."""
        return self._ask(lambda counters: counters.check()) or self._database.check()

    def reset(self) -> int | None:
        return self._ask(lambda counters: counters.reset())

    def clear(self, key: str) -> None:
        self._ask(lambda counters: counters.clear(key))

    def _ask(self, question: Callable[[Storage], T]) -> T:
        if time.monotonic() >= self._away_until_s:
            try:
                return question(self._redis)
            except RedisError:
                self._away_until_s = time.monotonic() + REDIS_AGAIN_S
        return question(self._database)


def _now() -> datetime:
    return datetime.now(UTC)
