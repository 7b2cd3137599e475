"""An owner's day in a real browser, in both languages and at both widths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.db.models import Call, LimitCount
from services.db.tenancy import bind_business
from tests.app.admin.cast import ADMIN, CLINIC, OFFICE, OTHER, OWNER, Rows, add_people, add_rows, next_weekday
from tests.browser.chromium import SIZES, Tab, chromium
from tests.serving import RunningServer, copy_database, running_app

HOME = f"/admin/b/{CLINIC}"
BOTH = pytest.mark.parametrize(
    ("language", "size"), [("he", "wide"), ("en", "narrow"), ("he", "narrow"), ("en", "wide")]
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(browser: Browser, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server for this file; the browser comes first, so that nothing is started where there is none."""
    directory = tmp_path_factory.mktemp("site")
    with running_app(directory, copy_database(seeded_template, directory)) as server:
        people = add_people(server.database)
        add_rows(server.database, CLINIC, people[OWNER], text="נועה לוי שואלת על שיננית")
        add_rows(server.database, OFFICE, people[OTHER])
        yield server


@pytest.fixture(autouse=True)
def forgotten_tries(site: RunningServer) -> None:
    """All of these log in from one address within minutes; how often one may is tested elsewhere (S2)."""
    site.database.write(lambda session: session.execute(delete(LimitCount)))


@pytest.fixture
def rows(site: RunningServer) -> Rows:
    """Ids of the clinic's rows: the first of each kind."""
    ids = dict.fromkeys(("call_id", "appointment_id", "customer_id", "lead_id", "number_id", "user_id"), 1)
    return Rows(**ids, message_id=1, erasure_id=1)


@contextmanager
def visit(
    browser: Browser, site: RunningServer, language: str, size: str, *, dark: bool = False, email: str = OWNER
) -> Iterator[Tab]:
    """A logged-in tab in a window of this size."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    try:
        tab = Tab(context, site.url)
        tab.log_in(email)
        tab.speak(language)
        yield tab
        assert not tab.complaints
    finally:
        context.close()


def every_page(rows: Rows) -> list[str]:
    """The pages of a business, as addresses after its own."""
    return [
        "/", "/live", "/calls", f"/calls/{rows.call_id}", "/calendar", "/appointments", "/appointments/new",
        f"/appointments/{rows.appointment_id}", "/customers", f"/customers/{rows.customer_id}", "/leads", "/prompt",
        "/prompt/diff", "/prompt/versions/1", "/settings", "/settings/hours", "/settings/voice", "/settings/line",
        "/settings/abilities", "/settings/hand-over", "/settings/privacy", "/settings/reminders", "/texts", "/busy",
        f"/why?day={next_weekday(9):%Y-%m-%d}&time=03:00", "/setup",
        "/numbers", "/users", "/trail", "/phone", "/personal-data", "/personal-data/person",
        f"/personal-data/receipts/{rows.erasure_id}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "size", "dark"), [("he", "wide", False), ("en", "narrow", True), ("he", "narrow", False)]
)
def test_every_page_is_open_to_everybody_and_fits(
    browser: Browser, site: RunningServer, rows: Rows, language: str, size: str, dark: bool
) -> None:
    with visit(browser, site, language, size, dark=dark) as tab:
        wrong = []
        for path in every_page(rows):
            tab.open(HOME + path)
            wrong += [f"{path}: {finding}" for finding in tab.serious_findings()]
            if tab.overflow() > 0:
                wrong.append(f"{path}: wider than the window by {tab.overflow()} px")
        assert not wrong
        assert tab.page.get_attribute("html", "dir") == ("rtl" if language == "he" else "ltr")


def test_the_door_is_open_to_everybody(browser: Browser, site: RunningServer) -> None:
    for size, scheme in (("wide", "light"), ("narrow", "dark")):
        context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
        tab = Tab(context, site.url)
        for path, status in (("login", 200), ("forgot", 200), ("invitation/over", 410)):
            answer = tab.page.goto(f"{site.url}/admin/{path}")
            assert answer is not None
            assert answer.status == status
            assert tab.overflow() <= 0
            assert tab.serious_findings() == []
        context.close()


@pytest.mark.parametrize(("language", "size", "dark"), [("he", "narrow", True), ("en", "wide", False)])
def test_pages_of_the_account_and_the_installation_are_open_to_everybody_and_fit(
    browser: Browser, site: RunningServer, language: str, size: str, dark: bool
) -> None:
    with visit(browser, site, language, size, dark=dark, email=ADMIN) as tab:
        wrong = []
        for path in ("/account", "/account/security", "/people", "/trail", "/businesses"):
            tab.open(f"/admin{path}")
            wrong += [f"{path}: {finding}" for finding in tab.serious_findings()]
            if tab.overflow() > 0:
                wrong.append(f"{path}: wider than the window by {tab.overflow()} px")
        assert not wrong


@pytest.mark.parametrize(("language", "size"), [("he", "narrow"), ("en", "wide")])
def test_somebody_is_invited_joins_and_sets_up_a_second_factor(
    browser: Browser, site: RunningServer, language: str, size: str
) -> None:
    """(S4)"""
    email, password = f"nina.{size}@new.test", "seven quiet green boats"
    with visit(browser, site, language, size) as tab:
        page = tab.open(f"{HOME}/users")
        page.fill("#email", email)
        page.select_option("form[action$='/users'] select[name=role]", "viewer")
        page.click("form[action$='/users'] button.primary")
        link = urlsplit(page.inner_text("[data-link]")).path
    context = browser.new_context(viewport=SIZES[size], locale={"he": "he-IL", "en": "en-US"}[language])  # type: ignore[arg-type]
    tab = Tab(context, site.url)
    page = tab.open(link)
    assert (page.get_attribute("html", "lang"), tab.serious_findings()) == (language, [])
    page.fill("#new", "aaaaaaaaaa")
    page.click("button.primary")
    expect(page.locator("#new-error")).to_be_visible()
    page.fill("#new", password)
    page.click("button.primary")
    page.wait_for_url("**/admin/b/**")
    tab.open("/admin/account/security")
    page.fill("#begin-current", password)
    page.click("form[action$='/second-factor'] button")
    expect(page.locator("img.qr")).to_be_visible()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    assert (tab.overflow() <= 0, tab.serious_findings()) == (True, [])
    secret = page.inner_text("[data-secret]").replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=-1))
    page.click("button.primary")
    expect(page.locator(".codes li")).to_have_count(10)
    assert (tab.overflow() <= 0, tab.serious_findings()) == (True, [])
    page.click("a.primary")
    tab.open("/admin/account")
    page.evaluate("document.querySelector('form[action$=\"/logout\"]').requestSubmit()")
    page.wait_for_url("**/admin/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button.primary")
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("button.primary")
    page.wait_for_url("**/admin/b/**")
    assert not tab.complaints
    context.close()


@BOTH
def test_a_prompt_is_edited_compared_and_restored(
    browser: Browser, site: RunningServer, language: str, size: str
) -> None:
    words = {"he": ("לשחזר את גרסה", "שמירה כגרסה חדשה"), "en": ("Restore version", "Save as a new version")}[language]
    with visit(browser, site, language, size) as tab:
        page = tab.open(f"{HOME}/prompt")
        original = page.input_value("#text")
        in_use = int(page.locator(".versions li").first.locator("bdi").first.inner_text())
        page.fill("#text", original.replace("חיוך בריא", "חיוך רחב"))
        expect(page.locator("[data-layers] .business pre")).to_contain_text("חיוך רחב")
        page.fill("#note", "a wider smile")
        page.click(f"button:has-text('{words[1]}')")
        expect(page.locator(".versions li").first).to_contain_text("a wider smile")
        page.locator(".versions li").first.locator("a.small").click()
        expect(page.locator(".diff del").first).to_have_text("בריא")
        expect(page.locator(".diff ins").first).to_have_text("רחב")
        page.click(f"button:has-text('{words[0]}')")
        page.wait_for_url("**/prompt")
        assert page.input_value("#text") == original
        assert int(page.locator(".versions li").first.locator("bdi").first.inner_text()) == in_use + 2


@BOTH
def test_changed_hours_are_what_a_slot_is_refused_by(
    browser: Browser, site: RunningServer, language: str, size: str
) -> None:
    day = next_weekday(9)
    key = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
    close = {"wide": "12:00", "narrow": "11:30"}[size]
    with visit(browser, site, language, size) as tab:
        page = tab.open(f"{HOME}/settings/hours")
        line = page.locator(f"[data-day={key}]")
        line.locator(f"[name={key}-close]").first.fill(close)
        line.locator("[data-add]").click()
        line.locator(f"[name={key}-open]").last.fill("16")
        line.locator(f"[name={key}-close]").last.fill("1730")
        page.click("form.stack button.primary")
        expect(page.locator(".flash.good")).to_be_visible()
        tab.open(f"{HOME}/why?day={day:%Y-%m-%d}&time=13:00")
        reason = page.locator(".verdict")
        expect(reason).to_contain_text("13:00 מחוץ לשעות" if language == "he" else "13:00 is outside the opening hours")
        expect(reason).to_contain_text(f"{close}")
        expect(reason).to_contain_text("16:00–17:30")
        # Put back what the other tests expect.
        tab.open(f"{HOME}/settings/hours")
        page.locator(f"[data-day={key}] [data-remove]").last.click()
        page.locator(f"[data-day={key}] [name={key}-close]").first.fill("17:00")
        page.click("form.stack button.primary")
        expect(page.locator(".flash.good")).to_be_visible()


@BOTH
def test_an_appointment_is_moved_in_the_calendar(
    browser: Browser, site: RunningServer, rows: Rows, language: str, size: str
) -> None:
    target = {("he", "wide"): "10:00", ("en", "wide"): "10:30", ("he", "narrow"): "11:00", ("en", "narrow"): "11:30"}
    time = target[language, size]
    with visit(browser, site, language, size) as tab:
        page = tab.open(f"{HOME}/calendar?week={next_weekday(9):%Y-%m-%d}")
        page.click(f"a.appt[href$='/appointments/{rows.appointment_id}']")
        page.locator(f".chip:has-text('{time}')").click()
        page.click("form[action$='/move'] button.primary")
        expect(page.locator(".flash.good")).to_be_visible()
        expect(page.locator("h1")).to_contain_text(time)
        tab.open(f"{HOME}/appointments/{rows.appointment_id}?day={next_weekday(9):%Y-%m-%d}")
        page.click("details.more summary")
        page.fill("#time", "3")
        page.click("form[action$='/move'] button.primary")
        expect(page.locator(".flash.bad")).to_contain_text("03:00")
        tab.open(f"{HOME}/calendar?week={next_weekday(9):%Y-%m-%d}")
        expect(page.locator(f"a.appt[href$='/appointments/{rows.appointment_id}']")).to_contain_text(time)


def test_the_menu_opens_on_a_phone_and_closes_by_keyboard(browser: Browser, site: RunningServer) -> None:
    with visit(browser, site, "he", "narrow") as tab:
        page = tab.open(f"{HOME}/")
        expect(page.locator("#menu")).to_be_hidden()
        page.click("[data-menu]")
        expect(page.locator("#menu")).to_be_visible()
        assert tab.serious_findings() == []
        page.keyboard.press("Escape")
        expect(page.locator("#menu")).to_be_hidden()


def test_the_pages_can_be_walked_with_the_keyboard_alone(browser: Browser, site: RunningServer) -> None:
    with visit(browser, site, "en", "wide") as tab:
        page = tab.open(f"{HOME}/calls")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_text_of_a_caller_runs_nothing(browser: Browser, site: RunningServer) -> None:
    evil = "<img src=x onerror=window.caught=1><script>window.caught=1</script>"
    rows = add_rows(site.database, OFFICE, 1, text=evil, phone="+972509990001", hour=12)
    with visit(browser, site, "en", "wide", email=OTHER) as tab:
        for path in (f"/calls/{rows.call_id}", "/calls", "/customers", "/leads", f"/customers/{rows.customer_id}"):
            page = tab.open(f"/admin/b/{OFFICE}{path}")
            expect(page.locator("body")).to_contain_text("onerror")
            assert page.evaluate("window.caught") is None


@pytest.mark.parametrize(("language", "size"), [("he", "narrow"), ("en", "wide")])
def test_a_person_is_looked_up_exported_and_erased(
    browser: Browser, site: RunningServer, language: str, size: str
) -> None:
    phone = "+972509990001" if language == "he" else "+972509990002"
    rows = add_rows(site.database, CLINIC, 1, text=f"נועה {language}", phone=phone, hour=13 if language == "he" else 15)

    def end(session: Session) -> None:
        bind_business(session, CLINIC).get_one(Call, rows.call_id).wrapped_up_at = datetime.now(UTC)

    site.database.write(end)
    with visit(browser, site, language, size) as tab:
        page = tab.open(f"{HOME}/personal-data/person")
        page.fill("#phone", f"0{phone.removeprefix('+972')}")
        page.click("form.filters button.primary")
        expect(page.locator("dl.pairs")).to_be_visible()
        assert phone[4:] not in page.url
        assert tab.serious_findings() == []
        assert tab.overflow() <= 0
        with page.expect_download() as download:
            page.click("form[action$='/export'] button")
        assert download.value.suggested_filename == "person.zip"
        page.check("input[value=cancel]")
        page.check("#sure")
        page.click("button.danger")
        expect(page.locator(".flash.good")).to_be_visible()
        assert "/receipts/" in page.url
        assert "נועה" not in page.locator("main").inner_text()
