"""When a reminder goes out: never in quiet time, never late, each once; on the days when clocks change too (K6)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.policy.hours import holiday_name
from services.policy.quiet import is_day_of_rest, is_quiet, loud_at_or_before, loud_span
from services.policy.reminders import APART, LONGEST_MIN, OFFERED_MIN, due, next_moment, planned

ISRAEL = ZoneInfo("Asia/Jerusalem")
# With days of 23 and 25 hours, changes at midnight, half hours, and the other side of the world.
ZONES = ["Asia/Jerusalem", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"]
DAY_MIN = 1440

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))
leads = st.lists(st.one_of(st.sampled_from(OFFERED_MIN), st.integers(1, LONGEST_MIN)), max_size=6)


def at(text: str, zone: ZoneInfo = ISRAEL) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def local(moment: datetime, zone: ZoneInfo = ISRAEL) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


@given(zones, instants)
@example(ISRAEL, at("2027-03-26T02:30"))  # the night in which the clocks go forward
@example(ISRAEL, at("2026-10-25T01:30"))  # … and back
def test_the_moment_found_is_no_quiet_one_and_never_later(zone: ZoneInfo, moment: datetime) -> None:
    found, quiet_begins = loud_at_or_before(zone, moment)
    assert found <= moment
    assert not is_quiet(zone, found)
    assert found < quiet_begins
    assert is_quiet(zone, quiet_begins)
    assert not is_quiet(zone, quiet_begins - timedelta(seconds=1))
    if not is_quiet(zone, moment):
        assert found == moment


@given(zones, instants)
def test_quiet_is_night_and_days_of_rest_by_the_clock_on_the_wall(zone: ZoneInfo, moment: datetime) -> None:
    wall = moment.astimezone(zone)
    tomorrow = wall.date() + timedelta(days=1)
    rest = wall.weekday() == 5 or bool(holiday_name(wall.date()))
    eve = tomorrow.weekday() == 5 or bool(holiday_name(tomorrow))
    night = not time(8) <= wall.time() < time(21)
    assert is_quiet(zone, moment) == (rest or night or (eve and wall.time() >= time(15)))


@given(zones, instants, leads, st.integers(0, 60 * 24 * 60))
def test_a_reminder_is_never_in_quiet_time_never_late_and_never_twice(
    zone: ZoneInfo, starts_at: datetime, chosen: list[int], booked_before_min: int
) -> None:
    since = starts_at - timedelta(minutes=booked_before_min)
    found = planned(zone, starts_at, chosen, since)
    assert len({each.minutes for each in found}) == len(found)
    for each in found:
        assert since <= each.at <= starts_at - timedelta(minutes=each.minutes)
        assert each.at < each.not_after <= starts_at
        assert not is_quiet(zone, each.at)
        assert not is_quiet(zone, each.not_after - timedelta(seconds=1)), "nor at any moment until it is given up"
    assert all(later.at - earlier.at >= APART for earlier, later in itertools.pairwise(found))


@given(zones, instants, leads, st.integers(1, 40 * DAY_MIN), st.lists(st.integers(1, 3 * DAY_MIN), max_size=60))
def test_however_seldom_it_is_looked_each_goes_out_once_at_most(
    zone: ZoneInfo, starts_at: datetime, chosen: list[int], booked_before_min: int, pauses_min: list[int]
) -> None:
    """What housekeeping does, with a worker that is sometimes away: `since` is when it wanted to look again."""
    since: datetime | None = starts_at - timedelta(minutes=booked_before_min)
    now, sent = starts_at - timedelta(minutes=booked_before_min), []
    for pause in [0, *pauses_min]:
        now += timedelta(minutes=pause)
        if since is None or since > now:
            continue
        reminders = planned(zone, starts_at, chosen, since)
        ready = due(reminders, now)
        if ready is not None:
            assert ready.minutes not in sent
            assert now < starts_at
            assert not is_quiet(zone, now)
            sent.append(ready.minutes)
        since = next_moment(reminders, now)
    assert set(sent) <= set(chosen)


@pytest.mark.parametrize(
    ("starts_at", "minutes", "goes_out"),
    [
        ("2027-03-02T10:00", DAY_MIN, "Mon 2027-03-01 10:00"),
        ("2027-03-02T10:00", 120, "Tue 2027-03-02 08:00"),
        ("2027-03-02T09:00", 120, "Mon 2027-03-01 20:30"),  # 07:00 is night
        ("2027-03-07T10:00", DAY_MIN, "Fri 2027-03-05 14:30"),  # Saturday
        ("2027-03-07T09:00", 120, "Fri 2027-03-05 14:30"),  # Sunday morning: Saturday evening is quiet as well
        ("2027-03-05T17:00", 60, "Fri 2027-03-05 14:30"),  # after candles are lit in winter
        ("2027-04-22T12:00", DAY_MIN, "Wed 2027-04-21 12:00"),  # the eve of Pesach, before its afternoon
        ("2027-04-22T18:00", DAY_MIN, "Wed 2027-04-21 14:30"),
        ("2027-04-23T09:00", DAY_MIN, "Wed 2027-04-21 14:30"),  # the holiday itself is quiet
        ("2026-09-14T10:00", DAY_MIN, "Fri 2026-09-11 14:30"),  # Rosh Hashanah on Saturday and Sunday
        ("2027-03-26T12:00", DAY_MIN, "Thu 2027-03-25 11:00"),  # 24 hours, over the night that has 23 to noon
        ("2026-10-25T12:00", 120, "Sun 2026-10-25 10:00"),
    ],
)
def test_one_that_falls_into_quiet_time_goes_out_before_it(starts_at: str, minutes: int, goes_out: str) -> None:
    (found,) = planned(ISRAEL, at(starts_at), [minutes], at("2026-01-01T00:00"))
    assert local(found.at) == goes_out


def test_there_is_none_for_what_was_just_booked() -> None:
    tomorrow_ten = at("2027-03-02T10:00")
    assert planned(ISRAEL, tomorrow_ten, [DAY_MIN], at("2027-03-01T10:01")) == []
    assert [each.minutes for each in planned(ISRAEL, tomorrow_ten, [DAY_MIN, 120], at("2027-03-01T10:01"))] == [120]
    late_evening = at("2027-03-01T20:45")  # the one for 07:00 would have gone out at half past eight
    assert planned(ISRAEL, at("2027-03-02T09:00"), [120], late_evening) == []


def test_two_that_quiet_time_brings_together_are_one() -> None:
    (found,) = planned(ISRAEL, at("2027-03-07T09:00"), [DAY_MIN, 120], at("2027-03-01T00:00"))
    assert (local(found.at), found.minutes) == ("Fri 2027-03-05 14:30", DAY_MIN)


def test_of_several_that_were_not_sent_in_time_only_the_last_is() -> None:
    reminders = planned(ISRAEL, at("2027-03-02T19:00"), [600, 240, 120], at("2027-02-01T00:00"))
    late = due(reminders, at("2027-03-02T17:30"))
    assert late is not None
    assert late.minutes == 120
    assert due(reminders, at("2027-03-02T19:00")) is None, "it has begun"


def test_a_day_without_a_moment_for_anybody_is_a_day_of_rest() -> None:
    assert loud_span(ISRAEL, date(2027, 3, 6)) is None
    assert is_day_of_rest(date(2027, 10, 11)), "Yom Kippur"
    assert not is_day_of_rest(date(2027, 10, 10))
