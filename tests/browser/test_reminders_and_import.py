"""Reminders, customers' messages, an import and the plots in a real browser, in both languages and at both widths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.team import add_service
from services.calls.events import add_call_event
from services.calls.kinds import CallEventKind
from services.db.models import (
    Appointment,
    BusinessSettings,
    Call,
    Channel,
    IncomingText,
    OutboxMessage,
    OutboxStatus,
    Resource,
    StoppedNumber,
    TextOutcome,
)
from services.db.tenancy import SessionRows, bind_business
from tests.app.admin.cast import CLINIC, NOW, OWNER, Rows, add_people, add_rows, next_weekday
from tests.browser.chromium import SIZES, Tab, chromium
from tests.serving import RunningServer, copy_database, running_app

HOME = f"/admin/b/{CLINIC}"
PHONE = "+972501234561"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(browser: Browser, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("site")
    with running_app(directory, copy_database(seeded_template, directory)) as server:
        people = add_people(server.database)
        rows = add_rows(server.database, CLINIC, people[OWNER], text="נועה לוי")
        server.database.write(lambda s: _fill(s, rows))
        yield server


def _fill(session: Session, rows: Rows) -> None:
    """Reminders on, one sent; an answer; a number that wants no more; a time that nobody had free."""
    bind_business(session, CLINIC)
    settings = session.scalars(select(BusinessSettings)).one()
    settings.reminders, settings.language = [1440, 120], "he"
    session.get_one(Resource, rows.resource_id).name = "ד״ר לוי"
    add_service(session, name="שיננית", length_min=30, given_by=[rows.resource_id])
    session.get_one(Call, rows.call_id).is_test = False
    booked = session.get_one(Appointment, rows.appointment_id)
    booked.remind_at, booked.confirmed_at = NOW, NOW
    values = {"kind": "sms", "key": f"remind:{booked.uid}:1", "payload": {"to": PHONE, "body": "…"}}
    session.add(OutboxMessage(**values, status=OutboxStatus.SENT, next_try_at=NOW, created_at=NOW, sent_at=NOW))
    for number, (text, outcome) in enumerate(
        (("אפשר להגיע עשר דקות מאוחר יותר?", TextOutcome.PASSED_ON), ("הסר", TextOutcome.STOPPED))
    ):
        phone = "+972502223344" if number else PHONE
        more = {"phone": phone, "channel": Channel.SMS, "received_at": NOW, "reply": ""}
        about = None if number else booked.id
        session.add(IncomingText(message_sid=f"SM{number}", text=text, outcome=outcome, appointment_id=about, **more))
    session.add(StoppedNumber(phone="+972502223344", stopped_at=NOW))
    for hour in (9, 9, 16):
        detail = {"start": f"{next_weekday(hour):%Y-%m-%dT%H:00}", "service": rows.service_id if hour == 9 else None}
        kind = CallEventKind.TURNED_AWAY
        add_call_event(SessionRows(session), rows.call_id, kind=kind, at_ms=1, now=NOW, detail=detail)


def look(tab: Tab, path: str) -> None:
    """It fits and keeps nobody out."""
    assert (path, tab.overflow() <= 0, tab.serious_findings()) == (path, True, [])


@pytest.mark.parametrize(("language", "size", "dark"), [("he", "narrow", False), ("en", "wide", True)])
def test_reminders_are_set_previewed_and_an_appointments_file_is_imported(
    browser: Browser, site: RunningServer, tmp_path: Path, language: str, size: str, dark: bool
) -> None:
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    tab = Tab(context, site.url)
    tab.log_in(OWNER)
    tab.speak(language)
    page = tab.open(f"{HOME}/settings/reminders")
    page.fill("#reminder_text", "להתראות ב{business} ב{slot}")
    page.click("button[name=preview]")
    expect(page.locator(".sms").first).to_contain_text("להתראות ב")
    look(tab, "preview")
    page.click(".form-foot .primary")
    expect(page.locator(".flash.good")).to_be_visible()
    for path in ("/settings/reminders", "/texts", "/texts/stopped", "/busy", "/busy?span=coming", "/appointments/1"):
        tab.open(HOME + path)
        look(tab, path)

    start = next_weekday(10 if language == "he" else 14)
    later = start + timedelta(minutes=30)
    lines = [
        "תאריך;שעה;שם;טלפון;שירות;אצל מי;הערה",
        f"{start:%d/%m/%Y};{start:%H:%M};נועה לוי;0501112233;;;",
        f"{start:%d/%m/%Y};{start:%H:%M};אורי כץ;0502223344;;;",
        f"{later:%d/%m/%Y};{later:%H:%M};בלי מספר;12;;;",
    ]
    file = tmp_path / "יומן.csv"
    file.write_bytes("\r\n".join(lines).encode("cp1255"))
    tab.open(f"{HOME}/appointments/import")
    look(tab, "import")
    page.set_input_files("#file", file)
    page.click(".form-foot .primary")
    expect(page.locator("tbody tr")).to_have_count(3)
    look(tab, "import rows")
    page.click("button[value=import]")
    expect(page.locator(".flash.good")).to_be_visible()
    expect(page.locator("tbody .badge.good")).to_have_count(1)
    look(tab, "import done")
    assert tab.complaints == []
    context.close()
