"""Writes log lines without ever holding up a call: a bounded queue and one thread.

A terminal that is stopped, a full pipe or a full disk costs lines, which are counted, and nothing else. The thread
asks whether the file can take a piece before it writes one, because under gevent a blocking write would stop every
call of the worker; pieces are no longer than what a pipe that says "ready" takes whole.
"""

from __future__ import annotations

import logging
import os
import queue
import select
import threading
from typing import IO

from app.prometheus import LOG_LINES_DROPPED

PIECE_BYTES = 4096  # PIPE_BUF on Linux: what a writable pipe is sure to take without blocking
QUEUE_LINES = 5000


class LogWriter(logging.Handler):
    """A logging handler that formats in the caller's thread and writes in its own."""

    def __init__(self, stream: IO[str], capacity: int = QUEUE_LINES) -> None:
        super().__init__()
        self._stream = stream  # kept: its descriptor must stay ours
        self._fd = stream.fileno()
        self._lines: queue.Queue[bytes | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name="log_writer", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line; never blocks, never raises."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 - outermost level of logging: a field that cannot be shown must not end a call
            LOG_LINES_DROPPED.inc()
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            LOG_LINES_DROPPED.inc()

    def drain(self, timeout_s: float = 1.0) -> None:
        """Write what is queued and stop; used at the end of the process."""
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(line)
            except (OSError, ValueError):  # disk full, reader gone, file closed
                LOG_LINES_DROPPED.inc()

    def _write(self, line: bytes) -> None:
        while line:
            select.select([], [self._fd], [])
            written = os.write(self._fd, line[:PIECE_BYTES])
            line = line[written:]
