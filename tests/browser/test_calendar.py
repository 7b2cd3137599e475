"""Appointments moved across people in a real browser: by mouse, by touch and by keyboard, in both directions (K7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.appointments.team import add_resource, add_service
from services.db.models import Appointment, BusinessSettings, LimitCount
from services.db.tenancy import bind_business
from services.policy.catalogue import Want
from services.tools_calendar import Wish, create_appointment_by_owner, move_appointment
from tests.app.admin.cast import CLINIC, NOW, OWNER, add_people, next_weekday
from tests.browser.chromium import SIZES, Tab, chromium
from tests.clinic import CLINIC_HOURS
from tests.serving import RunningServer, copy_database, running_app

DAY = next_weekday(9).date()
CALENDAR = f"/admin/b/{CLINIC}/calendar"
BOTH = pytest.mark.parametrize("language", ["he", "en"])


@dataclass(frozen=True)
class Team:
    levi: int
    haddad: int
    check: int
    roots: int


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(browser: Browser, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server for this file; the browser comes first, so that nothing is started where there is none."""
    directory = tmp_path_factory.mktemp("site")
    with running_app(directory, copy_database(seeded_template, directory)) as server:
        add_people(server.database)
        yield server


@pytest.fixture(scope="module")
def team(site: RunningServer) -> Team:
    """Two in the clinic: both give check-ups, one alone root canals."""

    def work(s: Session) -> Team:
        settings = bind_business(s, CLINIC).scalars(select(BusinessSettings)).one()
        settings.opening_hours_json, settings.observe_holidays = CLINIC_HOURS, False
        settings.sms_confirmation = settings.may_send_sms = True
        levi, haddad = add_resource(s, name="Dr Levi"), add_resource(s, name="Dr Haddad")
        check = add_service(s, name="Check-up", length_min=30, given_by=[levi.id, haddad.id])
        roots = add_service(s, name="Root canal", length_min=60, given_by=[haddad.id])
        return Team(levi.id, haddad.id, check.id, roots.id)

    return site.database.write(work)


@pytest.fixture(autouse=True)
def clean(site: RunningServer, team: Team) -> None:
    """Every test has an empty diary; how often one may log in is tested elsewhere (S2)."""

    def work(s: Session) -> None:
        bind_business(s, CLINIC).execute(delete(Appointment))
        s.execute(delete(LimitCount))

    site.database.write(work)


def book(site: RunningServer, who: int, service: int, hour: int, name: str = "Dana Levin") -> int:
    def work(s: Session) -> int:
        wish = Wish(datetime(DAY.year, DAY.month, DAY.day, hour), "+972501230077", name, want=Want(service, who))
        booked = create_appointment_by_owner(bind_business(s, CLINIC), wish, request_key=name, now=NOW).booking
        assert booked is not None
        return booked.id

    return site.database.write(work)


def where(site: RunningServer, appointment_id: int) -> tuple[int, str]:
    """With whom it is, and when."""

    def read(s: Session) -> tuple[int, str]:
        row = bind_business(s, CLINIC).get_one(Appointment, appointment_id)
        zone = s.scalars(select(BusinessSettings)).one().timezone
        return row.resource_id, f"{row.starts_at.astimezone(ZoneInfo(zone)):%H:%M}"

    return site.database.read(read)


@contextmanager
def visit(browser: Browser, site: RunningServer, language: str, size: str = "wide") -> Iterator[Tab]:
    context = browser.new_context(viewport=SIZES[size], has_touch=size == "narrow")  # type: ignore[arg-type]
    try:
        tab = Tab(context, site.url)
        tab.log_in(OWNER)
        tab.speak(language)
        yield tab
        assert not tab.complaints
    finally:
        context.close()


def grid(page: Page, who: int, day: date = DAY) -> Locator:
    return page.locator(f"[data-lane][data-person='{who}'][data-day='{day}'] [data-grid]")


def spot(page: Page, who: int, hour: float, day: date = DAY) -> tuple[float, float]:
    """Where that time of that person is on the screen, a little below its line."""
    box = grid(page, who, day).bounding_box()
    assert box is not None
    first = int(page.locator("[data-diary]").get_attribute("data-first-hour") or 0)
    rows = int(page.locator("[data-diary]").get_attribute("data-rows") or 0)
    return box["x"] + box["width"] / 2, box["y"] + (hour - first) * 12 * box["height"] / rows + 4


def drag(page: Page, block: Locator, to: tuple[float, float]) -> None:
    box = block.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(*to, steps=8)
    page.mouse.up()


@BOTH
def test_an_appointment_is_dragged_to_another_time_of_another_person(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    dana = book(site, team.levi, team.check, 10)
    with visit(browser, site, language) as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        drag(page, page.locator(f"[data-id='{dana}']"), spot(page, team.haddad, 11.5))
        ask = page.locator("dialog[open]")
        expect(ask.locator("[data-from]")).to_contain_text("10:00 · Dr Levi")
        expect(ask.locator("[data-to]")).to_contain_text("11:30 · Dr Haddad")
        expect(ask.locator("[name=tell][type=checkbox]")).to_be_checked()
        assert tab.serious_findings() == []
        ask.locator("button.primary").click()
        expect(page.locator(".flash.good")).to_be_visible()
        expect(grid(page, team.haddad).locator(f"[data-id='{dana}']")).to_contain_text("11:30")
    assert where(site, dana) == (team.haddad, "11:30")


@BOTH
def test_in_the_week_of_one_person_it_goes_to_another_day(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    dana = book(site, team.levi, team.check, 10)
    other = DAY + timedelta(days=-1 if DAY.weekday() == 3 else 1)  # Thursday's next day is short
    with visit(browser, site, language) as tab:
        page = tab.open(f"{CALENDAR}?week={DAY}&person={team.levi}")
        drag(page, page.locator(f"[data-id='{dana}']"), spot(page, team.levi, 12, other))
        expect(page.locator("dialog[open] [data-to]")).to_contain_text(f"{other:%d/%m} 12:00")
        page.locator("dialog[open] button.primary").click()
        expect(page.locator(".flash.good")).to_be_visible()
        expect(grid(page, team.levi, other).locator(f"[data-id='{dana}']")).to_contain_text("12:00")
    assert where(site, dana) == (team.levi, "12:00")


@BOTH
def test_the_keyboard_alone_moves_an_appointment(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    dana = book(site, team.levi, team.check, 10)
    with visit(browser, site, language) as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        page.locator(f"[data-id='{dana}']").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft" if language == "he" else "ArrowRight")
        expect(page.locator("[data-say]")).to_contain_text("11:00 · Dr Haddad")
        page.keyboard.press("Enter")
        expect(page.locator("dialog[open] [data-to]")).to_contain_text("11:00 · Dr Haddad")
        page.locator("dialog[open] button.primary").press("Enter")
        expect(page.locator(".flash.good")).to_be_visible()
    assert where(site, dana) == (team.haddad, "11:00")


@BOTH
def test_what_is_refused_is_said_in_words_and_springs_back(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    roots = book(site, team.haddad, team.roots, 12)
    words = "Root canal: לא אצל Dr Levi" if language == "he" else "Root canal is not done by Dr Levi"
    with visit(browser, site, language) as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        drag(page, page.locator(f"[data-id='{roots}']"), spot(page, team.levi, 13))
        page.locator("dialog[open] button.primary").click()
        expect(page.locator("[data-refused]")).to_contain_text(words)
        expect(page.locator(".ghost")).to_have_count(0)
        expect(grid(page, team.haddad).locator(f"[data-id='{roots}']")).not_to_have_class("dragged")
        assert tab.serious_findings() == []
    assert where(site, roots) == (team.haddad, "12:00")


def test_thinking_better_of_it_changes_nothing(browser: Browser, site: RunningServer, team: Team) -> None:
    dana = book(site, team.levi, team.check, 10)
    with visit(browser, site, "en") as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        drag(page, page.locator(f"[data-id='{dana}']"), spot(page, team.haddad, 11.5))
        page.locator("dialog[open] [data-back]").click()
        expect(page.locator(".ghost")).to_have_count(0)
        page.locator(f"[data-id='{dana}']").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        expect(page.locator(".ghost")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator(".ghost")).to_have_count(0)
        page.locator(f"[data-id='{dana}']").click()
        page.wait_for_url(f"**/appointments/{dana}")
    assert where(site, dana) == (team.levi, "10:00")


def test_what_changed_meanwhile_is_shown_and_not_overwritten(browser: Browser, site: RunningServer, team: Team) -> None:
    dana = book(site, team.levi, team.check, 10)
    at = datetime(DAY.year, DAY.month, DAY.day, 15)
    with visit(browser, site, "en") as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        site.database.write(
            lambda s: move_appointment(bind_business(s, CLINIC), appointment_id=dana, start=at, now=NOW)
        )
        drag(page, page.locator(f"[data-id='{dana}']"), spot(page, team.haddad, 11.5))
        page.locator("dialog[open] button.primary").click()
        expect(page.locator("[data-refused]")).to_contain_text("changed meanwhile")
        expect(page.locator(f"[data-id='{dana}']")).to_contain_text("15:00")
    assert where(site, dana) == (team.levi, "15:00")


@BOTH
def test_a_click_on_a_free_time_begins_an_appointment_there(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    with visit(browser, site, language) as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        page.mouse.click(*spot(page, team.haddad, 14.5))
        page.wait_for_url("**/appointments/new?**")
        expect(page.locator("input[name=slot]:checked")).to_have_value(f"{DAY}T14:30")
        expect(page.locator("#person")).to_have_value(str(team.haddad))
        expect(page.locator("#service_id option")).to_have_count(3)  # both of hers, and something else
        page.fill("#name", "Gil")
        page.fill("#phone", "0501230099")
        page.click("form[method=post] button.primary")
        expect(page.locator(".flash.good")).to_be_visible()
        expect(page.locator("dl.pairs")).to_contain_text("Dr Haddad")


@BOTH
def test_on_a_phone_one_person_is_seen_at_a_time_and_a_held_appointment_goes_to_the_next(
    browser: Browser, site: RunningServer, team: Team, language: str
) -> None:
    dana = book(site, team.levi, team.check, 10)
    with visit(browser, site, language, "narrow") as tab:
        page = tab.open(f"{CALENDAR}?day={DAY}")
        assert tab.overflow() <= 0
        expect(page.locator(f"[data-tab='{team.levi}']")).to_have_attribute("aria-current", "true")
        page.locator(f"[data-tab='{team.haddad}']").tap()
        expect(page.locator(f"[data-tab='{team.haddad}']")).to_have_attribute("aria-current", "true")
        page.locator(f"[data-tab='{team.levi}']").tap()
        expect(page.locator(f"[data-tab='{team.levi}']")).to_have_attribute("aria-current", "true")
        box = page.locator(f"[data-id='{dana}']").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + 6
        touch = page.context.new_cdp_session(page)

        def send(kind: str, *at: float) -> None:
            points = [{"x": at[0], "y": at[1]}] if at else []
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        send("touchStart", x, y)
        expect(page.locator(".ghost")).to_have_count(1)  # held for a moment
        edge = 12.0 if language == "he" else SIZES["narrow"]["width"] - 30.0
        send("touchMove", edge, y)
        expect(page.locator(f"[data-person='{team.haddad}'] .ghost")).to_have_count(1)
        send("touchMove", x, y)
        expect(page.locator(f"[data-person='{team.haddad}'] .ghost")).to_have_count(1)
        send("touchEnd")
        expect(page.locator("dialog[open] [data-to]")).to_contain_text("10:00 · Dr Haddad")
        assert tab.overflow() <= 0
        page.locator("dialog[open] button.primary").tap()
        expect(page.locator(".flash.good")).to_be_visible()
    assert where(site, dana) == (team.haddad, "10:00")


def test_a_week_on_a_phone_is_a_list_in_which_nothing_is_dragged(
    browser: Browser, site: RunningServer, team: Team
) -> None:
    dana = book(site, team.levi, team.check, 10)
    with visit(browser, site, "he", "narrow") as tab:
        page = tab.open(f"{CALENDAR}?week={DAY}")
        block = page.locator(f"[data-id='{dana}']")
        block.focus()
        page.keyboard.press("Space")
        expect(page.locator(".ghost")).to_have_count(0)
        assert (tab.overflow() <= 0, tab.serious_findings()) == (True, [])
        block.tap()
        page.wait_for_url(f"**/appointments/{dana}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_read_well_on_any_colour_of_a_service(
    browser: Browser, site: RunningServer, team: Team, scheme: str
) -> None:
    book(site, team.levi, team.check, 10)
    context = browser.new_context(viewport=SIZES["wide"], color_scheme=scheme)  # type: ignore[arg-type]
    tab = Tab(context, site.url)
    tab.log_in(OWNER)
    page = tab.open(f"{CALENDAR}?day={DAY}")
    for colour in ("#000000", "#ffffff", "#ffff00", "#ff0000", "#0000ff", "#808080"):
        page.locator(".appt").first.evaluate("(block, colour) => block.style.setProperty('--k', colour)", colour)
        assert [each for each in tab.serious_findings() if "contrast" in each] == [], colour
    context.close()
