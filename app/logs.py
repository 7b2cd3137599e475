"""Structured logs: text for people, JSON for machines; the call's id on every line, no personal data.

Code logs through `structlog.get_logger(__name__)` and binds `call_sid`; messages that support greps for are the event
text and appear verbatim. Libraries are heard from WARNING up whatever LOG_LEVEL says, because their debug lines carry
what people said.
"""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import MutableMapping
from typing import IO, Any

import orjson
import structlog
from structlog.typing import Processor

from app.log_writer import LogWriter
from app.redaction import hide_fields, mask_phones
from app.settings import Settings

OURS = "assistant"


def configure_logging(settings: Settings, stream: IO[str] = sys.stderr) -> LogWriter:
    """Route structlog and the standard library through one writer. Once per process, after any fork."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _name_the_logger,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
    atexit.register(writer.drain)
    return writer


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
    """`2026-11-20T10:00:00.123456Z INFO    [CA…] the message key=value`, phone numbers masked."""
    stamp, level = event.pop("timestamp", ""), str(event.pop("level", "")).upper()
    call = event.pop("call_sid", None)
    event.pop("logger", None)
    message, trace = event.pop("event", ""), event.pop("exception", None)
    fields = "".join(f" {key}={value}" for key, value in sorted(event.items()) if value != "")
    head = f"{stamp} {level:<7} " + (f"[{call}] " if call else "")
    return mask_phones(f"{head}{message}{fields}" + (f"\n{trace}" if trace else ""))


def render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """One JSON object per line with `timestamp`, `level`, `logger`, `event` and the bound fields."""
    return mask_phones(orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode())
