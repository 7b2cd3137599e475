"""Google's consent page and token endpoint: codes with PKCE, refresh tokens, access tokens that end."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from urllib.parse import urlencode

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
# A grant that is there from the beginning, for the demo.
DEMO_REFRESH_TOKEN = "sandbox-demo-refresh-token"
_LIFE_S = 3600


@dataclass(slots=True)
class _Code:
    challenge: str
    redirect_uri: str
    scope: str


@dataclass(slots=True)
class GoogleOauthServer:
    """told_life_s: what is said of an access token's life; they are good until `end_access_tokens`."""

    told_life_s: int = _LIFE_S
    refresh_tokens: set[str] = field(default_factory=lambda: {DEMO_REFRESH_TOKEN})
    access_tokens: set[str] = field(default_factory=set)
    withheld_scope: str = ""  # what the person does not tick on the consent page
    _codes: dict[str, _Code] = field(default_factory=dict)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/o/oauth2/v2/auth", self._consent)
        app.router.add_get("/o/oauth2/v2/decision", self._decision)
        app.router.add_post("/token", self._token)
        app.router.add_post("/revoke", self._revoke)

    def is_authorised(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.access_tokens

    def end_access_tokens(self) -> None:
        """Earlier than was told, as when clocks differ."""
        self.access_tokens.clear()

    def withdraw(self) -> None:
        """The person has taken back every grant."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    async def _consent(self, request: web.Request) -> web.Response:
        asked = request.query
        wrong = asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code"
        if wrong or asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return web.Response(status=400, text="invalid_request")
        links = "".join(
            f'<p><a id="{choice}" href="/o/oauth2/v2/decision?{escape(urlencode({**asked, "choice": choice}))}">'
            f"{choice.capitalize()}</a></p>"
            for choice in ("allow", "deny")
        )
        scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.get("scope", "").split())
        page = f"<!doctype html><title>Sandbox account</title><h1>Allow the assistant?</h1><ul>{scopes}</ul>{links}"
        return web.Response(text=page, content_type="text/html")

    async def _decision(self, request: web.Request) -> web.Response:
        asked = request.query
        said = {"state": asked.get("state", "")}
        if asked.get("choice") == "allow":
            code = secrets.token_urlsafe(16)
            scope = " ".join(one for one in asked.get("scope", "").split() if one != self.withheld_scope)
            self._codes[code] = _Code(asked["code_challenge"], asked["redirect_uri"], scope)
            said["code"] = code
        else:
            said["error"] = "access_denied"
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(said)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh_tokens:
                return web.json_response({"error": "invalid_grant"}, status=400)
            return web.json_response(self._access())
        code = self._codes.pop(str(form.get("code")), None)
        if code is None or code.redirect_uri != form.get("redirect_uri") or not _fits(code, str(form["code_verifier"])):
            return web.json_response({"error": "invalid_grant"}, status=400)
        refresh = secrets.token_urlsafe(16)
        self.refresh_tokens.add(refresh)
        return web.json_response({**self._access(), "refresh_token": refresh, "scope": code.scope})

    def _access(self) -> dict[str, object]:
        token = secrets.token_urlsafe(16)
        self.access_tokens.add(token)
        return {"access_token": token, "expires_in": self.told_life_s, "token_type": "Bearer"}

    async def _revoke(self, request: web.Request) -> web.Response:
        token = str((await request.post()).get("token"))
        self.refresh_tokens.discard(token)
        self.access_tokens.discard(token)
        return web.json_response({})


def _fits(code: _Code, verifier: str) -> bool:
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(challenge, code.challenge)
