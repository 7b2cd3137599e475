"""A sample of a voice in a real browser, from the real app with both engines behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sandbox.google.running import running_google
from tests.app.admin.cast import CLINIC, OWNER, add_people
from tests.browser.chromium import SIZES, Tab, chromium
from tests.serving import RunningServer, copy_database, running_app

PAGE = f"/admin/b/{CLINIC}/settings/voice"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--autoplay-policy=no-user-gesture-required") as started:
        yield started


@pytest.fixture(scope="module")
def site(browser: Browser, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("site")
    with running_google() as google:
        engines = {
            "OPENAI_BASE_URL": google.base_url,
            "GOOGLE_SPEECH_ENDPOINT": google.speech_endpoint,
            "GOOGLE_TTS_ENDPOINT": google.tts_endpoint,
        }
        with running_app(directory, copy_database(seeded_template, directory), ENGINE="sandbox", **engines) as server:
            add_people(server.database)
            yield server


@pytest.mark.parametrize(("language", "size"), [("he", "narrow"), ("en", "wide")])
def test_an_owner_hears_the_chosen_voice_before_saving_it(
    browser: Browser, site: RunningServer, language: str, size: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport=SIZES[size])  # type: ignore[arg-type]
    tab = Tab(context, site.url)
    tab.log_in(OWNER)
    tab.speak(language)
    page = tab.open(PAGE)
    page.get_by_role("radio", name="Google").check()
    page.locator("[name=cascade_voice]").fill("he-IL-Wavenet-B")
    page.locator("[data-sample]").click()
    expect(page.locator("body[data-sample-seconds]")).to_be_visible()
    assert float(page.locator("body").get_attribute("data-sample-seconds") or 0) > 0.5
    if shots := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{shots}/voice-{language}-{size}.png", full_page=True)
    page.locator("[name=cascade_voice]").fill("he-IL-Wavenet-Q")
    with page.expect_response("**/sample") as refused:
        page.locator("[data-sample]").click()
    assert refused.value.status == 502
    expect(page.locator("[data-sample-note]")).not_to_be_empty()
    assert tab.overflow() <= 0
    assert tab.serious_findings() == []
    tab.complaints = [each for each in tab.complaints if "502" not in each]
    assert not tab.complaints
    context.close()
