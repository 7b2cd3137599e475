"""Reminders as their owner sets them, and what came of them on the pages (K6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.appointments.reminders import remind
from services.db.models import (
    Appointment,
    AuditEvent,
    AuditKind,
    BusinessNumber,
    BusinessSettings,
    Channel,
    IncomingText,
    OutboxMessage,
    OutboxStatus,
    StoppedNumber,
    TextOutcome,
)
from services.db.tenancy import bind_business
from services.tools_calendar import move_appointment
from tests.app.admin.cast import CLINIC, NOW, OFFICE, OTHER, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

PAGE = f"/admin/b/{CLINIC}/settings/reminders"
SENT: dict[str, Any] = {
    "reminders": ["1440", "120"],
    "reminders_from_min": "540",
    "reminders_until_min": "1200",
    "customer_link": "y",
    "reminder_text": "",
    "whatsapp_sender": "",
    "whatsapp_template": "",
}
WORDS = "{name}, see you at {business} on {slot} :-}{"
PHONE = "+972501234561"  # of the clinic's customer


def settings(admin: Admin, business: int = CLINIC) -> BusinessSettings:
    return admin.database.read(lambda s: bind_business(s, business).scalars(select(BusinessSettings)).one())


def in_clinic(admin: Admin, work: Any) -> Any:
    return admin.database.write(lambda s: work(bind_business(s, CLINIC)))


def appointment(admin: Admin) -> Appointment:
    return in_clinic(admin, lambda s: s.get_one(Appointment, admin.clinic.appointment_id))


def texted(admin: Admin, text: str, outcome: TextOutcome, *, about: int | None = None) -> None:
    def work(s: Session) -> None:
        sid = f"SM{s.scalar(select(func.count(IncomingText.id)))}{abs(hash(text))}"
        s.add(
            IncomingText(
                message_sid=sid,
                phone=PHONE,
                channel=Channel.SMS,
                text=text,
                outcome=outcome,
                appointment_id=about,
                reply="",
                received_at=NOW,
            )
        )

    in_clinic(admin, work)


def test_what_the_owner_chooses_is_what_reminders_go_by_and_coming_appointments_are_planned_anew(admin: Admin) -> None:
    assert appointment(admin).remind_at is None
    owner = admin.visitor(OWNER)
    assert "reminders are off" in owner.get(PAGE).text
    assert owner.post(PAGE, **SENT).status_code == 302
    row = settings(admin)
    assert (row.reminders, row.reminders_from_min, row.reminders_until_min) == ([1440, 120], 540, 1200)
    assert (row.customer_link, row.reminder_text, row.whatsapp_sender) == (True, None, None)
    assert appointment(admin).remind_at is not None
    page = owner.get(PAGE).text
    assert "reminders are on" in page
    (saved,) = in_clinic(admin, lambda s: list(s.scalars(select(AuditEvent.detail).where(_saved))))
    assert saved["reminders"] == ["[]", "[1440, 120]"]
    assert owner.post(PAGE, **{**SENT, "reminders": []}).status_code == 302
    assert settings(admin).reminders == []


_saved = AuditEvent.kind == AuditKind.SETTINGS_SAVED


def test_what_changes_no_moment_plans_nothing_anew(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post(PAGE, **SENT)
    planned = appointment(admin).remind_at
    owner.post(PAGE, **{**SENT, "reminder_text": "Come on {slot}", "customer_link": ""})
    assert appointment(admin).remind_at == planned


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("reminder_text", "Come on {day} {slot}", "{day} means nothing"),
        ("reminder_text", "Come to {business}", "The text needs {slot}"),
        ("reminder_text", "{slot.__class__}", "means nothing"),
        ("reminder_text", "{slot}" + "x" * 300, "At most 300"),
        ("reminders", ["99999999"], "Choose from the times"),
        ("reminders", ["-60"], "Choose from the times"),
        ("reminders", ["soon"], "Invalid choice"),
        ("reminders_from_min", "180", "Not a valid choice"),
        ("reminders_until_min", "1439", "Not a valid choice"),
        ("whatsapp_sender", "+972500000000", "own numbers"),
        ("whatsapp_template", "HX12", "A template is HX"),
        ("whatsapp_template", "HX" + "a" * 32, "needs a number to send from"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_saved(
    admin: Admin, field: str, value: object, words: str
) -> None:
    answer = admin.visitor(OWNER).post(PAGE, **{**SENT, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'class="error"' in answer.text
    assert settings(admin).reminders == []


def test_whatsapp_goes_out_from_a_number_of_this_business_only(admin: Admin) -> None:
    def number_of(s: Session) -> str:
        return s.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).first() or ""

    ours = in_clinic(admin, number_of)
    theirs = admin.database.read(lambda s: number_of(bind_business(s, OFFICE)))
    owner = admin.visitor(OWNER)
    template = "HX" + "0a" * 16
    assert owner.post(PAGE, **{**SENT, "whatsapp_sender": theirs}).status_code == 422
    sent = {**SENT, "whatsapp_sender": ours, "whatsapp_template": template}
    assert owner.post(PAGE, **sent).status_code == 302
    assert (settings(admin).whatsapp_sender, settings(admin).whatsapp_template) == (ours, template)


def test_the_preview_shows_both_languages_as_they_would_be_received_and_saves_nothing(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    usual = owner.get(PAGE).text
    assert "תזכורת: תור ב" in usual
    assert "Reminder: your appointment at" in usual
    assert usual.count("this is what is sent") == 1
    assert "לאישור, שינוי או ביטול: http" in usual
    shown = owner.post(PAGE, **{**SENT, "reminder_text": WORDS, "customer_link": "", "preview": "1"})
    assert shown.status_code == 200
    assert "Noa Levi, see you at" in shown.text
    assert ":-}{ Reply 1 to confirm, 2 to cancel, STOP for no more SMS." in shown.text
    assert "/a/4711" not in shown.text
    assert settings(admin).reminder_text is None


def test_a_reminder_is_written_in_the_owners_words_and_its_braces_are_text(admin: Admin) -> None:
    admin.visitor(OWNER).post(PAGE, **{**SENT, "reminders": ["60"], "reminder_text": WORDS})
    starts = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=30)
    while starts.weekday() != 1:  # a Tuesday, in the hours
        starts += timedelta(days=1)

    def move_and_remind(s: Session) -> str:
        start = starts.replace(tzinfo=None)
        move_appointment(s, appointment_id=admin.clinic.appointment_id, start=start.replace(hour=11), now=NOW)
        row = s.get_one(Appointment, admin.clinic.appointment_id)
        row.name = "Dana"
        remind(s, CLINIC, row.starts_at - timedelta(minutes=59))
        query = select(OutboxMessage.payload).where(OutboxMessage.key.startswith("remind:"))
        return str(s.scalars(query).one()["body"])

    body = in_clinic(admin, move_and_remind)
    assert body.startswith("Dana, see you at ")
    assert ":-}{ לאישור להשיב 1, לביטול 2." in body


def test_the_appointments_page_shows_what_is_planned_what_went_out_and_what_came_back(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    page = f"/admin/b/{CLINIC}/appointments/{admin.clinic.appointment_id}"
    assert "There are no reminders of this one" in owner.get(page).text
    owner.post(PAGE, **SENT)
    shown = owner.get(page).text
    assert shown.count("planned") == 2
    assert "1 day before" in shown
    assert "2 hours before" in shown

    def sent(s: Session) -> None:
        row = s.get_one(Appointment, admin.clinic.appointment_id)
        for number, status in enumerate((OutboxStatus.SENT, OutboxStatus.FAILED)):
            s.add(
                OutboxMessage(
                    kind="sms",
                    key=f"remind:{row.uid}:{number}",
                    payload={"to": PHONE, "body": "…", "channel": "whatsapp"},
                    status=status,
                    last_error="too_late" if number else "",
                    next_try_at=NOW,
                    created_at=NOW,
                    sent_at=None if number else NOW,
                )
            )
        row.confirmed_at = NOW

    in_clinic(admin, sent)
    texted(admin, "running ten minutes late <b>", TextOutcome.PASSED_ON, about=admin.clinic.appointment_id)
    shown = owner.get(page).text
    assert "WhatsApp" in shown
    assert "the time in which it made sense is over" in shown
    assert "running ten minutes late &lt;b&gt;" in shown
    assert "Confirmed" in shown


def test_who_wants_no_more_messages_is_listed_with_their_own_words_and_no_reminder_is_promised(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post(PAGE, **SENT)
    texted(admin, "הסר", TextOutcome.STOPPED)
    in_clinic(admin, lambda s: s.add(StoppedNumber(phone=PHONE, stopped_at=NOW)))
    listed = owner.get(f"/admin/b/{CLINIC}/texts/stopped").text
    assert "050-123-4561" in listed
    assert "הסר" in listed
    shown = owner.get(f"/admin/b/{CLINIC}/appointments/{admin.clinic.appointment_id}").text
    assert "asked for no more messages" in shown
    assert "will not go out" in shown
    assert "planned" not in shown
    in_clinic(admin, lambda s: s.execute(delete(IncomingText)))
    assert "no longer kept" in owner.get(f"/admin/b/{CLINIC}/texts/stopped").text


def test_messages_of_customers_have_a_page_with_what_came_of_each(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    assert "No messages" in owner.get(f"/admin/b/{CLINIC}/texts").text
    texted(admin, "can I bring my dog?", TextOutcome.PASSED_ON)
    texted(admin, "1", TextOutcome.CONFIRMED, about=admin.clinic.appointment_id)
    page = owner.get(f"/admin/b/{CLINIC}/texts").text
    assert "can I bring my dog?" in page
    assert "passed on to you" in page
    assert f"/appointments/{admin.clinic.appointment_id}" in page
    assert "can I bring my dog?" not in admin.visitor(OTHER).get(f"/admin/b/{OFFICE}/texts").text


def test_only_the_owner_of_the_business_sets_it(admin: Admin) -> None:
    assert admin.visitor(VIEWER).get(PAGE).status_code == 200
    assert admin.visitor(VIEWER).post(PAGE, **SENT).status_code == 403
    assert admin.visitor(OTHER).post(PAGE, **SENT).status_code == 404
    assert settings(admin).reminders == []
