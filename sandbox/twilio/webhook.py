"""Twilio's HTTP requests to the server: form fields, signature, and the rules for what the answer means.

The signature is made for the *public* URL while the connection goes to the local port, as behind a TLS proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from sandbox.twilio.result import Webhook

HTTP_TIMEOUT_S = 15.0  # the whole answer, connecting included (11205)
MAX_HTTP_REDIRECTS = 10  # 11215


class WebhookFailed(Exception):
    """No usable answer: 11200 (HTTP status), 11205 (connection), 11215 (redirects), 12300 (content type)."""


class PublicWeb:
    """Maps public URLs to the local server and signs for the public ones."""

    def __init__(self, webhook_base: str, public_base: str | None, auth_token: str) -> None:
        self.local = urlsplit(webhook_base)
        self.public = urlsplit(public_base or webhook_base)
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._forger = RequestValidator("not-the-token")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to, whatever the URL says."""
        return self.local.hostname or "127.0.0.1", self.local.port or (443 if self.local.scheme == "https" else 80)

    def url(self, path: str) -> str:
        """The public URL of a path of ours, or of a link in a document we were given."""
        return urljoin(urlunsplit((self.public.scheme, self.public.netloc, "/", "", "")), path)

    def is_ours(self, url: str) -> bool:
        return urlsplit(url).netloc == self.public.netloc

    def local_url(self, url: str) -> str:
        parts = urlsplit(url)
        return urlunsplit((self.local.scheme, self.local.netloc, parts.path, parts.query, ""))

    def headers(self, url: str, params: dict[str, str], signature: str) -> dict[str, str]:
        """Headers of a request for this public URL; signature: "good", "forged" or "missing"."""
        headers = {"Host": urlsplit(url).netloc, "User-Agent": "TwilioProxy/1.1"}
        if self.public.scheme != self.local.scheme:
            headers["X-Forwarded-Proto"] = self.public.scheme
        if signature == "forged":
            headers["X-Twilio-Signature"] = self._forger.compute_signature(url, params)
        elif signature == "good" and self._validator is not None:
            headers["X-Twilio-Signature"] = self._validator.compute_signature(url, params)
        return headers

    def socket_headers(self, url: str, signature: str) -> dict[str, str]:
        """Headers of the websocket upgrade: signed over the wss URL with no parameters."""
        headers = self.headers(url, {}, signature)
        del headers["Host"]  # the websocket client takes it from the URL
        return headers


class TwilioHttp:
    """Makes the requests and keeps a record of each."""

    def __init__(
        self,
        web: PublicWeb,
        session: aiohttp.ClientSession,
        records: list[Webhook],
        now_s: Callable[[], float],
        signature: str,
    ) -> None:
        self._web = web
        self._session = session
        self._records = records
        self._now_s = now_s
        self._signature = signature

    async def request(self, method: str, url: str, form: dict[str, str]) -> Webhook:
        """One request, recorded. status 0 when nobody answered; never raises."""
        started_s = self._now_s()
        signed_url = url if method == "POST" else _with_query(url, form)
        params = form if method == "POST" else {}
        status, body, content_type = 0, "", ""
        try:
            async with self._session.request(
                method,
                URL(self._web.local_url(signed_url), encoded=True),
                data=params or None,
                headers=self._web.headers(signed_url, params, self._signature),
                timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S),
                max_redirects=MAX_HTTP_REDIRECTS,
            ) as response:
                status, content_type = response.status, response.content_type
                body = await response.text()
        except (TimeoutError, aiohttp.ClientError, UnicodeDecodeError) as error:
            body = f"{type(error).__name__}: {error}"
        record = Webhook(started_s, signed_url, form, status, body, (self._now_s() - started_s) * 1000, content_type)
        self._records.append(record)
        return record

    async def twiml(self, method: str, url: str, form: dict[str, str]) -> str:
        """The text of the TwiML document at this URL. Raises WebhookFailed."""
        answer = await self.request(method, url, form)
        if answer.status == 0:
            raise WebhookFailed(f"11205: {url}: {answer.body}")
        if not 200 <= answer.status < 300:
            raise WebhookFailed(f"11200: {url} answered {answer.status}")
        if answer.content_type in {"text/xml", "application/xml", "text/html"}:
            return answer.body
        if answer.content_type == "text/plain":
            return answer.body if answer.body.lstrip().startswith("<") else _read_aloud(answer.body)
        raise WebhookFailed(f"12300: {url} answered content type {answer.content_type!r}")

    async def sound(self, url: str) -> bytes:
        """What <Play> plays. Raises WebhookFailed."""
        try:
            async with self._session.get(
                URL(self._web.local_url(url), encoded=True),
                headers=self._web.headers(url, {}, self._signature),
                timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S),
            ) as response:
                if response.status != 200:
                    raise WebhookFailed(f"11200: {url} answered {response.status}")
                return await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise WebhookFailed(f"11205: {url}: {error}") from error


def _with_query(url: str, form: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(form)}" if form else url


def _read_aloud(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<Response><Say>{escaped}</Say></Response>"
