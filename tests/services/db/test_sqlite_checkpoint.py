"""SQLite's log reaches the file when a checkpoint is made, and no transaction makes one: it would wait for the disk."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from services.db.database import Database, DatabaseUnavailable

ROWS = 3000  # far more than the thousand pages at which SQLite would do it by itself


def in_the_file(path: Path) -> int:
    """Rows that stand in the file itself, without its log."""
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        return int(connection.execute("SELECT count(*) FROM notes").fetchone()[0])


def test_only_a_checkpoint_brings_the_log_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE notes (text TEXT)")
    database = Database(f"sqlite:///{path}")
    for _ in range(3):
        with database.engine.begin() as connection:
            connection.execute(text("INSERT INTO notes VALUES (:text)"), [{"text": "x" * 2000}] * (ROWS // 3))
    assert in_the_file(path) == 0
    database.checkpoint()
    assert in_the_file(path) == ROWS
    database.dispose()


def test_a_checkpoint_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "calls.db").mkdir()
    with pytest.raises(DatabaseUnavailable):
        Database(f"sqlite:///{tmp_path}/calls.db").checkpoint()
