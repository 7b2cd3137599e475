"""The system's Chromium for tests, and the few things every test of a page does with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.app.admin.cast import PASSWORD

WIDE, NARROW = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
SIZES = {"wide": WIDE, "narrow": NARROW}
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """The browser's path. Skips, in CI fails, when there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no {', '.join(_NAMES)} on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser; `more` are its switches."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """One page of a logged-in browser that remembers what its console complained about."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.url = url
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        # A refused form is answered with 4xx on purpose; the browser notes every one of them.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def log_in(self, email: str) -> None:
        self.open("/admin/login")
        self.page.fill("#email", email)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_url("**/admin/b/**")

    def speak(self, language: str) -> None:
        """Change the language of the pages by its button."""
        if self.page.get_attribute("html", "lang") != language:
            with self.page.expect_navigation():
                self.page.evaluate("document.querySelector('button[name=language]').click()")
        assert self.page.get_attribute("html", "lang") == language

    def overflow(self) -> int:
        """Pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def serious_findings(self) -> list[str]:
        """What axe finds that keeps people out: serious and critical."""
        self.page.evaluate(_axe())
        result: dict[str, Any] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in result["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


@cache
def _axe() -> str:
    return (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
