"""Errors to a server of the Sentry protocol: what the log has at ERROR and above, and no more of it than the log (D4).

A report says which code failed where: no local variables, no bodies of requests, no cookies, no environment. Texts go
through the log's own redaction. The package is no part of the product's own requirements: it is imported where an
address of such a server is set.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

from sentry_sdk import Client
from sentry_sdk.types import Event

from app.telemetry.prometheus import REPORTS_LOST
from app.telemetry.redaction import HIDDEN, HIDDEN_KEYS, chain, redacted, told
from app.telemetry.traces import trace_id

LEVELS = ("error", "critical")
WAITING = 50  # reports on their way; more are lost
# What goes wrong in every call at once is told once, and not by each of them.
A_MINUTE = 20
FRAMES = 40
_KNOWN = frozenset({"event", "level", "logger", "exc_info", "timestamp", "stack_info", "call_sid"})
_OURS = ("/app/", "/media/", "/services/")


class ErrorReports:
    """A structlog processor; put it before exceptions are made into text. Make it after forking."""

    def __init__(
        self, dsn: str, release: str, environment: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        # A client of our own: nothing is hooked into the interpreter, the framework or the libraries.
        self._client = Client(
            dsn=dsn,
            release=release,
            environment=environment,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            transport_queue_size=WAITING,
        )
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._minute_ends = 0.0
        self._told: set[tuple[str, ...]] = set()

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event.get("level") in LEVELS:
            try:
                self._report(event)
            except Exception:  # noqa: BLE001 - outermost level of reporting: the log has the error all the same
                REPORTS_LOST.inc()
        return event

    def stop(self, timeout_s: float) -> None:
        """Send what is under way, within `timeout_s`."""
        self._client.close(timeout=timeout_s)

    def _report(self, event: MutableMapping[str, Any]) -> None:
        error = _error_of(event.get("exc_info"))
        message = redacted(str(event.get("event", "")))
        where = str(event.get("logger", ""))
        if not self._is_due((where, message, *_place(error))):
            REPORTS_LOST.inc()
            return
        report: Event = {
            "level": "fatal" if event["level"] == "critical" else "error",
            "logger": where,
            "logentry": {"formatted": message},
            "extra": {
                key: HIDDEN if key in HIDDEN_KEYS else redacted(str(value))
                for key, value in event.items()
                if key not in _KNOWN and not key.startswith("_")
            },
        }
        if call_sid := event.get("call_sid"):
            report["tags"] = {"trace": trace_id(str(call_sid)).hex()}
        if error is not None:
            report["exception"] = {"values": [_exception(one) for one in reversed(list(chain(error)))]}
        self._client.capture_event(report)

    def _is_due(self, what: tuple[str, ...]) -> bool:
        """Each thing once a minute, and so many of them."""
        with self._lock:
            now = self._monotonic()
            if now >= self._minute_ends:
                self._minute_ends = now + 60
                self._told.clear()
            if what in self._told or len(self._told) >= A_MINUTE:
                return False
            self._told.add(what)
            return True


def _error_of(exc_info: Any) -> BaseException | None:
    """What logging was given as exc_info: True, an exception, or the three."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        found: BaseException | None = exc_info[1]
        return found
    return sys.exc_info()[1] if exc_info else None


def _place(error: BaseException | None) -> tuple[str, ...]:
    """What was raised, and where: the same for each call that stumbles there."""
    if error is None:
        return ()
    steps = traceback.extract_tb(error.__traceback__)
    return (type(error).__qualname__, *(f"{steps[-1].filename}:{steps[-1].lineno}" for _ in steps[-1:]))


def _exception(error: BaseException) -> dict[str, Any]:
    steps = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "value": redacted(told(error).partition(": ")[2]),
        "stacktrace": {
            "frames": [
                {
                    "filename": step.filename.rpartition("/site-packages/")[2],
                    "function": step.name,
                    "lineno": step.lineno,
                    "context_line": step.line,
                    "in_app": "/site-packages/" not in step.filename and any(one in step.filename for one in _OURS),
                }
                for step in steps
            ]
        },
    }
