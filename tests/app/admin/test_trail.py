"""The audit trail in the pages: every act leaves its row, read by those it concerns, taken away as CSV (S8)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from app.admin.text.audit_words import _NAMES, _WORDS
from services.calls.context import SoundChunk
from services.calls.recordings import add_chunk
from services.db.models import AuditEvent, AuditKind, BusinessSettings
from tests.app.admin.cast import ADMIN, CLINIC, NOW, OFFICE, OTHER, OWNER, PASSWORD, VIEWER, next_weekday
from tests.app.admin.fixtures import Admin

K = AuditKind
HOME = f"/admin/b/{CLINIC}/"
ACCOUNT = "/admin/account"

# POST addresses that change nothing worth a row, or belong to a telephone's own talk with the server.
NO_ROW = {
    "business.voice_sample",  # changes nothing: a sentence to hear
    "admin.change_language",
    "business.prompt_preview",
    "business.after_test_call",
    "business.test_call_over",
    # Nothing is in force yet.
    "admin.begin_second_factor",
    # What was written is sent once more; the message's own row says how often.
    "business.send_again",
    # Likewise: the sound of a greeting that is in force already.
    "business.make_clips",
}


def events(admin: Admin, *, kind: AuditKind | None = None) -> list[AuditEvent]:
    query = select(AuditEvent).order_by(AuditEvent.id)
    found = admin.database.read(lambda s: s.scalars(query).all())
    return [each for each in found if kind is None or each.kind is kind]


def acts(admin: Admin) -> list[tuple[str, dict[str, Any], AuditKind]]:
    """(address, form, what it leaves): acts of the owner in the clinic."""
    rows, slot = admin.clinic, f"{next_weekday(14):%Y-%m-%dT%H:%M}"
    file = f"date,time,name,phone\n{next_weekday(15):%Y-%m-%d,%H:%M},Ori,050-222-3344\n"
    return [
        (f"{HOME}prompt", {"text": "Be kind.", "base": "1"}, K.PROMPT_SAVED),
        (f"{HOME}prompt/versions/1/restore", {}, K.PROMPT_SAVED),
        (f"{HOME}settings/hand-over", {"transfer_numbers": "03-999-0077", "fallback": "message",
            "max_call_minutes": "15", "silence_prompt_s": "8", "max_silence_prompts": "3"}, K.SETTINGS_SAVED),
        (f"{HOME}settings/reminders", {"reminders": "1440", "reminders_from_min": "480", "reminders_until_min": "1260"},
            K.SETTINGS_SAVED),
        (f"{HOME}settings/privacy/new-secret", {"which": "feed"}, K.SECRET_RENEWED),
        (f"{HOME}users", {"email": "nina@new.test", "role": "viewer"}, K.INVITED),
        (f"{HOME}users/invitations/1/withdraw", {}, K.INVITATION_WITHDRAWN),
        (f"{HOME}users/{admin.people[VIEWER]}/role", {"role": "owner"}, K.ROLE_CHANGED),
        (f"{HOME}users/{admin.people[VIEWER]}/remove", {}, K.USER_REMOVED),
        (f"{HOME}team/people/new", {"name": "Dr Levi", "kind": "person", "active": "y"}, K.RESOURCE_SAVED),
        (f"{HOME}team/people/{rows.resource_id}", {"name": "Dr Bar", "kind": "person", "active": "y"},
            K.RESOURCE_SAVED),
        (f"{HOME}team/services/new", {"name": "Cleaning", "length_min": "30"}, K.SERVICE_SAVED),
        (f"{HOME}team/services/{rows.service_id}", {"name": "Filling", "length_min": "30"}, K.SERVICE_SAVED),
        (f"{HOME}customers/{rows.customer_id}", {"name": "Ruth", "city": "Haifa", "notes": ""}, K.CUSTOMER_SAVED),
        (f"{HOME}leads/{rows.lead_id}/status", {"status": "contacted"}, K.LEAD_SAVED),
        (f"{HOME}appointments/{rows.appointment_id}/move", {"slot": slot}, K.APPOINTMENT_MOVED),
        (f"{HOME}appointments/{rows.appointment_id}/status", {"status": "cancelled"}, K.APPOINTMENT_STATUS),
        (f"{HOME}appointments/new", {"name": "Dana", "phone": "050-765-4321", "slot": slot}, K.APPOINTMENT_BOOKED),
        (f"{HOME}appointments/import", {"text": file, "do": "import"}, K.APPOINTMENTS_IMPORTED),
        (f"{HOME}connections/{rows.connection_id}/disconnect", {}, K.CALENDAR_DISCONNECTED),
        (f"{HOME}calls/{rows.call_id}/recording/delete", {}, K.RECORDING_DELETED),
        (f"{HOME}phone/call", {"caller": ""}, K.TEST_CALL),
        (ACCOUNT, {"name": "Olga"}, K.NAME_SAVED),
        (f"{ACCOUNT}/sessions/end-others", {}, K.SESSION_ENDED),
        (f"{ACCOUNT}/password", {"current": "wrong", "new": "x"}, K.PASSWORD_REFUSED),
        (f"{ACCOUNT}/password", {"current": PASSWORD, "new": "another long password"}, K.PASSWORD_CHANGED),
        ("/admin/logout", {}, K.LOG_OUT),
        ("/admin/login", {"email": OWNER, "password": "wrong"}, K.LOG_IN_REFUSED),
        ("/admin/login", {"email": OWNER, "password": "another long password"}, K.LOG_IN),
    ]  # fmt: skip


def test_every_act_leaves_a_row_with_who_when_and_from_where(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.77"
    for path, form, kind in acts(admin):
        before = len(events(admin, kind=kind))
        answer = visitor.post(path, **form)
        left = events(admin, kind=kind)[before:]
        assert len(left) == 1, (path, answer.status_code, answer.text[:2000])
        assert (left[0].actor, left[0].client_address) == (OWNER, "192.0.2.77")
        assert left[0].user_id == admin.people[OWNER]
        assert left[0].business_id == (CLINIC if path.startswith(HOME) else None)


def test_what_the_administrator_does_leaves_rows_too(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    boss.post("/admin/businesses/new", name="Garage", language="en", number="03-999-0044")
    boss.post(f"{HOME}numbers", e164="03-999-0009")
    boss.post(f"{HOME}numbers/{admin.clinic.number_id}/remove")
    boss.post(f"/admin/people/{admin.people[OWNER]}/reset")
    kinds = [each.kind for each in events(admin) if each.actor == ADMIN]
    assert kinds == [K.LOG_IN, K.BUSINESS_MADE, K.NUMBER_ADDED, K.NUMBER_REMOVED, K.RESET_LINK_MADE]


def test_no_address_that_changes_something_is_forgotten_here(admin: Admin) -> None:
    """A page added tomorrow leaves a row too, or says above why not."""
    adapter = admin.app.url_map.bind("localhost")
    tried = {adapter.match(path, method="POST")[0] for path, _, _ in acts(admin)}
    elsewhere = {
        # In the other tests here, in test_second_factor.py and in test_invitations.py.
        "admin.new_business", "business.add_number", "business.remove_number", "admin.make_reset_link",
        "admin.login_code", "admin.forgot_password", "admin.reset_password", "admin.accept_as_new_person",
        "admin.accept_with_account", "admin.confirm_second_factor", "admin.renew_recovery_codes",
        "admin.remove_second_factor", "admin.remove_lost_factor", "admin.end_one_session", "business.act_on_call",
        # The same code as the one page of settings that is tried.
        "business.settings", "business.voice", "business.line", "business.privacy", "business.hours",
        "business.abilities",
        # tests/app/admin/test_personal_data.py
        "business.personal_data", "business.person", "business.export_person", "business.erase",
        # tests/app/admin/test_connections.py
        "business.connect_caldav", "business.connect_ics", "business.reconnect_caldav", "business.choose_calendar",
        "business.try_calendar_again",
    }  # fmt: skip
    changing = {
        rule.endpoint
        for rule in admin.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.startswith(("admin.", "business."))
    }
    assert changing - tried - elsewhere - NO_ROW == set()


def test_settings_say_what_was_and_what_is_and_no_secrets(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    for _ in range(2):
        owner.post(f"{HOME}settings/privacy", sms_per_day="7", webhook_url="https://hooks.example.com/x")
    saved = events(admin, kind=K.SETTINGS_SAVED)
    assert len(saved) == 1
    assert saved[0].detail["sms_per_day"] == [None, 7]
    assert saved[0].detail["webhook_url"] == [None, "https://hooks.example.com/x"]
    assert saved[0].detail["webhook_secret"] == "changed"


def test_hearing_and_taking_away_leave_rows_and_say_no_callers_number(admin: Admin) -> None:
    chunk = SoundChunk(0, 0, 0, 8000, b"\x10" * 8000, b"")
    admin.database.write_rows(CLINIC, lambda rows: add_chunk(rows, admin.clinic.call_id, chunk, now=NOW))
    viewer = admin.visitor(VIEWER)
    for part in ("bytes=0-", "bytes=1000-2000", "bytes=44-"):
        viewer.client.get(f"{HOME}calls/{admin.clinic.call_id}/recording", headers={"Range": part})
    heard = events(admin, kind=K.RECORDING_HEARD)
    assert [(each.actor, each.subject) for each in heard] == [(VIEWER, str(admin.clinic.call_id))]
    assert viewer.get(f"{HOME}export/calls.csv?q=0501234561&result=booked").status_code == 200
    taken = events(admin, kind=K.EXPORTED)
    assert taken[0].subject == "calls.csv"
    assert taken[0].detail == {"q": "…", "result": "booked"}


def test_a_password_typed_into_the_wrong_field_is_not_kept(admin: Admin) -> None:
    admin.visitor().log_in("my secret password", "x")
    assert [each.actor for each in events(admin, kind=K.LOG_IN_REFUSED)] == [""]


def test_an_owner_reads_the_trail_of_his_business_and_of_no_other(admin: Admin) -> None:
    admin.visitor(OTHER).post(f"/admin/b/{OFFICE}/prompt/versions/1/restore")
    admin.visitor().log_in(OTHER, "wrong")
    admin.visitor().log_in(VIEWER, "wrong")
    page = admin.visitor(OWNER).get(f"{HOME}trail").text
    assert VIEWER in page
    assert OTHER not in page
    assert admin.visitor(OTHER).get(f"{HOME}trail").status_code == 404
    assert admin.visitor(VIEWER).get(f"{HOME}trail").status_code == 403
    assert admin.visitor(VIEWER).get(f"{HOME}trail.csv").status_code == 403
    assert admin.visitor(OWNER).get("/admin/trail").status_code == 404
    whole = admin.visitor(ADMIN).get("/admin/trail").text
    assert OTHER in whole
    assert "Harbour Accounting" in whole


def test_the_trail_is_filtered_and_paged(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    for _ in range(35):
        owner.get(f"{HOME}export/leads.csv")
    owner.post(f"{HOME}prompt/versions/1/restore")
    only = owner.get(f"{HOME}trail?kind=prompt_saved").text
    assert "What it knows saved, version" in only
    assert "leads.csv" not in only
    assert owner.get(f"{HOME}trail?q=leads.csv").text.count("leads.csv</bdi>") == 30
    assert owner.get(f"{HOME}trail?q=leads.csv&page=2").text.count("leads.csv</bdi>") == 5
    assert "Nothing here" in owner.get(f"{HOME}trail?until=2020-01-01").text
    assert owner.get(f"{HOME}trail?kind=eaten&since=x&page=-1").status_code == 200


def test_the_trail_is_taken_away_as_a_file_that_runs_nothing(admin: Admin) -> None:
    admin.visitor().log_in("=cmd|'/c calc'!A1@x", "x")
    boss = admin.visitor(ADMIN)
    answer = boss.get("/admin/trail.csv?kind=log_in_refused")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["actor"] for row in rows] == ["'=cmd|'/c calc'!a1@x"]
    assert events(admin, kind=K.EXPORTED)[-1].detail == {"kind": "log_in_refused"}


def test_every_setting_has_a_name_in_both_languages() -> None:
    columns = {column.name for column in BusinessSettings.__table__.columns} - {"id", "business_id", "ai_prompt"}
    assert columns - set(_NAMES) == set()
    assert all(hebrew and english for hebrew, english in _NAMES.values())


@pytest.mark.parametrize("kind", list(AuditKind))
def test_every_act_has_words_and_fits_its_column(kind: AuditKind) -> None:
    assert all(_WORDS[kind])
    assert len(kind.value) <= 24
