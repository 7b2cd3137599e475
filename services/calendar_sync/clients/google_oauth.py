"""Google's token endpoint: a code for tokens, a refresh token for another access token, and the end of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from services.calendar_sync.clients.answers import reached, retry_after
from services.calendar_sync.clients.google_http import read_json
from services.calendar_sync.core.failures import BadRequest, CalendarAway, GrantLost
from services.calendar_sync.core.google_events import error_reason
from services.calendar_sync.core.pkce import SCOPES
from services.outbox.bounded_http import BoundedHttp, HttpAnswer

_MAX_BYTES = 64_000
# Renewed before it ends: clocks differ, and a request takes its time.
_EARLIER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class OauthAddresses:
    """Google's, or a sandbox's."""

    consent: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"
    revoke: str = "https://oauth2.googleapis.com/revoke"


@dataclass(frozen=True, slots=True)
class Tokens:
    """refresh: "" where Google sent none with this answer."""

    access: str
    refresh: str
    expires_at: datetime

    def are_good(self, now: datetime) -> bool:
        return bool(self.access) and now < self.expires_at - _EARLIER


class GoogleOauth:
    """Our own client at Google: what every grant of this installation is asked with."""

    def __init__(
        self,
        http: BoundedHttp,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime],
        addresses: OauthAddresses | None = None,
    ) -> None:
        self._http = http
        self._secret = client_secret
        self._now = now
        self.client_id = client_id
        self.addresses = addresses or OauthAddresses()

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """What the owner's consent is worth. Raises CalendarFailure; BadRequest when it is not all that was asked."""
        found = self._ask(grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri)
        allowed = set(str(found.get("scope", "")).split())
        if not allowed.issuperset(SCOPES) or not found.get("refresh_token"):
            raise BadRequest("not everything was allowed")
        return self._tokens(found)

    def refresh(self, refresh_token: str) -> Tokens:
        """Another access token. Raises GrantLost when the grant has ended, CalendarAway."""
        return self._tokens(self._ask(grant_type="refresh_token", refresh_token=refresh_token))

    def revoke(self, token: str) -> None:
        """End the grant. One that has ended is fine. Raises CalendarAway."""
        self._post(self.addresses.revoke, {"token": token})

    def _ask(self, **fields: str) -> dict[str, Any]:
        form = {"client_id": self.client_id, "client_secret": self._secret, **fields}
        answer = self._post(self.addresses.token, form)
        found = read_json(answer)
        if answer.status == 200 and found.get("access_token"):
            return found
        reason = error_reason(found)
        if reason == "invalid_grant":  # anything else is our own client's doing, and no owner can mend it
            raise GrantLost(reason)
        raise CalendarAway(f"HTTP {answer.status} {reason}".rstrip(), retry_after(answer))

    def _post(self, address: str, form: dict[str, str]) -> HttpAnswer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "ai-call-assistant"}
        body = urlencode(form).encode()
        return reached(lambda: self._http.request("POST", address, headers=headers, body=body, keep_bytes=_MAX_BYTES))

    def _tokens(self, found: dict[str, Any]) -> Tokens:
        seconds = min(int(found.get("expires_in") or 0), 86_400)
        return Tokens(
            str(found["access_token"]), str(found.get("refresh_token", "")), self._now() + timedelta(seconds=seconds)
        )
