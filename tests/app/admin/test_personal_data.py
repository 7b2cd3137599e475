"""Personal data on its pages: how long it is kept, one person found, taken away and erased (D1–D3)."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from services.accounts.businesses import notice_of, own_voice_of
from services.audit.trail import AuditFilter, audit_rows
from services.calls.context import SoundChunk
from services.calls.recordings import add_chunk
from services.db.models import (
    Appointment,
    AppointmentStatus,
    AuditEvent,
    AuditKind,
    BusinessSettings,
    Call,
    Customer,
    OutboxKind,
    OutboxMessage,
    RetentionRun,
)
from services.db.tenancy import bind_business
from tests.app.admin.cast import ADMIN, CLINIC, NOW, OFFICE, OTHER, OWNER, VIEWER, Visitor
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}/personal-data"
PHONE, WRITTEN = "+972501234561", "050-123-4561"
DAYS = {
    "recording_retention_days": "30",
    "message_retention_days": "30",
    "transcript_retention_days": "365",
    "lead_retention_days": "365",
    "customer_retention_days": "730",
    "outbox_retention_days": "90",
    "text_retention_days": "365",
}


@pytest.fixture
def over(admin: Admin) -> Admin:
    """The clinic's call is over and has sound."""

    def work(s: Session) -> None:
        call = bind_business(s, CLINIC).get_one(Call, admin.clinic.call_id)
        call.ended_at = call.wrapped_up_at = NOW

    admin.database.write(work)
    chunk = SoundChunk(0, 0, 0, 8000, b"\x10" * 8000, b"\x20" * 8000)
    admin.database.write_rows(CLINIC, lambda rows: add_chunk(rows, admin.clinic.call_id, chunk, now=NOW))
    return admin


def settings_of(admin: Admin) -> BusinessSettings:
    return admin.database.read(lambda s: bind_business(s, CLINIC).scalars(select(BusinessSettings)).one())


def told(admin: Admin, kind: AuditKind) -> list[AuditEvent]:
    return list(admin.database.read(lambda s: audit_rows(s, CLINIC, AuditFilter(kind=kind), limit=20)))


def erase(visitor: Visitor, **fields: str) -> TestResponse:
    return visitor.post(f"{HOME}/person/erase", **{"phone": WRITTEN, "sure": "y", "coming": "cancel", **fields})


# -- how long, and the notice --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("he", ("מידע אישי", "בלי הגבלה", "שנתיים", "Twilio")),
        ("en", ("Personal data", "without end", "2 years", "OpenAI")),
    ],
)
def test_the_page_says_what_is_kept_how_long_and_with_whom(admin: Admin, language: str, words: tuple[str, ...]) -> None:
    page = admin.visitor(OWNER, language).get(HOME).text
    assert all(each in page for each in words)


def test_days_are_chosen_and_without_end_is_a_choice(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    chosen = {**DAYS, "transcript_retention_days": "0", "outbox_retention_days": "30", "message_retention_days": "7"}
    chosen["text_retention_days"] = "60"
    assert visitor.post(HOME, **chosen).status_code == 302
    row = settings_of(admin)
    assert (row.transcript_retention_days, row.outbox_retention_days, row.message_retention_days) == (None, 30, 7)
    assert row.text_retention_days == 60
    (event,) = told(admin, AuditKind.SETTINGS_SAVED)
    assert event.detail["transcript_retention_days"] == [365, None]
    assert "without end" in visitor.get(HOME).text


@pytest.mark.parametrize("wrong", ["", "0", "-1", "99999", "x"])
def test_sound_is_never_kept_without_end(admin: Admin, wrong: str) -> None:
    assert admin.visitor(OWNER).post(HOME, **{**DAYS, "recording_retention_days": wrong}).status_code == 422
    assert settings_of(admin).recording_retention_days == 30


def test_a_number_of_days_that_is_not_offered_stays(admin: Admin) -> None:
    def work(s: Session) -> None:
        bind_business(s, CLINIC).scalars(select(BusinessSettings)).one().lead_retention_days = 400

    admin.database.write(work)
    assert '<option selected value="400">400 days' in admin.visitor(OWNER).get(HOME).text


def test_saving_ends_the_time_to_choose_and_brings_the_turn_forward(admin: Admin) -> None:
    now = datetime.now(UTC)

    def work(s: Session) -> None:
        bind_business(s, CLINIC).scalars(select(BusinessSettings)).one().retention_begins_at = now + timedelta(days=9)
        s.add(RetentionRun(next_at=now + timedelta(days=1), counts={}))

    admin.database.write(work)
    visitor = admin.visitor(OWNER)
    assert "only sound is deleted" in visitor.get(HOME).text
    visitor.post(HOME, **DAYS)
    assert "only sound is deleted" not in visitor.get(HOME).text
    run = admin.database.read(lambda s: bind_business(s, CLINIC).scalars(select(RetentionRun)).one())
    assert run.next_at <= datetime.now(UTC)


def test_the_notice_is_the_usual_one_or_the_owners_own(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert "Empty: השיחה הזאת מתנהלת עם מערכת של בינה מלאכותית." in visitor.get(HOME).text

    visitor.post(HOME, **DAYS, speak_notice="y", notice_text="מדברת כאן מכונה.", keep_recordings="y")
    row = settings_of(admin)
    assert (row.speak_notice, row.notice_text, row.recording_notice_text) == (True, "מדברת כאן מכונה.", None)
    assert own_voice_of(row).texts["notice_clip"] == "מדברת כאן מכונה. השיחה מוקלטת."
    wanted = select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.CLIPS)
    assert admin.database.read(lambda s: bind_business(s, CLINIC).scalars(wanted).all()), "its sound is made"


def test_a_new_business_tells_its_callers(admin: Admin) -> None:
    visitor = admin.visitor(ADMIN)
    made = visitor.post("/admin/businesses/new", name="New", language="he", number="")
    business = int(made.headers["Location"].split("/")[3])
    row = admin.database.read(lambda s: bind_business(s, business).scalars(select(BusinessSettings)).one())
    assert notice_of(row) == "השיחה הזאת מתנהלת עם מערכת של בינה מלאכותית."


def test_a_viewer_looks_and_changes_nothing(admin: Admin) -> None:
    viewer = admin.visitor(VIEWER)
    assert viewer.get(HOME).status_code == 200
    assert viewer.post(HOME, **DAYS).status_code == 403
    for path in ("/person", f"/receipts/{admin.clinic.erasure_id}", f"/receipts/{admin.clinic.erasure_id}.txt"):
        assert viewer.get(f"{HOME}{path}").status_code == 403
    for path in ("/person", "/person/export", "/person/erase"):
        assert viewer.post(f"{HOME}{path}", phone=WRITTEN).status_code == 403


# -- one person ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [WRITTEN, PHONE, "972501234561", "050 1234561"])
def test_a_person_is_found_by_any_spelling(over: Admin, written: str) -> None:
    page = over.visitor(OWNER).post(f"{HOME}/person", phone=written).text
    assert "sentences said" in page
    assert "hello" in page


def test_nothing_and_nonsense_are_said(over: Admin) -> None:
    visitor = over.visitor(OWNER)
    assert "Nothing is kept here" in visitor.post(f"{HOME}/person", phone="050-999-9999").text
    answer = visitor.post(f"{HOME}/person", phone="Dana")
    assert (answer.status_code, "not a telephone number" in answer.text) == (422, True)
    assert visitor.post(f"{HOME}/person/export", phone="Dana").status_code == 404


def test_another_business_knows_nothing_of_them(over: Admin) -> None:
    page = over.visitor(OTHER).post(f"/admin/b/{OFFICE}/personal-data/person", phone=WRITTEN).text
    assert "Nothing is kept here" in page


def test_the_zip_holds_everything_to_read_and_to_hear(over: Admin) -> None:
    answer = over.visitor(OWNER).post(f"{HOME}/person/export", phone=WRITTEN)
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        files = {name.rpartition("/")[2]: archive.read(name) for name in names}
    assert set(files) == {"index.html", "person.json", "call.json", "transcript.txt", "recording.wav", "message-1.wav"}
    person = json.loads(files["person.json"])
    assert (person["number"], person["customer"]["name"], len(person["appointments"])) == (PHONE, "hello", 1)
    assert "stream_nonce" not in files["call.json"].decode()
    assert "00:01 caller: hello" in files["transcript.txt"].decode()
    folder = next(name for name in names if name.endswith("recording.wav"))
    assert f'href="{folder}"' in files["index.html"].decode()
    with wave.open(io.BytesIO(files["recording.wav"])) as sound:
        assert (sound.getnchannels(), sound.getnframes()) == (2, 8000)
    with wave.open(io.BytesIO(files["message-1.wav"])) as sound:
        assert sound.getnframes() == 16_000


def test_a_person_is_erased_with_a_receipt_that_does_not_name_them(over: Admin) -> None:
    visitor = over.visitor(OWNER)
    answer = erase(visitor)
    assert answer.status_code == 302
    receipt = visitor.get(answer.headers["Location"]).text
    assert "Receipt of erasure" in receipt
    file = visitor.get(f"{answer.headers['Location']}.txt")
    assert file.headers["Content-Disposition"].startswith("attachment")
    for text in (receipt, file.text):
        assert "sentences said" in text
        assert OWNER in text
        assert not any(each in text for each in (PHONE, "4561", "hello"))
    assert "Nothing is kept here" in visitor.post(f"{HOME}/person", phone=WRITTEN).text
    assert erase(visitor).headers["Location"] == answer.headers["Location"], "once more is the same act"
    (event,) = told(over, AuditKind.PERSON_ERASED)
    assert event.detail["turns"] == 2
    assert visitor.get(f"/admin/b/{CLINIC}/calls/{over.clinic.call_id}").status_code == 200


def test_nothing_is_erased_by_accident(over: Admin) -> None:
    visitor = over.visitor(OWNER)
    unsure = visitor.post(f"{HOME}/person/erase", phone=WRITTEN, coming="cancel")
    assert (unsure.status_code, "Tick that" in unsure.text) == (422, True)
    unsaid = erase(visitor, coming="")
    assert (unsaid.status_code, "Choose what becomes" in unsaid.text) == (422, True)
    assert "sentences said" in visitor.post(f"{HOME}/person", phone=WRITTEN).text


def test_coming_appointments_are_kept_or_cancelled_as_it_was_chosen(over: Admin) -> None:
    def appointment(s: Session) -> tuple[AppointmentStatus, str]:
        found = bind_business(s, CLINIC).get_one(Appointment, over.clinic.appointment_id)
        return found.status, found.customer.phone

    visitor = over.visitor(OWNER)
    erase(visitor, coming="keep")
    assert over.database.read(appointment) == (AppointmentStatus.BOOKED, PHONE)
    erase(visitor, coming="cancel")
    assert over.database.read(appointment) == (AppointmentStatus.CANCELLED, "erased")
    page = visitor.get(f"/admin/b/{CLINIC}/appointments/{over.clinic.appointment_id}")
    assert "tel:" not in page.text
    assert "erased" not in visitor.get(f"/admin/b/{CLINIC}/customers").text
    nobody = over.database.read(lambda s: bind_business(s, CLINIC).scalars(select(Customer.id)).all())
    assert [visitor.get(f"/admin/b/{CLINIC}/customers/{each}").status_code for each in nobody] == [404]


def test_nobody_is_erased_in_the_middle_of_a_call(admin: Admin) -> None:
    answer = erase(admin.visitor(OWNER))
    assert (answer.status_code, "still going on" in answer.text) == (409, True)


def test_looking_up_exporting_and_erasing_are_in_the_trail_without_the_number(over: Admin) -> None:
    visitor = over.visitor(OWNER)
    visitor.post(f"{HOME}/person", phone=WRITTEN)
    visitor.post(f"{HOME}/person/export", phone=WRITTEN)
    erase(visitor)
    kinds = (AuditKind.PERSON_LOOKED_UP, AuditKind.PERSON_EXPORTED, AuditKind.PERSON_ERASED)
    rows = [event for kind in kinds for event in told(over, kind)]
    assert len(rows) == 3
    assert not any("4561" in f"{event.subject} {event.detail}" for event in rows)
    page = visitor.get(f"/admin/b/{CLINIC}/trail").text
    assert "Person erased, receipt" in page


def test_a_receipt_of_another_business_is_not_there(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert visitor.get(f"{HOME}/receipts/{admin.clinic.erasure_id}").status_code == 200
    assert visitor.get(f"{HOME}/receipts/{admin.office.erasure_id}").status_code == 404
