"""Structured logs: text for people, JSON for machines; the call's id on every line, no personal data.

Code logs through `structlog.get_logger(__name__)` and binds `call_sid`; messages that support greps for are the event
text and appear verbatim. Libraries are heard from WARNING up whatever LOG_LEVEL says, because their debug lines carry
what people said.

What is nobody else's business is left out (app/telemetry/redaction.py).
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import re
import select
import sys
import threading
from collections.abc import MutableMapping
from typing import IO, Any

import orjson
import structlog
from structlog.typing import Processor

from app.settings import Settings
from app.telemetry.prometheus import LOG_LINES_DROPPED
from app.telemetry.redaction import format_exception, hide_fields, redacted

OURS = "assistant"
# What ends a line somewhere, steers a terminal, or turns the reading direction of what follows.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
PIECE_BYTES = 4096  # PIPE_BUF on Linux: what a writable pipe is sure to take without blocking
QUEUE_LINES = 5000


def configure_logging(settings: Settings, stream: IO[str] = sys.stderr, reports: Processor | None = None) -> LogWriter:
    """Route structlog and the standard library through one writer. Once per process, after any fork. reports: is shown
    every line while an exception in it is still one."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _name_the_logger,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([reports] if reports is not None else []),
        structlog.processors.ExceptionRenderer(format_exception),
        structlog.processors.UnicodeDecoder(),
        hide_fields,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=lambda *name: logging.getLogger(".".join([OURS, *name])),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    writer = LogWriter(stream)
    writer.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                render_json if settings.log_format == "json" else render_text,
            ],
        )
    )
    _route(writer, settings.log_level)
    _log_what_nobody_caught()
    atexit.register(writer.drain)
    return writer


def _log_what_nobody_caught() -> None:
    """Python would write it to stderr as it is, past the redaction."""
    log = structlog.get_logger("uncaught")

    def of_a_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            name = failed.thread.name if failed.thread is not None else ""
            log.critical("a thread failed", thread=name, exc_info=failed.exc_value)

    threading.excepthook = of_a_thread


def _name_the_logger(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """`logger`: who speaks; a module of ours, or a library."""
    structlog.stdlib.add_logger_name(logger, method, event)
    event["logger"] = event["logger"].removeprefix(f"{OURS}.")
    return event


def _route(writer: LogWriter, level: str) -> None:
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, LogWriter)]:
        root.removeHandler(handler)
    root.addHandler(writer)
    root.setLevel(logging.WARNING)
    for name in (OURS, "services"):
        logging.getLogger(name).setLevel(level)
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.handlers.clear()
    gunicorn.propagate = True


def render_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`2026-11-20T10:00:00.123456Z INFO    [CA…] the message key=value`, redacted."""
    stamp, level = event.pop("timestamp", ""), str(event.pop("level", "")).upper()
    call = event.pop("call_sid", None)
    event.pop("logger", None)
    message, trace = event.pop("event", ""), event.pop("exception", None)
    fields = "".join(f" {key}={value}" for key, value in sorted(event.items()) if value != "")
    line = f"{stamp} {level:<7} " + (f"[{call}] " if call else "") + f"{message}{fields}"
    return on_one_line(redacted(line)) + (f"\n{indented(redacted(str(trace)))}" if trace else "")


def render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """One JSON object per line with `timestamp`, `level`, `logger`, `event` and the bound fields."""
    return redacted(orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode())


def on_one_line(text: str) -> str:
    """`text` as it may stand in a line of the log: what others wrote in it cannot begin a line of its own."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def indented(trace: str) -> str:
    """A traceback whose every line shows that it is one."""
    return "\n".join(f"    {on_one_line(line)}" for line in trace.split("\n"))


class LogWriter(logging.Handler):
    """A logging handler that formats in the caller's thread and writes in its own, without ever holding up a call.

    A terminal that is stopped, a full pipe or a full disk costs lines, which are counted, and nothing else. The thread
    asks whether the file can take a piece before it writes one, because under gevent a blocking write would stop
    every call of the worker; pieces are no longer than what a pipe that says "ready" takes whole.
    """

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
