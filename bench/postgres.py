"""A PostgreSQL database of a bench's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

POSTGRES = "postgresql://root@127.0.0.1:5432/test"  # a role that may create databases


@contextmanager
def new_database(server: str, prefix: str) -> Iterator[str]:
    """The URL of an empty database, dropped at the end. Raises psycopg.OperationalError when there is no server."""
    name = f"{prefix}_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
