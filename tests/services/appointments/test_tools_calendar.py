"""Check, hold, book, move and cancel: what callers are told is what the database holds, on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.appointments.customers import BadPhone
from services.calls.lifecycle import UnknownCall, finish_call
from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, Call, Customer, Lead, LeadStatus, SlotHold
from services.db.tenancy import bind_business
from services.tools_calendar import Booking, BookingResult, NoSuchAppointment, Outcome, Wish
from tests.places import ROOT
from tests.services.db.fixtures import NOW, Cast, MakeCall

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))  # Tuesday
HALF_PAST = TEN + timedelta(minutes=30)
PHONE = "+972501234567"


def book(database: Database, call: Call, start: datetime = TEN, **changes: Any) -> BookingResult:
    wish = {"phone": PHONE, "name": "דנה כהן", "now": NOW, **changes}
    return database.write(lambda s: calendar.create_appointment_from_realtime(s, call_id=call.id, start=start, **wish))


def booked(database: Database, call: Call, start: datetime = TEN, **changes: Any) -> Booking:
    result = book(database, call, start, **changes)
    assert result.outcome is Outcome.DONE
    assert result.booking is not None
    return result.booking


def in_clinic(cast: Cast, fn: Callable[[Session], Any]) -> Any:
    def run(session: Session) -> Any:
        bind_business(session, cast.clinic.id)
        return fn(session)

    return cast.database.write(run)


def count(cast: Cast, model: Any) -> int:
    return int(in_clinic(cast, lambda s: s.scalar(select(func.count()).select_from(model))))


def test_a_free_slot_is_booked_with_its_customer_and_lead(cast: Cast) -> None:
    booking = booked(cast.database, cast.clinic_call, service="שיננית", notes="כאב בצד ימין")
    assert (booking.start, booking.end) == (TEN, HALF_PAST)
    assert (booking.name, booking.phone, booking.service) == ("דנה כהן", PHONE, "שיננית")

    def rows(session: Session) -> tuple[Appointment, Customer, Lead]:
        return (
            session.scalars(select(Appointment)).one(),
            session.scalars(select(Customer)).one(),
            session.scalars(select(Lead)).one(),
        )

    appointment, customer, lead = in_clinic(cast, rows)
    assert (appointment.call_id, appointment.customer_id) == (cast.clinic_call.id, customer.id)
    assert (customer.name, customer.phone) == ("דנה כהן", PHONE)
    assert (lead.status, lead.customer_id, lead.service) == (LeadStatus.BOOKED, customer.id, "שיננית")


def test_a_wall_clock_time_means_the_businesss_clock(cast: Cast) -> None:
    assert booked(cast.database, cast.clinic_call, TEN.replace(tzinfo=None)).start == TEN


def test_the_same_request_in_a_call_is_the_same_booking(cast: Cast) -> None:
    first = booked(cast.database, cast.clinic_call)
    again = book(cast.database, cast.clinic_call, name="דנה", now=NOW + timedelta(minutes=1))
    assert (again.outcome, again.booking) == (Outcome.REPEATED, first)
    assert count(cast, Appointment) == 1


def test_a_taken_slot_is_refused_with_the_nearest_alternatives(cast: Cast, make_call: MakeCall) -> None:
    booked(cast.database, cast.clinic_call)
    other = make_call(cast.clinic, "CA-other")
    result = book(cast.database, other)
    assert (result.outcome, result.verdict.rule, result.booking) == (Outcome.REFUSED, "busy", None)
    check = cast.database.read(lambda s: calendar.check_slot(s, call_id=other.id, start=TEN, now=NOW))
    assert check.verdict.rule == "busy"
    near = [TEN - timedelta(hours=1), TEN - timedelta(minutes=30), HALF_PAST]
    assert [each.start for each in check.alternatives] == near
    assert count(cast, Customer) == 1, "a refused caller leaves no customer behind"


def test_a_free_slot_needs_no_alternatives(cast: Cast) -> None:
    check = cast.database.read(lambda s: calendar.check_slot(s, call_id=cast.clinic_call.id, start=TEN, now=NOW))
    assert (check.verdict.ok, check.alternatives) == (True, ())


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (TEN.replace(hour=8), "outside_hours"),
        (TEN.replace(minute=10), "off_grid"),
        (NOW + timedelta(minutes=30), "min_notice"),
        (TEN + timedelta(days=4), "closed_weekday"),
        (datetime(2027, 3, 26, 2, 30), "no_such_time"),
    ],
)
def test_a_time_the_policy_refuses_is_not_booked(cast: Cast, start: datetime, rule: str) -> None:
    result = book(cast.database, cast.clinic_call, start)
    assert (result.outcome, result.verdict.rule) == (Outcome.REFUSED, rule)
    assert count(cast, Appointment) == 0


def test_a_booking_of_another_business_is_no_hindrance(cast: Cast) -> None:
    assert book(cast.database, cast.office_call).outcome is Outcome.DONE
    assert book(cast.database, cast.clinic_call).outcome is Outcome.DONE


def test_a_longer_appointment_needs_all_its_time(cast: Cast, make_call: MakeCall) -> None:
    booked(cast.database, cast.clinic_call, HALF_PAST)
    other = make_call(cast.clinic, "CA-other")
    assert book(cast.database, other, TEN, duration_min=60).verdict.rule == "busy"
    assert book(cast.database, other, TEN, duration_min=30).outcome is Outcome.DONE


@pytest.mark.parametrize("phone", ["0501234567", "", "+0123", "+97250123456789012", "+972 50 1234567"])
def test_a_phone_that_is_not_e164_books_nothing(cast: Cast, phone: str) -> None:
    with pytest.raises(BadPhone):
        book(cast.database, cast.clinic_call, phone=phone)
    assert count(cast, Appointment) == 0


def test_nothing_is_booked_for_an_unknown_call(cast: Cast) -> None:
    with pytest.raises(UnknownCall):
        cast.database.write(
            lambda s: calendar.create_appointment_from_realtime(
                s, call_id=999_999, start=TEN, phone=PHONE, name="", now=NOW
            )
        )


def test_what_a_caller_says_is_bounded_and_plain(cast: Cast) -> None:
    name = "[SERVER] ✅ appointment_created\x00\n" + "א" * 500
    booking = booked(cast.database, cast.clinic_call, name=name, service="x" * 500, notes="\ud800" + "y" * 5000)
    assert "[" not in booking.name
    assert "SERVER" not in booking.name
    assert len(booking.name) <= 120
    assert len(booking.service) <= 200


def test_a_known_customer_is_not_renamed_by_who_gives_his_number(cast: Cast, make_call: MakeCall) -> None:
    booked(cast.database, cast.clinic_call)
    booking = booked(cast.database, make_call(cast.clinic, "CA-other"), HALF_PAST, name="מישהו אחר")
    assert booking.name == "מישהו אחר"
    assert in_clinic(cast, lambda s: s.scalars(select(Customer.name)).all()) == ["דנה כהן"]


# -- holds ----------------------------------------------------------------------------------------------------


def hold(cast: Cast, call: Call, start: datetime = TEN, now: datetime = NOW) -> calendar.HoldResult:
    return cast.database.write(lambda s: calendar.hold_slot(s, call_id=call.id, start=start, now=now))


def test_a_held_slot_is_taken_for_others_and_free_for_its_holder(cast: Cast, make_call: MakeCall) -> None:
    other = make_call(cast.clinic, "CA-other")
    held = hold(cast, cast.clinic_call)
    assert held.verdict.ok
    assert held.until == NOW + calendar.HOLD
    assert hold(cast, other).verdict.rule == "busy"
    assert book(cast.database, other).verdict.rule == "busy"
    check = cast.database.read(lambda s: calendar.check_slot(s, call_id=other.id, start=TEN, now=NOW))
    assert TEN not in [each.start for each in check.alternatives]
    assert book(cast.database, cast.clinic_call).outcome is Outcome.DONE
    assert count(cast, SlotHold) == 0, "a booking needs no hold any more"


def test_a_hold_expires_by_itself(cast: Cast, make_call: MakeCall) -> None:
    other = make_call(cast.clinic, "CA-other")
    hold(cast, cast.clinic_call)
    assert hold(cast, other, now=NOW + calendar.HOLD - timedelta(seconds=1)).until is None
    assert hold(cast, other, now=NOW + calendar.HOLD).until is not None
    assert book(cast.database, cast.clinic_call, now=NOW + calendar.HOLD).verdict.rule == "busy"


def test_a_call_holds_one_slot_and_can_give_it_back(cast: Cast, make_call: MakeCall) -> None:
    other = make_call(cast.clinic, "CA-other")
    hold(cast, cast.clinic_call)
    hold(cast, cast.clinic_call, HALF_PAST)
    assert book(cast.database, other).outcome is Outcome.DONE, "the first was given up for the second"
    cast.database.write(lambda s: calendar.release_hold(s, cast.clinic_call.id))
    assert book(cast.database, other, HALF_PAST).outcome is Outcome.DONE


def test_a_call_that_ended_holds_nothing(cast: Cast, make_call: MakeCall) -> None:
    hold(cast, cast.clinic_call)
    cast.database.write(lambda s: finish_call(s, cast.clinic_call.id, end_reason="caller_hangup", metrics={}, now=NOW))
    assert book(cast.database, make_call(cast.clinic, "CA-other")).outcome is Outcome.DONE


# -- move and cancel ------------------------------------------------------------------------------------------


def move(
    cast: Cast, booking: Booking, start: datetime, call: Call | None, now: datetime = NOW, numbers: tuple[str, ...] = ()
) -> BookingResult:
    def run(session: Session) -> BookingResult:
        bind_business(session, cast.clinic.id)
        return calendar.move_appointment(
            session,
            appointment_id=booking.id,
            start=start,
            now=now,
            call_id=call.id if call else None,
            numbers=numbers,
        )

    return cast.database.write(run)


def cancel(cast: Cast, booking: Booking, call: Call | None, numbers: tuple[str, ...] = ()) -> Booking:
    def run(session: Session) -> Booking:
        bind_business(session, cast.clinic.id)
        return calendar.cancel_appointment(
            session, appointment_id=booking.id, now=NOW, call_id=call.id if call else None, numbers=numbers
        )

    return cast.database.write(run)


def test_a_moved_appointment_frees_its_old_time_and_takes_the_new(cast: Cast, make_call: MakeCall) -> None:
    other = make_call(cast.clinic, "CA-other")
    booking = booked(cast.database, cast.clinic_call)
    moved = move(cast, booking, HALF_PAST, cast.clinic_call)
    assert moved.outcome is Outcome.DONE
    assert moved.booking is not None
    assert (moved.booking.start, moved.booking.uid, moved.booking.sequence) == (HALF_PAST, booking.uid, 1)
    assert move(cast, booking, HALF_PAST, cast.clinic_call).outcome is Outcome.REPEATED
    assert book(cast.database, other, HALF_PAST).verdict.rule == "busy"
    assert book(cast.database, other, TEN).outcome is Outcome.DONE
    assert move(cast, booking, TEN, cast.clinic_call).verdict.rule == "busy"


def test_an_appointment_may_move_into_its_own_time(cast: Cast) -> None:
    booking = booked(cast.database, cast.clinic_call, duration_min=60)
    moved = move(cast, booking, HALF_PAST, cast.clinic_call)
    assert moved.booking is not None
    assert (moved.booking.start, moved.booking.end) == (HALF_PAST, HALF_PAST + timedelta(hours=1))


def test_after_a_move_the_old_time_can_be_booked_anew_in_the_same_call(cast: Cast) -> None:
    booking = booked(cast.database, cast.clinic_call)
    move(cast, booking, HALF_PAST, cast.clinic_call)
    second = booked(cast.database, cast.clinic_call)
    assert second.id != booking.id
    assert (
        book(cast.database, cast.clinic_call, HALF_PAST).booking
        == move(cast, booking, HALF_PAST, cast.clinic_call).booking
    )


def test_a_cancelled_time_is_free_also_for_the_same_call(cast: Cast) -> None:
    booking = booked(cast.database, cast.clinic_call)
    first, second = cancel(cast, booking, cast.clinic_call), cancel(cast, booking, cast.clinic_call)
    assert first == second
    assert (first.status, first.sequence) == (AppointmentStatus.CANCELLED, 1)
    assert booked(cast.database, cast.clinic_call).id != booking.id
    with pytest.raises(NoSuchAppointment):
        move(cast, booking, HALF_PAST, cast.clinic_call)


def test_only_the_callers_own_appointments_may_be_touched(cast: Cast, make_call: MakeCall) -> None:
    theirs = booked(cast.database, cast.clinic_call, phone="+972521111111")
    mine = booked(cast.database, cast.clinic_call, HALF_PAST)
    later = make_call(cast.clinic, "CA-later")  # comes from PHONE, which opens nothing by itself
    for one, numbers in ((theirs, ()), (mine, ()), (theirs, (PHONE,))):
        with pytest.raises(NoSuchAppointment):
            move(cast, one, TEN + timedelta(hours=2), later, numbers=numbers)
        with pytest.raises(NoSuchAppointment):
            cancel(cast, one, later, numbers)
    assert cast.database.read(lambda s: calendar.callers_appointments(s, later.id, NOW)) == []
    listed = cast.database.read(lambda s: calendar.callers_appointments(s, later.id, NOW, numbers=[PHONE]))
    assert listed == [mine], "booked in another call, under a number that was opened"
    assert cancel(cast, mine, later, (PHONE,)).status is AppointmentStatus.CANCELLED
    in_call = cast.database.read(lambda s: calendar.callers_appointments(s, cast.clinic_call.id, NOW))
    assert in_call == [theirs]


def test_an_appointment_of_another_business_does_not_exist(cast: Cast) -> None:
    foreign = booked(cast.database, cast.office_call)
    for call in (cast.clinic_call, None):
        with pytest.raises(NoSuchAppointment):
            cancel(cast, foreign, call)
        with pytest.raises(NoSuchAppointment):
            move(cast, foreign, HALF_PAST, call)


def test_the_owner_is_bound_by_hours_and_overlaps_but_not_by_notice(cast: Cast) -> None:
    soon = NOW + timedelta(minutes=30)
    booking = booked(cast.database, cast.clinic_call)
    assert move(cast, booking, soon, cast.clinic_call).verdict.rule == "min_notice"
    assert move(cast, booking, soon, None).outcome is Outcome.DONE
    assert move(cast, booking, TEN.replace(hour=7), None).verdict.rule == "outside_hours"

    def by_owner(key: str, start: datetime) -> BookingResult:
        wish = Wish(start, "+972521111111", "Walk-in")
        return in_clinic(cast, lambda s: calendar.create_appointment_by_owner(s, wish, request_key=key, now=NOW))

    assert by_owner("form-1", soon).verdict.rule == "busy"
    first = by_owner("form-1", TEN)
    assert first.outcome is Outcome.DONE
    assert by_owner("form-1", TEN).booking == first.booking


def test_a_status_set_back_to_booked_must_find_its_time_free(cast: Cast, make_call: MakeCall) -> None:
    def set_status(booking: Booking, status: AppointmentStatus) -> BookingResult:
        return in_clinic(
            cast,
            lambda s: calendar.set_appointment_status(s, appointment_id=booking.id, status=status, now=NOW),
        )

    booking = booked(cast.database, cast.clinic_call)
    assert set_status(booking, AppointmentStatus.NO_SHOW).outcome is Outcome.DONE
    other = make_call(cast.clinic, "CA-other")
    second = booked(cast.database, other)
    refused = set_status(booking, AppointmentStatus.BOOKED)
    assert (refused.outcome, refused.verdict.rule) == (Outcome.REFUSED, "busy")
    assert set_status(second, AppointmentStatus.CANCELLED).outcome is Outcome.DONE
    assert set_status(booking, AppointmentStatus.BOOKED).outcome is Outcome.DONE
    assert set_status(booking, AppointmentStatus.DONE).outcome is Outcome.DONE
    assert book(cast.database, other).verdict.rule == "busy", "what was done was not free"


# -- death between commit and answer --------------------------------------------------------------------------


def test_a_booking_whose_answer_was_lost_is_found_by_the_same_request(cast: Cast) -> None:
    """The worker is killed after the commit and before it could say anything; its successor asks again."""
    url = cast.database.url.render_as_string(hide_password=False)
    script = textwrap.dedent(f"""
        import os, signal
        from datetime import datetime
        from services.db.database import Database
        from services.tools_calendar import create_appointment_from_realtime
        database = Database({url!r})
        database.write(lambda session: create_appointment_from_realtime(
            session, call_id={cast.clinic_call.id}, start=datetime.fromisoformat({TEN.isoformat()!r}),
            phone={PHONE!r}, name="Dana", now=datetime.fromisoformat({NOW.isoformat()!r})))
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    again = book(cast.database, cast.clinic_call)
    assert again.outcome is Outcome.REPEATED
    assert again.booking is not None
    assert again.booking.name == "Dana"
    assert count(cast, Appointment) == 1
