"""Somebody at the pages over real HTTP: cookies as a browser keeps them, redirects seen, forms with their token."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import Cookie, CookieJar
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    text: str
    headers: Message

    @property
    def leads_to(self) -> str:
        return self.headers.get("Location", "")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class HttpPerson:
    """One browser at one server."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.url = url
        self.cookies = CookieJar()
        self._language = language
        self._opener = urllib.request.build_opener(_Stay(), urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Page:
        return self._ask(urllib.request.Request(self.url + path))

    def post(
        self, path: str, *, form_at: str = "/admin/login", headers: Mapping[str, str] | None = None, **fields: str
    ) -> Page:
        """Send a form with the token of the page `form_at`."""
        page = self.get(form_at)
        while page.status == 302:
            page = self.get(page.leads_to)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None, f"{form_at}: {page.status}"
        form = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        return self._ask(urllib.request.Request(self.url + path, data=form, headers=dict(headers or {})))

    def log_in(self, email: str, password: str) -> Page:
        return self.post("/admin/login", email=email, password=password)

    def cookie(self) -> Cookie:
        """The session's, as it could be copied."""
        return next(each for each in self.cookies if each.name == "assistant")

    def _ask(self, request: urllib.request.Request) -> Page:
        request.add_header("Accept-Language", self._language)
        try:
            with self._opener.open(request, timeout=15) as answer:
                return Page(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            return Page(error.code, error.read().decode(), error.headers)


def link_on(page: Page) -> str:
    """The path of the link that a page shows once."""
    found = re.search(r"data-link>https?://[^/]+(/[^<]+)<", page.text)
    assert found is not None, page.text[:3000]
    return found[1]
