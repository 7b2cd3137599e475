"""What is told to others of this worker: to a collector of traces, and to a server for errors, where they are set (O4).

Neither is imported, nor anything of them, unless it is set.
"""

from __future__ import annotations

import socket
from collections.abc import MutableMapping
from typing import Any, Protocol

from app.settings import Settings, SettingsError
from app.telemetry.build_info import BuildInfo
from app.telemetry.traces import Traces

_MISSING = "{what} needs packages of its own: pip install -r requirements-telemetry.txt (no module {name})"


class ErrorReporter(Protocol):
    """A structlog processor that tells of errors; app/telemetry/error_reports.py."""

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any], /) -> MutableMapping[str, Any]:
        """The line as it was."""

    def stop(self, timeout_s: float) -> None:
        """Send what is under way."""


def make_traces(settings: Settings, build: BuildInfo) -> Traces | None:
    """None where no collector is set. Raises SettingsError."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    try:
        from app.telemetry.otlp import Collector
    except ModuleNotFoundError as missing:
        raise SettingsError(_MISSING.format(what="OTEL_EXPORTER_OTLP_ENDPOINT", name=missing.name)) from None
    resource = {
        "service.name": settings.otel_service_name,
        "service.version": build.version,
        "service.instance.id": socket.gethostname(),
        "deployment.environment.name": settings.app_env,
        "vcs.ref.head.revision": build.commit,
    }
    return Traces(Collector(settings.otel_exporter_otlp_endpoint, settings.otlp_headers, resource).send)


def make_error_reports(settings: Settings, build: BuildInfo) -> ErrorReporter | None:
    """None where no server is set. Raises SettingsError."""
    if settings.sentry_dsn is None:
        return None
    try:
        from app.telemetry.error_reports import ErrorReports
    except ModuleNotFoundError as missing:
        raise SettingsError(_MISSING.format(what="SENTRY_DSN", name=missing.name)) from None
    release = f"{build.version}+{build.commit[:12]}"
    return ErrorReports(settings.sentry_dsn.get_secret_value(), release, settings.app_env)
