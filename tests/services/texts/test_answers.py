"""What customers answer, and what comes of it: on both databases, to messages that were really sent (K6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.db.models import (
    AppointmentStatus,
    AuditKind,
    Channel,
    Notify,
    OutboxKind,
    OutboxStatus,
    StoppedNumber,
    TextOutcome,
)
from services.texts.incoming import NOTICES_AN_HOUR, TEXTS_A_DAY, Message, queue_reply
from services.tools_calendar import Booking, cancel_appointment, move_appointment
from tests.services.db.fixtures import Cast
from tests.services.texts.world import CLINIC, DAY_BEFORE, OFFICE, OTHER, PHONE, WEDNESDAY_TEN, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def reminded(world: World) -> Booking:
    """An appointment whose reminder was sent; the owner hears of things by webhook."""
    world.choose(notify_by=Notify.WEBHOOK, webhook_url="https://hooks.example.com/x")
    booking = world.book()
    world.at(DAY_BEFORE)
    assert len(world.sent()) == 1
    return booking


def outcome(world: World) -> TextOutcome:
    return world.texts()[-1].outcome


def told(world: World) -> list[dict[str, Any]]:
    return [row.payload["event"] for row in world.outbox("notify:")]


def test_one_confirms_once_and_it_stands_there(world: World, reminded: Booking) -> None:
    assert world.says("1") == "תודה. התור בClinic, יום רביעי, 3 במרץ בשעה 10:00, אושר."
    row = world.appointment(reminded)
    assert (row.confirmed_at, row.status, row.sequence) == (world.now, AppointmentStatus.BOOKED, 1)
    assert "אושר" in world.says("כן")
    assert world.appointment(reminded).sequence == 1
    assert [text.outcome for text in world.texts()] == [TextOutcome.CONFIRMED, TextOutcome.ALREADY]
    assert told(world) == []
    (event,) = world.audit()
    assert (event.kind, event.actor, event.subject) == (AuditKind.APPOINTMENT_CONFIRMED, "customer", str(reminded.id))
    assert event.detail == {"how": "sms"}


def test_two_cancels_the_time_is_free_and_everybody_is_told_once(world: World, reminded: Booking) -> None:
    assert world.says("2").startswith("התור בClinic, יום רביעי, 3 במרץ בשעה 10:00, בוטל.")
    assert world.appointment(reminded).status is AppointmentStatus.CANCELLED
    assert "כבר היה מבוטל" in world.says("2")
    (event,) = told(world)
    assert (event["type"], event["by"], event["appointment"]["phone"]) == ("appointment.cancelled", "sms", PHONE)
    world.at(WEDNESDAY_TEN - timedelta(hours=2))
    assert len(world.sent()) == 1, "the reply was all: no further SMS, and no reminder"
    assert [row.detail for row in world.audit()] == [{"status": "cancelled", "how": "sms"}]
    world.book(phone=OTHER)


def test_the_answer_speaks_the_businesss_language(world: World, reminded: Booking) -> None:
    world.choose(language="en")
    assert world.says("Yes") == "Thank you. Your appointment at Clinic, Wednesday, 3 March at 10:00, is confirmed."


@pytest.mark.parametrize("text", ["1", "2", "hello"])
def test_the_same_message_again_does_nothing_twice_and_gets_the_same_answer(
    world: World, reminded: Booking, text: str
) -> None:
    with ThreadPoolExecutor(6) as threads:
        replies = set(threads.map(lambda _: world.says(text, sid="SMagain"), range(6)))
    assert len(replies) == 1
    assert replies != {""}
    assert len(world.texts()) == 1
    assert len(told(world)) == (text != "1")
    assert world.appointment(reminded).sequence == (text != "hello")


def test_answers_that_race_end_in_one_state(world: World, reminded: Booking) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(world.says, ["1", "2"] * 4))
    assert world.appointment(reminded).status is AppointmentStatus.CANCELLED
    assert [event["type"] for event in told(world) if event["type"] != "text.received"] == ["appointment.cancelled"]


@pytest.mark.parametrize("minutes", [0, 15, 60 * 26])
@pytest.mark.parametrize("text", ["1", "2"])
def test_an_answer_after_it_has_begun_changes_nothing_and_reaches_the_owner(
    world: World, reminded: Booking, text: str, minutes: int
) -> None:
    before = world.appointment(reminded)
    world.at(WEDNESDAY_TEN + timedelta(minutes=minutes))
    assert "כבר התחיל או עבר" in world.says(text)
    after = world.appointment(reminded)
    assert (after.status, after.sequence, after.confirmed_at) == (before.status, before.sequence, None)
    assert outcome(world) is TextOutcome.OVER
    assert told(world)[-1]["type"] == "text.received"


def test_of_several_the_one_that_was_asked_about_last_is_meant(world: World, reminded: Booking) -> None:
    second = world.book(WEDNESDAY_TEN + timedelta(days=5, hours=3))
    assert "3 במרץ בשעה 10:00" in world.says("1"), "the other was not asked about yet"
    world.at(WEDNESDAY_TEN + timedelta(days=4, hours=3))
    assert "8 במרץ בשעה 13:00, בוטל" in world.says("2")
    assert world.appointment(second).status is AppointmentStatus.CANCELLED
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED


def test_a_confirmation_between_does_not_take_the_reminders_answer(world: World, reminded: Booking) -> None:
    world.choose(sms_confirmation=True)
    later = world.book(WEDNESDAY_TEN + timedelta(days=6))
    world.at(world.now + MINUTE)
    assert len(world.sent()) == 2
    assert "3 במרץ" in world.says("2")
    assert world.appointment(later).status is AppointmentStatus.BOOKED


def test_a_confirmation_can_be_answered_too(world: World) -> None:
    world.choose(sms_confirmation=True, reminders=[])
    booking = world.book()
    world.at(world.now + MINUTE)
    assert "בוטל" in world.says("ביטול")
    assert world.appointment(booking).status is AppointmentStatus.CANCELLED


def test_an_answer_to_a_time_that_is_no_longer_so_gets_the_new_one(world: World, reminded: Booking) -> None:
    later = WEDNESDAY_TEN + timedelta(hours=3)
    world.in_clinic(lambda s: move_appointment(s, appointment_id=reminded.id, start=later, now=world.now))
    assert world.says("2") == "התור בClinic הועבר בינתיים: יום רביעי, 3 במרץ בשעה 13:00. לאישור להשיב 1, לביטול 2."
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED
    assert "13:00, אושר" in world.says("1")


def test_what_the_owner_cancelled_cannot_be_confirmed(world: World, reminded: Booking) -> None:
    world.in_clinic(lambda s: cancel_appointment(s, appointment_id=reminded.id, now=world.now))
    assert "כבר היה מבוטל" in world.says("1")
    assert outcome(world) is TextOutcome.GONE
    assert told(world)[-1]["text"]["outcome"] == "gone"


def test_where_customers_may_not_cancel_the_wish_goes_to_the_owner(world: World, reminded: Booking) -> None:
    """(L9)"""
    world.choose(may_change=False)
    assert "אי אפשר לבטל בהודעה" in world.says("2")
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED
    assert told(world)[-1]["text"]["body"] == "2"


# -- words ---------------------------------------------------------------------------------------------------------


def test_anything_else_reaches_the_owner_and_is_answered_once(world: World, reminded: Booking) -> None:
    first = world.says("אפשר לבוא עם הכלב?")
    assert first.startswith("תודה, העברנו את ההודעה לClinic. לתור יום רביעי, 3 במרץ בשעה 10:00: לאישור להשיב 1")
    assert world.says("הוא קטן") == "", "two machines that thank each other stop here"
    assert [event["text"]["body"] for event in told(world)] == ["אפשר לבוא עם הכלב?", "הוא קטן"]
    assert [(row.text, row.outcome) for row in world.texts()] == [
        ("אפשר לבוא עם הכלב?", TextOutcome.PASSED_ON),
        ("הוא קטן", TextOutcome.PASSED_ON),
    ]


@pytest.mark.parametrize(
    ("notify_by", "kind", "value"),
    [(Notify.SMS, OutboxKind.SMS, "body"), (Notify.EMAIL, OutboxKind.EMAIL, "body"), (Notify.OFF, None, "")],
)
def test_the_owner_is_told_by_the_way_chosen(
    world: World, reminded: Booking, notify_by: Notify, kind: OutboxKind | None, value: str
) -> None:
    world.choose(notify_by=notify_by, notify_phone="+972501110000", notify_email="owner@example.com")
    world.says("אאחר בעשר דקות")
    rows = world.outbox("notify:")
    assert [row.kind for row in rows] == ([kind] if kind else [])
    for row in rows:
        assert f"Clinic: הודעה מדנה כהן {PHONE}: אאחר בעשר דקות https://phone" in row.payload[value]


def test_pictures_are_left_where_they_are(world: World, reminded: Booking) -> None:
    world.says("", media_count=2)
    (text,) = world.texts()
    assert (text.text, text.media_count) == ("", 2)
    assert told(world)[-1]["text"]["body"] == ""
    world.says("1", media_count=1)
    assert world.appointment(reminded).confirmed_at is not None


def test_a_flood_is_bounded_and_an_answer_gets_through_it(world: World, reminded: Booking) -> None:
    for number in range(TEXTS_A_DAY + 5):
        world.says(f"and number {number}?")
    assert len(world.texts()) == TEXTS_A_DAY
    assert len(told(world)) == NOTICES_AN_HOUR
    assert "בוטל" in world.says("2")
    assert world.says("stop") == ""
    assert len(world.rows(StoppedNumber)) == 1


# -- who writes ----------------------------------------------------------------------------------------------------


def test_an_unknown_number_gets_no_answer_and_its_words_reach_the_owner(world: World, reminded: Booking) -> None:
    """We write to customers only (S6)."""
    for text in ("2", "1", "מתי אתם פתוחים?"):
        assert world.says(text, frm="+972509999999") == ""
    assert {row.outcome for row in world.texts()} == {TextOutcome.PASSED_ON}
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED
    assert len(told(world)) == 3
    assert world.says("hello", frm="") == ""


def test_a_number_alone_opens_nothing(world: World) -> None:
    """Nothing was sent to it: whoever writes from it may have faked it (S5)."""
    booking = world.book()
    assert "העברנו את ההודעה" in world.says("2")
    assert world.appointment(booking).status is AppointmentStatus.BOOKED


@pytest.mark.parametrize("to", [OFFICE, "+97231119999"])
def test_an_answer_to_another_business_is_none_to_this_one(world: World, reminded: Booking, to: str) -> None:
    assert world.says("2", to=to) == ""
    assert world.texts() == []
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED


def test_a_message_id_of_another_business_is_nobodys(world: World, reminded: Booking) -> None:
    assert world.says("hello", to=OFFICE, sid="SMsame") == ""
    assert world.says("2", sid="SMsame") == ""
    assert world.appointment(reminded).status is AppointmentStatus.BOOKED


def test_an_answer_by_whatsapp_counts(world: World) -> None:
    world.choose(whatsapp_sender=CLINIC)
    booking = world.book()
    world.at(DAY_BEFORE)
    assert "אושר" in world.says("1", channel=Channel.WHATSAPP)
    assert world.appointment(booking).confirmed_at is not None
    assert world.texts()[0].channel is Channel.WHATSAPP
    assert world.audit()[-1].detail == {"how": "whatsapp"}


# -- no more messages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "reply"), [("STOP", ""), ("unsubscribe", ""), ("הסר", "לא נשלח אליך יותר")])
def test_stop_is_respected_until_start(world: World, reminded: Booking, word: str, reply: str) -> None:
    """Twilio answers its own words by itself."""
    said = world.says(word)
    assert said.startswith(reply)
    assert bool(said) == bool(reply)
    assert world.says("אפשר לשאול משהו?") == "", "no message means no reply either"
    world.at(WEDNESDAY_TEN - timedelta(hours=2))
    assert len(world.sent()) == 1
    assert world.states() == [OutboxStatus.SENT, OutboxStatus.FAILED]
    assert world.outbox("remind:")[-1].last_error == "stopped"
    assert world.says("התחל").startswith("מעכשיו נשלח אליך שוב")
    assert world.rows(StoppedNumber) == []
    kinds = [row.kind for row in world.audit()]
    assert kinds == [AuditKind.TEXTS_STOPPED, AuditKind.TEXTS_ALLOWED]
    assert PHONE not in str([(row.detail, row.subject, row.actor) for row in world.audit()])


def test_stop_stops_codes_and_changes_too(world: World, reminded: Booking) -> None:
    """A code that Twilio does not deliver would be waited for in vain."""
    from services.appointments.confirmations import can_be_written_to

    world.says("stop")
    assert not world.in_clinic(lambda s: can_be_written_to(s, PHONE))
    assert world.in_clinic(lambda s: can_be_written_to(s, OTHER))


def test_stop_holds_for_one_business_only(world: World, cast: Cast) -> None:
    world.says("הסר")
    from services.accounts.reach import wants_no_messages
    from services.db.tenancy import bind_business

    assert not cast.database.read(lambda s: wants_no_messages(bind_business(s, cast.office.id), PHONE))
    assert cast.database.read(lambda s: wants_no_messages(bind_business(s, cast.clinic.id), PHONE))


def test_who_has_stopped_can_still_cancel(world: World, reminded: Booking) -> None:
    world.says("stop")
    assert world.says("2") == ""
    assert world.appointment(reminded).status is AppointmentStatus.CANCELLED


def test_cancel_means_the_appointment_and_stop_where_there_is_none(world: World) -> None:
    """Twilio takes CANCEL for STOP: with nothing to cancel so do we."""
    assert world.says("CANCEL") == ""
    assert len(world.rows(StoppedNumber)) == 1
    world.says("start")
    booking = world.book()
    world.at(DAY_BEFORE)
    assert "בוטל" in world.says("CANCEL", twilio_says="STOP")
    assert world.appointment(booking).status is AppointmentStatus.CANCELLED
    assert len(world.rows(StoppedNumber)) == 1, "Twilio delivers nothing to this number any more, and so it is said"


# -- limits and late answers ---------------------------------------------------------------------------------------


def test_replies_count_as_sms_of_the_day(world: World, reminded: Booking) -> None:
    """(S2)"""
    world.choose(sms_per_day=2)
    assert "אושר" in world.says("1")
    assert world.says("1") == ""
    assert world.texts()[-1].outcome is TextOutcome.ALREADY


@pytest.mark.parametrize("number", ["+9721900123456", "+8816123456789", "+447911123456"])
def test_no_reply_goes_to_a_number_that_nobody_writes_to(world: World, number: str) -> None:
    """Although it is a customer's (S6)."""
    world.book(phone=number)
    assert world.says("hello", frm=number) == ""


def test_an_answer_that_comes_too_late_for_the_request_is_sent_as_a_message(world: World, reminded: Booking) -> None:
    """The database was away while Twilio waited."""
    message = Message("SMlate", PHONE, CLINIC, "2")
    reply = world.says("2", sid="SMlate")
    for _ in range(2):
        world.cast.database.write(lambda s: queue_reply(s, message, reply, world.now))
    world.send()
    assert [sms.body for sms in world.sent()][1:] == [reply]
