"""Appointments from a spreadsheet: looked at, imported once, each row booked or listed with its reason (K7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from services.appointments.team import add_service
from services.db.models import (
    Appointment,
    AppointmentStatus,
    AuditEvent,
    AuditKind,
    BusinessSettings,
    OutboxMessage,
    Resource,
)
from services.db.tenancy import bind_business
from services.imports.booking import parts
from services.imports.reading import guess, rows_of, sheet_of
from services.tools_calendar import cancel_appointment, move_appointment
from tests.app.admin.cast import CLINIC, NOW, OFFICE, OTHER, OWNER, VIEWER, Visitor, next_weekday
from tests.app.admin.fixtures import Admin

PAGE = f"/admin/b/{CLINIC}/appointments/import"
HEAD = "date,time,name,phone,service,person,note"


def line(
    start: datetime, name: str = "Noa", phone: str = "0501112233", service: str = "", who: str = "", note: str = ""
) -> str:
    return f"{start:%d/%m/%Y},{start:%H:%M},{name},{phone},{service},{who},{note}"


def sheet(*lines: str) -> str:
    return "\n".join([HEAD, *lines]) + "\n"


def send(visitor: Visitor, text: str, **fields: Any) -> TestResponse:
    return visitor.post(PAGE, file=(BytesIO(text.encode("utf-8-sig")), "appointments.csv"), **fields)


def in_clinic(admin: Admin, work: Any) -> Any:
    return admin.database.write(lambda s: work(bind_business(s, CLINIC)))


def imported(admin: Admin) -> list[Appointment]:
    query = select(Appointment).where(Appointment.uid.startswith("import-")).order_by(Appointment.starts_at)
    return in_clinic(admin, lambda s: list(s.scalars(query)))


def test_looking_says_of_each_row_what_would_happen_and_writes_nothing(admin: Admin) -> None:
    def prepare(s: Any) -> None:
        s.scalars(select(Resource)).one().name = "Dr Bar"
        add_service(s, name="Cleaning", length_min=60, given_by=[admin.clinic.resource_id])
        s.get_one(Appointment, admin.clinic.appointment_id).name = "Zelda"

    in_clinic(admin, prepare)
    taken = next_weekday(9)
    rows = (
        line(next_weekday(10), "Noa", service="cleaning", who="dr bar", note="<b>new</b>"),
        line(next_weekday(10, 30), "Clash"),
        line(taken, "Second"),
        line(NOW.replace(tzinfo=None) - timedelta(days=9), "Late"),
        line(next_weekday(12), "Odd", service="Massage"),
        line(next_weekday(12), "Whom", who="Dr Who"),
        line(next_weekday(12), "Mute", phone="5.01E+08"),
        line(next_weekday(3), "Night"),
        line(next_weekday(12), ""),
    )
    page = send(admin.visitor(OWNER), sheet(*rows))
    assert page.status_code == 200
    assert "1 appointment will be booked" in page.text
    assert "Taken by: Noa" in page.text, "by a row above"
    assert "Taken by: Zelda" in page.text
    for words in (
        "the time is past",
        "no service is “Massage”",
        "nobody here is called “Dr Who”",
        "“5.01E+08” is no telephone number",
        "there is no name",
    ):
        assert words in page.text, words
    assert "&lt;b&gt;new" in page.text
    assert imported(admin) == []


def test_an_import_books_what_can_be_lists_the_rest_and_tells_no_customer(admin: Admin) -> None:
    def confirming(s: Any) -> int:
        row = s.scalars(select(BusinessSettings)).one()
        row.sms_confirmation, row.reminders = True, [1440]
        return int(s.scalar(select(func.count(OutboxMessage.id))))

    before = in_clinic(admin, confirming)
    text = sheet(line(next_weekday(10), "Noa", note="first time"), line(next_weekday(10), "Ori", "0502223344"))
    done = send(admin.visitor(OWNER), text, do="import")
    assert done.status_code == 200
    assert "1 appointment was booked" in done.text
    assert "Not booked:" in done.text
    (row,) = imported(admin)
    assert (row.name, row.customer.phone, row.notes) == ("Noa", "+972501112233", "first time")
    assert row.remind_at is None
    assert in_clinic(admin, confirming) == before
    query = select(AuditEvent.detail).where(AuditEvent.kind == AuditKind.APPOINTMENTS_IMPORTED)
    assert in_clinic(admin, lambda s: s.scalars(query).one()) == {"booked": 1, "refused": 1, "reminders": False}


def test_reminders_are_sent_of_imported_ones_where_the_owner_says_so(admin: Admin) -> None:
    in_clinic(admin, lambda s: setattr(s.scalars(select(BusinessSettings)).one(), "reminders", [1440]))
    send(admin.visitor(OWNER), sheet(line(next_weekday(10))), do="import", reminds="y")
    assert imported(admin)[0].remind_at is not None


def test_the_same_file_again_books_nothing_twice_not_even_what_was_moved_or_cancelled(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    text = sheet(line(next_weekday(10)), line(next_weekday(11)), line(next_weekday(12)), line(next_weekday(12)))
    assert "3 appointments were booked" in send(owner, text, do="import").text
    first, second, _ = imported(admin)
    in_clinic(admin, lambda s: cancel_appointment(s, appointment_id=first.id, now=NOW))
    later = next_weekday(13)
    in_clinic(admin, lambda s: move_appointment(s, appointment_id=second.id, start=later, now=NOW))
    assert "0 appointments were booked" in send(owner, text, do="import").text
    looked = send(owner, text)
    assert looked.text.count(">imported before<") == 4
    rows = imported(admin)
    assert len(rows) == 3
    assert [row.status for row in rows].count(AppointmentStatus.CANCELLED) == 1


def test_another_businesss_import_of_the_same_file_is_its_own(admin: Admin) -> None:
    text = sheet(line(next_weekday(10)))
    send(admin.visitor(OWNER), text, do="import")
    other = admin.visitor(OTHER)
    file = (BytesIO(text.encode()), "a.csv")
    answer = other.post(f"/admin/b/{OFFICE}/appointments/import", file=file, do="import")
    assert "1 appointment was booked" in answer.text


def test_the_second_form_needs_no_file_and_takes_the_columns_as_they_were_chosen(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    start = next_weekday(10)
    text = f"when,at,who,number\n{start:%Y-%m-%d},10:00,Noa,0501112233\n"
    asked = send(owner, text)
    assert asked.status_code == 422
    assert "No column was found for" in asked.text
    back = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', asked.text, re.DOTALL)
    assert back is not None
    columns = {"column-date": "0", "column-time": "1", "column-name": "2", "column-phone": "3", "column-note": "99"}
    done = owner.post(PAGE, text=back[1], do="import", **columns)
    assert "1 appointment was booked" in done.text
    assert imported(admin)[0].name == "Noa"


def test_what_is_no_file_of_appointments_is_refused_in_words(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    for data, words in ((b"", "Choose a file"), (b"PK\x03\x04\x00", "cannot be read"), (b"date,time\n", "no rows")):
        answer = owner.post(PAGE, file=(BytesIO(data), "a.csv"))
        assert answer.status_code == 422
        assert words in answer.text
    too_large = owner.post(PAGE, file=(BytesIO(b"x" * 300_000), "a.csv"))
    assert too_large.status_code == 413


def test_only_who_may_change_the_business_imports_into_it(admin: Admin) -> None:
    assert admin.visitor(VIEWER).get(PAGE).status_code == 403
    assert send(admin.visitor(VIEWER), sheet(line(next_weekday(10))), do="import").status_code == 403
    assert send(admin.visitor(OTHER), sheet(line(next_weekday(10))), do="import").status_code == 404
    assert imported(admin) == []


def test_a_long_file_is_booked_in_pieces_and_no_day_is_in_two() -> None:
    start = datetime(2027, 1, 3, 9)
    rows = [line(start + timedelta(days=at % 7, minutes=15 * at)) for at in range(200)]
    found = sheet_of(sheet(*rows))
    pieces = list(parts(rows_of(found, guess(found.headings))))
    assert len(pieces) > 3
    assert sum(map(len, pieces)) == 200
    days = [{row.start.date() for row in piece} for piece in pieces]
    assert sum(map(len, days)) == len(set().union(*days))
