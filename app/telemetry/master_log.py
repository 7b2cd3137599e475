"""How gunicorn's own lines look: like ours. Standard library only: it is imported before gevent patches anything."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from app.telemetry.secret_paths import hide_secret_paths


class MasterFormatter(logging.Formatter):
    """`log_format` is LOG_FORMAT: text or json."""

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self._as_json = log_format == "json"

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        message = hide_secret_paths(super().format(record))
        if self._as_json:
            fields = {"event": message, "logger": record.name, "level": record.levelname.lower(), "timestamp": stamp}
            return json.dumps(fields, ensure_ascii=False)
        return f"{stamp} {record.levelname:<7} {message}"
