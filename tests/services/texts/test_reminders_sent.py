"""Reminders on their way: written when they are due, once, and dropped when they are true no more (K6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.twilio.rest import Fault
from services.appointments.customers import upsert_customer
from services.appointments.reminders import reminder_jobs
from services.appointments.taken import Place, first_resource, occupy
from services.db.models import Appointment, AppointmentStatus, BusinessSettings, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from services.outbox.outbox import try_again
from services.policy.hours import Span
from services.texts.undelivered import send_as_sms
from services.tools_calendar import cancel_appointment, move_appointment, set_appointment_status
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import tidy
from tests.services.texts.world import DAY_BEFORE, OTHER, PHONE, WEDNESDAY_TEN, ZONE, World, world_of

TWO_HOURS_BEFORE = WEDNESDAY_TEN - timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def test_each_goes_out_once_at_its_time_in_the_businesss_language(world: World) -> None:
    world.book()
    assert world.at(DAY_BEFORE - MINUTE).sent() == []
    for moment in (DAY_BEFORE, DAY_BEFORE + MINUTE, DAY_BEFORE + timedelta(hours=3)):
        world.at(moment)
    (first,) = world.sent()
    assert first.body.startswith("תזכורת: תור בClinic, יום רביעי, 3 במרץ בשעה 10:00. לאישור להשיב 1, לביטול 2.")
    assert first.body.endswith("לאישור, שינוי או ביטול: https://x/1")
    world.choose(language="en")
    for moment in (TWO_HOURS_BEFORE, TWO_HOURS_BEFORE + MINUTE, WEDNESDAY_TEN, WEDNESDAY_TEN + timedelta(days=3)):
        world.at(moment)
    _, second = world.sent()
    assert second.body.startswith("Reminder: your appointment at Clinic, Wednesday, 3 March at 10:00. Reply 1")
    assert world.states() == [OutboxStatus.SENT] * 2


def test_workers_at_once_write_each_once(world: World) -> None:
    for hour in range(6):
        world.book(WEDNESDAY_TEN + timedelta(hours=hour), phone=f"+97250123450{hour}")
    world.now = DAY_BEFORE + timedelta(hours=6)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: tidy(world.cast.database, world.now), range(8)))
    world.send()
    assert len(world.twilio.messages) == 6
    assert len({row.key for row in world.outbox("remind:")}) == 6


def test_nothing_goes_out_where_none_was_chosen_or_no_sms_is_sent(world: World) -> None:
    world.choose(reminders=[])
    world.book()
    world.at(DAY_BEFORE)
    world.choose(reminders=[120], may_send_sms=False)
    assert world.at(TWO_HOURS_BEFORE).sent() == []
    assert world.outbox("remind:") == []


def test_switching_reminders_on_reminds_of_what_is_coming_and_not_of_what_should_have_gone(world: World) -> None:
    world.choose(reminders=[])
    world.book()
    world.at(DAY_BEFORE + timedelta(hours=1))
    world.choose(reminders=[1440, 120])
    assert world.at(DAY_BEFORE + timedelta(hours=2)).sent() == []
    assert len(world.at(TWO_HOURS_BEFORE).sent()) == 1


def test_there_is_none_for_an_appointment_made_after_its_moment(world: World) -> None:
    world.now = DAY_BEFORE + timedelta(hours=1)
    world.book()
    assert world.at(DAY_BEFORE + timedelta(hours=2)).sent() == []
    assert len(world.at(TWO_HOURS_BEFORE).sent()) == 1


def test_one_for_a_quiet_time_goes_out_before_it(world: World) -> None:
    sunday = datetime(2027, 3, 7, 9, 30, tzinfo=ZONE)
    world.book(sunday)
    assert world.at(datetime(2027, 3, 5, 14, 29, tzinfo=ZONE)).sent() == []
    assert len(world.at(datetime(2027, 3, 5, 14, 30, tzinfo=ZONE)).sent()) == 1
    for hour in range(18 * 4):
        world.at(datetime(2027, 3, 5, 15, tzinfo=ZONE) + timedelta(hours=hour / 4))
    assert len(world.sent()) == 1


def test_what_was_held_up_until_a_quiet_time_is_not_sent_in_it(world: World) -> None:
    world.book(datetime(2027, 3, 7, 9, 30, tzinfo=ZONE))
    friday = datetime(2027, 3, 5, 14, 30, tzinfo=ZONE)
    world.now = friday
    tidy(world.cast.database, friday)
    world.twilio.faults.extend([Fault("error", status=429)] * 20)
    for minutes in range(0, 60, 5):
        world.now = friday + timedelta(minutes=minutes)
        world.send()
    assert world.sent() == []
    (row,) = world.outbox("remind:")
    assert (row.status, row.last_error) == (OutboxStatus.FAILED, "too_late")


def test_a_move_brings_reminders_of_the_new_time_and_none_of_the_old(world: World) -> None:
    booking = world.book()
    world.now = DAY_BEFORE
    tidy(world.cast.database, world.now)  # written, not sent yet
    later = WEDNESDAY_TEN + timedelta(days=5)
    world.in_clinic(lambda s: move_appointment(s, appointment_id=booking.id, start=later, now=world.now))
    world.send()
    assert world.states() == [OutboxStatus.DROPPED]
    world.at(TWO_HOURS_BEFORE)
    world.at(later - timedelta(days=1))
    (sent,) = world.sent()
    assert "8 במרץ" in sent.body


def test_moved_there_and_back_it_is_reminded_of_once(world: World) -> None:
    booking = world.book()
    for start in (WEDNESDAY_TEN + timedelta(days=5), WEDNESDAY_TEN):
        world.in_clinic(lambda s, start=start: move_appointment(s, appointment_id=booking.id, start=start, now=NOW))
    world.at(DAY_BEFORE)
    world.at(DAY_BEFORE + MINUTE)
    assert len(world.sent()) == 1


def test_a_cancelled_one_is_not_reminded_of_and_one_put_back_is(world: World) -> None:
    booking = world.book()
    world.in_clinic(lambda s: cancel_appointment(s, appointment_id=booking.id, now=NOW))
    assert world.at(DAY_BEFORE).sent() == []
    status = AppointmentStatus.BOOKED
    world.in_clinic(lambda s: set_appointment_status(s, appointment_id=booking.id, status=status, now=world.now))
    assert len(world.at(TWO_HOURS_BEFORE).sent()) == 1


@pytest.mark.parametrize("change", ["moved", "cancelled"])
def test_a_text_that_is_no_longer_true_is_not_sent_whatever_state_it_is_in(world: World, change: str) -> None:
    """It was being sent by a worker that died, or was set aside, when the appointment changed."""
    booking = world.book()
    world.now = DAY_BEFORE
    tidy(world.cast.database, world.now)

    def set_aside(s: Session) -> None:
        s.scalars(select(OutboxMessage)).one().status = OutboxStatus.FAILED

    world.in_clinic(set_aside)
    later = WEDNESDAY_TEN + timedelta(days=5)
    if change == "moved":
        world.in_clinic(lambda s: move_appointment(s, appointment_id=booking.id, start=later, now=world.now))
    else:
        world.in_clinic(lambda s: cancel_appointment(s, appointment_id=booking.id, now=world.now))
    assert world.in_clinic(lambda s: try_again(s, s.scalars(select(OutboxMessage)).one().id, world.now))
    world.send()
    (row,) = world.outbox("remind:")
    assert (world.sent(), row.status, row.last_error) == ([], OutboxStatus.FAILED, "no_longer_true")


def test_a_lost_answer_of_twilios_sends_it_once(world: World) -> None:
    world.book()
    tidy(world.cast.database, DAY_BEFORE)
    today = world.now = datetime.now(UTC)

    def date_today(s: Session) -> None:
        """The API's messages carry today's date."""
        row = s.scalars(select(OutboxMessage)).one()
        row.created_at = row.next_try_at = today
        row.payload = {name: value for name, value in row.payload.items() if name != "not_after"}

    world.in_clinic(date_today)
    world.twilio.faults.append(Fault("lost_answer"))
    for minutes in range(0, 40, 4):
        world.now = today + timedelta(minutes=minutes)
        world.send()
    assert (len(world.sent()), world.states()) == (1, [OutboxStatus.SENT])


def test_one_businesss_broken_settings_stop_no_others_reminders(world: World, cast: Cast) -> None:
    """(S3)"""
    world.book()

    def spoil(s: Session) -> None:
        bind_business(s, cast.office.id)
        row = s.scalars(select(BusinessSettings)).one()
        row.reminders, row.timezone = [60], "Mars/Olympus"
        hour = Span(WEDNESDAY_TEN, WEDNESDAY_TEN + timedelta(hours=1))
        customer = upsert_customer(s, phone=OTHER, now=NOW)
        appointment = Appointment(uid="office", request_key="office", customer_id=customer.id, remind_at=NOW)
        appointment.created_at = appointment.updated_at = NOW
        occupy(s, appointment, Place(first_resource(s), hour, hour))

    cast.database.write(spoil)
    for job in reminder_jobs(cast.database, lambda: DAY_BEFORE):
        try:
            job.run()
        except ZoneInfoNotFoundError as error:
            assert job.give_up is not None
            job.give_up(type(error).__name__)
    world.now = DAY_BEFORE
    world.send()
    assert len(world.sent()) == 1
    assert list(reminder_jobs(cast.database, lambda: DAY_BEFORE)) == [], "and it is not looked at for ever"


# -- WhatsApp ------------------------------------------------------------------------------------------------------

TEMPLATE = "HX" + "a" * 32


def test_with_a_sender_it_goes_by_whatsapp(cast: Cast) -> None:
    with world_of(cast, whatsapp_sender="+97231110001") as world:
        world.book()
        (sent,) = world.at(DAY_BEFORE).sent()
        assert (sent.sender, sent.to) == ("whatsapp:+97231110001", f"whatsapp:{PHONE}")
        assert "10:00" in sent.body


def test_with_a_template_whatsapp_gets_its_variables(cast: Cast) -> None:
    with world_of(cast, whatsapp_sender="+97231110001", whatsapp_template=TEMPLATE) as world:
        world.book()
        (sent,) = world.at(DAY_BEFORE).sent()
        assert (sent.template, sent.body) == (TEMPLATE, "")
        assert sent.variables == '{"1": "Clinic", "2": "יום רביעי, 3 במרץ בשעה 10:00", "3": "https://x/1"}'


def test_what_whatsapp_refuses_at_once_goes_as_an_sms(cast: Cast) -> None:
    with world_of(cast, whatsapp_sender="+97231110001") as world:
        world.book()
        world.twilio.faults.append(Fault("error", status=400))
        (sent,) = world.at(DAY_BEFORE).sent()
        assert (sent.sender, sent.to) == ("+97231110001", PHONE)


def test_what_whatsapp_could_not_deliver_goes_as_an_sms_once(cast: Cast) -> None:
    with world_of(cast, whatsapp_sender="+97231110001") as world:
        world.book()
        world.at(DAY_BEFORE)
        (row,) = world.outbox("remind:")
        for number in (OTHER, PHONE, PHONE):
            cast.database.write(lambda s, number=number: send_as_sms(s, row.id, number, world.now))
        world.send()
        assert [each.to for each in world.twilio.messages] == [f"whatsapp:{PHONE}", PHONE]


def test_another_businesss_number_is_no_sender(cast: Cast) -> None:
    """(S6)"""
    with world_of(cast, whatsapp_sender="+97231110002") as world:
        world.book()
        assert world.at(DAY_BEFORE).sent() == []
        assert [row.last_error for row in world.outbox("remind:")] == ["not_our_number"]
