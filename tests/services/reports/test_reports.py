"""What the pages read, on both databases: filters, pages, figures, and never another business's rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from bench.admin_filling import fill
from services.db.database import Database
from services.db.models import LeadStatus
from services.db.tenancy import bind_business
from services.reports import home as reports_home
from services.reports.calls import PAGE_ROWS, CallFilter, call_detail, call_page, live_calls
from services.reports.people import (
    appointment_page,
    appointments_between,
    colleagues,
    customer_detail,
    customer_page,
    lead_counts,
    lead_page,
)
from tests.services.db.fixtures import NOW, Cast

T = TypeVar("T")
ZONE = ZoneInfo("Asia/Jerusalem")
CALLS = 60


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """The clinic with a past; the office with its one call."""
    fill(cast.database, cast.clinic.id, calls=CALLS, now=NOW)
    return cast


def bound(database: Database, business_id: int, fn: Callable[..., T], *arguments: object) -> T:
    """fn's value in a read transaction bound to the business."""

    def work(session: Session) -> T:
        bind_business(session, business_id)
        return fn(session, *arguments)

    return database.read(work)


def ids(cast: Cast, wanted: CallFilter, business_id: int | None = None) -> list[int]:
    """Ids of all pages of the list."""
    found: list[int] = []
    number = 1
    while True:
        page = bound(cast.database, business_id or cast.clinic.id, call_page, wanted, number, NOW)
        found += [row.id for row in page.rows]
        if not page.has_next:
            return found
        assert len(page.rows) == PAGE_ROWS
        number += 1


def test_the_pages_together_hold_every_call_once_newest_first(filled: Cast) -> None:
    found = ids(filled, CallFilter())
    assert len(found) == len(set(found)) == CALLS + 1
    assert found[0] == filled.clinic_call.id


def test_a_filter_and_its_opposite_are_the_whole(filled: Cast) -> None:
    whole = set(ids(filled, CallFilter()))
    booked, others = set(ids(filled, CallFilter(result="booked"))), set(ids(filled, CallFilter(result="not_booked")))
    assert booked | others == whole
    assert not booked & others
    assert booked
    real, tests = set(ids(filled, CallFilter(kind="real"))), set(ids(filled, CallFilter(kind="test")))
    assert real | tests == whole
    assert not real & tests
    before, since = CallFilter(until=NOW - timedelta(days=9)), CallFilter(since=NOW - timedelta(days=9))
    assert set(ids(filled, before)) | set(ids(filled, since)) == whole
    assert 0 < len(ids(filled, CallFilter(result="interrupted"))) < CALLS


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("שיננית", True), ("SHILLING", False), ("%", False), ("_", False), ("\\", False), ("'", False)],
)
def test_a_search_finds_words_and_takes_signs_as_they_are(filled: Cast, text: str, is_found: bool) -> None:
    assert bool(ids(filled, CallFilter(text=text))) is is_found


def test_a_search_finds_numbers_however_they_are_written(filled: Cast) -> None:
    for text in ("+972501234567", "050-123-4567", "1234567", "(050) 123 4567"):
        assert filled.clinic_call.id in ids(filled, CallFilter(text=text))


def test_nothing_of_another_business_is_ever_found(filled: Cast) -> None:
    office = filled.office.id
    assert ids(filled, CallFilter(), office) == [filled.office_call.id]
    assert ids(filled, CallFilter(text="שיננית"), office) == []
    assert bound(filled.database, office, call_detail, filled.clinic_call.id) is None
    assert bound(filled.database, office, customer_page, "", 1).rows == []
    assert bound(filled.database, office, customer_detail, 1) is None
    assert bound(filled.database, office, lead_counts) == {}


def test_a_call_comes_with_everything_that_happened(filled: Cast) -> None:
    number = ids(filled, CallFilter(kind="test"))[0]
    found = bound(filled.database, filled.clinic.id, call_detail, number)
    assert found is not None
    assert len(found.turns) == 7
    assert {event.kind for event in found.events} >= {"barge_in", "stream-started"}
    assert len(found.server_events) == 2


def test_calls_in_progress_are_those_that_have_not_ended(filled: Cast) -> None:
    rows = bound(filled.database, filled.clinic.id, live_calls, NOW)
    assert [row.id for row in rows] == [filled.clinic_call.id]


def test_todays_figures_are_todays(filled: Cast) -> None:
    at = NOW + timedelta(hours=10)
    found = bound(filled.database, filled.clinic.id, reports_home.today, ZONE, at)
    midnight = datetime(2027, 3, 1, tzinfo=ZONE)
    expected = ids(filled, CallFilter(since=midnight, until=at, kind="real"))
    assert found.calls == len(expected)
    assert sum(found.by_hour) == len(expected)
    assert found.live == 1


def test_each_of_the_last_days_counts_its_own_calls(filled: Cast) -> None:
    days = bound(filled.database, filled.clinic.id, reports_home.last_days, ZONE, NOW)
    assert [each.day for each in days] == [date(2027, 2, 16) + timedelta(days=n) for n in range(14)]
    for each in days:
        start = reports_home.local_midnight(each.day, ZONE)
        same_day = CallFilter(since=start, until=start + timedelta(days=1), kind="real")
        assert each.calls == len(ids(filled, same_day))


def test_a_day_of_the_clock_change_is_a_day_all_the_same() -> None:
    change = date(2027, 3, 26)
    length = reports_home.local_midnight(change + timedelta(days=1), ZONE) - reports_home.local_midnight(change, ZONE)
    assert length == timedelta(hours=23)


def test_appointments_are_listed_by_what_became_of_them(filled: Cast) -> None:
    clinic = filled.clinic.id
    coming = bound(filled.database, clinic, appointment_page, "coming", 1, NOW).rows
    past = bound(filled.database, clinic, appointment_page, "past", 1, NOW).rows
    assert all(each.ends_at > NOW for each in coming)
    assert all(each.ends_at <= NOW for each in past)
    assert [each.starts_at for each in coming] == sorted(each.starts_at for each in coming)
    week = bound(filled.database, clinic, appointments_between, NOW, NOW + timedelta(days=7))
    assert {each.id for each in coming[:5]} <= {each.id for each in week}
    assert coming[0].customer.phone.startswith("+972")
    upcoming = bound(filled.database, clinic, reports_home.next_appointments, NOW)
    assert [each.id for each in upcoming] == [each.id for each in coming if each.status == "booked"][:5]


def test_customers_and_leads_are_searched_and_counted(filled: Cast) -> None:
    clinic = filled.clinic.id
    first = bound(filled.database, clinic, customer_page, "", 1)
    assert first.rows
    one = first.rows[0]
    by_number = bound(filled.database, clinic, customer_page, one.phone[-6:], 1)
    assert one.id in [each.id for each in by_number.rows]
    detail = bound(filled.database, clinic, customer_detail, one.id)
    assert detail is not None
    assert detail.customer.id == one.id
    counts = bound(filled.database, clinic, lead_counts)
    for status in LeadStatus:
        rows = bound(filled.database, clinic, lead_page, status, 1).rows
        assert len(rows) == min(counts.get(status, 0), 30)
    assert bound(filled.database, clinic, colleagues) == []


def test_costs_are_added_as_money(filled: Cast) -> None:
    found = bound(filled.database, filled.clinic.id, reports_home.today, ZONE, NOW.astimezone(UTC))
    assert found.cost_ils is None or isinstance(found.cost_ils, Decimal)
