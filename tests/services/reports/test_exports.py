"""The calendar feed and the CSV files: right for the programs that open them, harmless whatever callers said."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.db.models import Appointment, BusinessSettings, Customer
from services.db.tenancy import bind_business
from services.reports import csv as csv_export
from services.reports import ics as ics_feed
from services.reports.csv import Export, export, safe_cell
from services.tools_calendar import Booking
from tests.services.db.fixtures import NOW, Cast

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))
HOSTILE = '=HYPERLINK("http://x")\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:גנוב;,\\'


def in_clinic(cast: Cast, fn: Callable[[Session], Any]) -> Any:
    def run(session: Session) -> Any:
        bind_business(session, cast.clinic.id)
        return fn(session)

    return cast.database.write(run)


def book(cast: Cast, start: datetime = TEN, name: str = "דנה", *, office: bool = False) -> Booking:
    call = cast.office_call if office else cast.clinic_call
    result = cast.database.write(
        lambda s: calendar.create_appointment_from_realtime(
            s, call_id=call.id, start=start, phone="+972501234567", name=name, service="שיננית", now=NOW
        )
    )
    assert result.booking is not None
    return result.booking


def secret(cast: Cast) -> str:
    return str(in_clinic(cast, lambda s: s.scalars(select(BusinessSettings.ics_secret)).one()))


def events(cast: Cast) -> list[Any]:
    pieces = ics_feed.feed(cast.database, secret(cast), NOW)
    assert pieces is not None
    data = b"".join(pieces)
    assert data.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    return list(Calendar.from_ical(data).walk("VEVENT"))


def test_the_feed_shows_an_appointment_as_booked(cast: Cast) -> None:
    booking = book(cast)
    (event,) = events(cast)
    assert (event.start, event.end) == (TEN.astimezone(UTC), (TEN + timedelta(minutes=30)).astimezone(UTC))
    assert event["UID"] == f"{booking.uid}@ai-call-assistant"
    assert (event["SEQUENCE"], event["STATUS"], event["SUMMARY"]) == (0, "CONFIRMED", "דנה – שיננית")
    assert event["DTSTAMP"].dt == NOW


def test_moves_and_cancellations_keep_the_uid_and_raise_the_sequence(cast: Cast) -> None:
    booking = book(cast)
    later = NOW + timedelta(minutes=5)
    in_clinic(
        cast,
        lambda s: calendar.move_appointment(s, appointment_id=booking.id, start=TEN + timedelta(hours=1), now=later),
    )
    (moved,) = events(cast)
    assert (moved["UID"], moved["SEQUENCE"]) == (f"{booking.uid}@ai-call-assistant", 1)
    assert moved.start == (TEN + timedelta(hours=1)).astimezone(UTC)
    assert moved["LAST-MODIFIED"].dt == later
    in_clinic(cast, lambda s: calendar.cancel_appointment(s, appointment_id=booking.id, now=later))
    (cancelled,) = events(cast)
    assert (cancelled["UID"], cancelled["SEQUENCE"], cancelled["STATUS"]) == (moved["UID"], 2, "CANCELLED")


def test_the_secret_opens_one_business_and_can_be_renewed(cast: Cast) -> None:
    book(cast, office=True)
    assert events(cast) == []
    old = secret(cast)
    new = in_clinic(cast, ics_feed.renew_secret)
    assert ics_feed.feed(cast.database, old, NOW) is None
    assert ics_feed.feed(cast.database, new, NOW) is not None
    assert ics_feed.feed(cast.database, "", NOW) is None


def test_text_of_a_caller_cannot_break_out_of_its_event(cast: Cast) -> None:
    booking = book(cast)

    def spoil(session: Session) -> None:
        row = session.get(Appointment, booking.id)
        assert row is not None
        row.name = row.service = row.notes = HOSTILE

    in_clinic(cast, spoil)
    (event,) = events(cast)
    assert event["DESCRIPTION"].count("END:VEVENT") == 1, "as text of the event"


def read_csv(cast: Cast, what: Export) -> list[dict[str, str]]:
    data = b"".join(export(cast.database, cast.clinic.id, what))
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_every_table_can_be_exported_and_shows_one_business_only(cast: Cast) -> None:
    book(cast)
    book(cast, TEN + timedelta(hours=1), name="Somebody else", office=True)
    (appointment,) = read_csv(cast, Export.APPOINTMENTS)
    assert appointment["starts_at"] == "2027-03-02 10:00"
    assert (appointment["name"], appointment["phone"], appointment["status"]) == ("דנה", "'+972501234567", "booked")
    assert [row["call_sid"] for row in read_csv(cast, Export.CALLS)] == ["CA-clinic"]
    assert [row["name"] for row in read_csv(cast, Export.CUSTOMERS)] == ["דנה"]
    assert [row["status"] for row in read_csv(cast, Export.LEADS)] == ["booked"]


def test_a_cell_that_would_run_as_a_formula_does_not(cast: Cast) -> None:
    def add(session: Session) -> None:
        session.add(Customer(phone="+972521111111", name=HOSTILE, city="@x", created_at=NOW, updated_at=NOW))

    in_clinic(cast, add)
    (row,) = read_csv(cast, Export.CUSTOMERS)
    assert row["name"] == "'" + HOSTILE
    assert row["city"] == "'@x"


def test_a_long_table_is_streamed_in_pages_without_gaps(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "PAGE_ROWS", 7)

    def add(session: Session) -> None:
        session.add_all(
            Customer(phone=f"+9725200000{number:02d}", created_at=NOW, updated_at=NOW) for number in range(30)
        )

    in_clinic(cast, add)
    assert len(list(export(cast.database, cast.clinic.id, Export.CUSTOMERS))) == 1 + 5
    assert [row["phone"][-2:] for row in read_csv(cast, Export.CUSTOMERS)] == [f"{n:02d}" for n in range(30)]


@given(st.text())
def test_no_cell_starts_like_a_formula_and_no_text_is_lost(text: str) -> None:
    cell = safe_cell(text)
    assert cell.replace("'", "") == text.replace("'", "")
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    "text", [";=1+1", "a; =1+1", 'a;"=1+1', "a,+1", "a\t@x", "a|-1", "a\n=1", "\u2003=1", "'=1", '"=1']
)
def test_no_part_of_a_cell_starts_like_a_formula_wherever_a_spreadsheet_splits_it(text: str) -> None:
    parts = re.split(r"[;,\t\r\n|]", safe_cell(text))
    assert not [part for part in parts if re.match(r"""[\s"]*[=+@-]""", part)]
