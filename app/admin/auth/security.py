"""What protects the pages: content policy, forged requests, guessing of passwords, the session's cookie.

A limit counts first and answers then (S2), for all workers together (counters.py). While neither Redis nor the database
can be reached each worker counts by itself.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect

from app.admin.auth.counters import DATABASE_SCHEME, REDIS_SCHEME
from app.settings import Settings
from services.accounts.sessions import LONGEST
from services.db.database import Database

csrf = CSRFProtect()


def client_address() -> str:
    """The client's address. Production stands behind a proxy that ends TLS: its last entry is what it saw itself."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return (forwarded if _behind_proxy() else "") or request.remote_addr or "unknown"


def client_network() -> str:
    """Whom a limit counts: an IPv4 address, or the /64 of IPv6 that one subscriber has to himself."""
    try:
        address = ipaddress.ip_address(client_address().partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)


limiter = Limiter(client_network, headers_enabled=False, in_memory_fallback_enabled=True, key_prefix="assistant")


def protect(app: Flask, settings: Settings, database: Database) -> None:
    """Configure sessions, CSRF and limits; CSRF is checked by the pages' own guard, Twilio's webhooks carry none."""
    app.secret_key = settings.signing_key
    app.config.update(
        # "__Host-": a browser takes it over https and from this host only; no other host of the domain can set it.
        SESSION_COOKIE_NAME="__Host-assistant" if settings.production else "assistant",
        SECRET_KEY_FALLBACKS=settings.previous_keys[::-1],  # oldest first, as Flask wants them
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        # The server ends sessions (services/accounts/sessions.py); a cookie lives as long as the longest of them.
        PERMANENT_SESSION_LIFETIME=LONGEST,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a settings page stays open for hours
        **_counters(settings, database),
        ASSISTANT_BEHIND_PROXY=settings.production,
    )
    csrf.init_app(app)
    limiter.init_app(app)


def _counters(settings: Settings, database: Database) -> dict[str, Any]:
    """Flask-Limiter's own names for where it counts."""
    scheme = DATABASE_SCHEME
    options: dict[str, Any] = {"database": database}
    if settings.redis_url is not None:
        scheme = REDIS_SCHEME
        options["redis_url"] = settings.redis_url
    return {"RATELIMIT_STORAGE_URI": f"{scheme}://", "RATELIMIT_STORAGE_OPTIONS": options}


def add_headers(response: Response) -> Response:
    """Everything a page may load or do, and nothing else; pages with people's data are never cached."""
    response.headers.setdefault("Content-Security-Policy", _content_policy())
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
