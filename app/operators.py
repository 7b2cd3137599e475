"""Who may look at what shows the installation's inside: /metrics, the preview of TwiML."""

from __future__ import annotations

import hmac

from flask import request
from flask_login import current_user

from app.context import worker


def may_look_inside() -> bool:
    """Everybody in development; in production whoever has METRICS_TOKEN, or a log-in as administrator."""
    settings = worker().settings
    if not settings.production:
        return True
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    token = settings.metrics_token
    if token is not None and kind.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
    return bool(current_user.is_authenticated and current_user.is_admin)
