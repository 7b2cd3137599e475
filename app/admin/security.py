"""What protects the pages: content policy, forged requests, guessing of passwords, the session's cookie.

Limits on log-in are counted for all workers together, in Redis when REDIS_URL is set, else in the database. While
neither can be reached each worker counts by itself.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect

from app.admin.limit_storage import SCHEME
from app.settings import Settings
from services.database import Database

SESSION_LIFE = timedelta(days=14)
# A long Hebrew prompt takes six characters a letter in a form.
MAX_FORM_BYTES = 512 * 1024

csrf = CSRFProtect()


def client_address() -> str:
    """The client's address. Production stands behind a proxy that ends TLS: its last entry is what it saw itself."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return (forwarded if _behind_proxy() else "") or request.remote_addr or "unknown"


limiter = Limiter(client_address, headers_enabled=False, in_memory_fallback_enabled=True, key_prefix="assistant")


def protect(app: Flask, settings: Settings, database: Database) -> None:
    """Configure sessions, CSRF and limits; CSRF is checked by the pages' own guard, Twilio's webhooks carry none."""
    app.secret_key = settings.signing_key
    app.config.update(
        SESSION_COOKIE_NAME="assistant",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a settings page stays open for hours
        RATELIMIT_STORAGE_URI=settings.redis_url or f"{SCHEME}://",
        RATELIMIT_STORAGE_OPTIONS={} if settings.redis_url else {"database": database},
        ASSISTANT_BEHIND_PROXY=settings.production,
    )
    csrf.init_app(app)
    limiter.init_app(app)


def add_headers(response: Response) -> Response:
    """Everything a page may load or do, and nothing else; pages with people's data are never cached."""
    response.headers.setdefault("Content-Security-Policy", _content_policy())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _content_policy() -> str:
    # Some browsers do not count a websocket of the same host as 'self'.
    sockets = f"wss://{request.host}" if request.is_secure or _behind_proxy() else f"ws://{request.host}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "worker-src 'self'",
            f"connect-src 'self' {sockets}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _behind_proxy() -> bool:
    return bool(current_app.config["ASSISTANT_BEHIND_PROXY"])
