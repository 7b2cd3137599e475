"""The calendars of others, as the settings say how they are reached (K5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.public_url import PublicUrl
from app.settings import Settings
from services.calendar_sync.clients.google_oauth import GoogleOauth, OauthAddresses
from services.calendar_sync.remotes import DEADLINE_S, GOOGLE_API, Remotes
from services.outbox.bounded_http import BoundedHttp


def make_remotes(settings: Settings, now: Callable[[], datetime]) -> Remotes:
    """In production no calendar is looked for at a private address."""
    http = BoundedHttp(deadline_s=DEADLINE_S, allow_private=not settings.production)
    base = settings.google_calendar_url
    public = settings.public_base_url or ""
    return Remotes(
        http,
        now,
        oauth=_oauth(settings, http, now),
        google_api=f"{base}/calendar/v3" if base else GOOGLE_API,
        push=PublicUrl(public).calendar_push if public.startswith("https://") else "",
        key=settings.signing_key,
    )


def _oauth(settings: Settings, http: BoundedHttp, now: Callable[[], datetime]) -> GoogleOauth | None:
    if settings.google_calendar_client_id is None or settings.google_calendar_client_secret is None:
        return None
    base = settings.google_calendar_url
    addresses = OauthAddresses(f"{base}/o/oauth2/v2/auth", f"{base}/token", f"{base}/revoke") if base else None
    secret = settings.google_calendar_client_secret.get_secret_value()
    return GoogleOauth(http, settings.google_calendar_client_id, secret, now, addresses)
