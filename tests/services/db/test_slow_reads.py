"""A search through a large SQLite file leaves the loop to the calls, and ends in time (S1)."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.places import ROOT


def test_a_search_without_an_end_is_ended_by_a_loop_that_never_stood_still(sqlite_url: str) -> None:
    """Only a greenlet of the same thread can end it."""
    script = textwrap.dedent(f"""
        from gevent import monkey; monkey.patch_all()
        import gevent
        from sqlalchemy import text
        from app.worker.native_thread import SEARCHES
        from services.db import slow_reads
        from services.db.database import Database, DatabaseUnavailable
        slow_reads.STATEMENT_S = 0.3
        database = Database({sqlite_url!r}, aside=SEARCHES.run)
        endless = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
                       "SELECT x FROM n WHERE x < 0").execution_options(**slow_reads.READS_MUCH)
        turns = 0
        def turn():
            global turns
            while True:
                turns += 1
                gevent.sleep(0.001)
        gevent.spawn(turn)
        try:
            database.read(lambda session: session.execute(endless).all())
        except DatabaseUnavailable:
            print("ended", turns > 20)
        few = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT x FROM n")
        few = few.execution_options(**slow_reads.READS_MUCH)
        print(*database.read(lambda session: session.scalars(few).all()))
        print(database.read(lambda session: session.execute(few).first())[0])
    """)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.stdout.split() == ["ended", "True", "1", "2", "3", "1"], done.stderr
