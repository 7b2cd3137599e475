"""A2: which rule refuses a slot, what is near, and what random policies never do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.business_policy import (
    OpenRange,
    Policy,
    build_policy,
    free_slots,
    is_open,
    next_opening,
    open_spans,
    validate_appointment_slot,
)
from services.policy.catalogue import Catalogue, ResourceRules
from services.policy.diary import Diary
from services.policy.openings import nearest_openings, search_span
from services.policy.settings import DAY_KEYS

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=ZONE)  # a Sunday
HOURS = {
    "sun": [["09:00", "13:00"], ["16:00", "19:00"]],
    "mon": [["09:00", "17:00"]],
    "thu": [["20:00", "02:00"]],
    "fri": [["09:00", "13:00"]],
}


def policy_of(**changes):
    return build_policy({"opening_hours_json": HOURS, **changes})


def nearest_alternatives(policy, wanted, now, busy=()):
    plan = Catalogue(policy, resources=(ResourceRules(1, "", policy),)).plan()
    return [each.start for each in nearest_openings(plan, wanted, now, {1: Diary(busy)})]


def at(text):
    return datetime.fromisoformat(text)


def rule_of(policy, when, now=NOW, busy=(), **more):
    return validate_appointment_slot(policy, at(when), now, busy, **more).rule


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        ("2026-11-22T10:30", "ok"),
        ("2026-11-22T12:30", "ok"),
        ("2026-11-22T07:30", "in_the_past"),
        ("2026-11-22T09:30", "min_notice"),
        ("2026-11-22T13:00", "outside_hours"),
        ("2026-11-22T14:00", "outside_hours"),
        ("2026-11-22T16:10", "off_grid"),
        ("2026-11-22T18:30", "ok"),
        ("2026-11-22T19:00", "outside_hours"),
        ("2026-11-24T10:00", "closed_weekday"),
        ("2026-11-27T12:30", "ok"),
        ("2026-11-27T13:00", "outside_hours"),
        ("2026-11-26T23:30", "ok"),
        ("2026-11-27T01:30", "ok"),
        ("2026-11-27T02:00", "outside_hours"),
        ("2027-02-01T10:00", "booking_window"),
    ],
)
def test_the_rule_that_refuses_is_named(when, rule):
    assert rule_of(policy_of(), when) == rule


def test_a_taken_slot_is_busy_and_its_neighbours_are_not():
    busy = [(at("2026-11-23T10:00").replace(tzinfo=ZONE), at("2026-11-23T10:30").replace(tzinfo=ZONE))]
    rules = [
        rule_of(policy_of(), when, busy=busy) for when in ("2026-11-23T09:30", "2026-11-23T10:00", "2026-11-23T10:30")
    ]
    assert rules == ["ok", "busy", "ok"]
    assert rule_of(policy_of(), "2026-11-23T09:30", busy=busy, duration_min=60) == "busy"


def test_an_appointment_must_end_before_closing():
    assert rule_of(policy_of(), "2026-11-23T16:30") == "ok"
    assert rule_of(policy_of(), "2026-11-23T16:30", duration_min=60) == "outside_hours"


def test_a_closed_date_wins_over_the_weekday():
    assert rule_of(policy_of(closed_dates=["2026-11-23"]), "2026-11-23T10:00") == "closed_date"


def test_a_holiday_closes_and_can_be_ignored_by_a_setting():
    now = datetime(2026, 9, 1, tzinfo=ZONE)
    verdict = validate_appointment_slot(policy_of(), at("2026-09-21T10:00"), now)
    assert verdict.rule == "holiday"
    assert "יום כיפור" in verdict.words("he")
    assert "Yom Kippur" in verdict.words("en")
    assert rule_of(policy_of(observe_holidays=False), "2026-09-21T10:00", now) == "ok"


@pytest.mark.parametrize(
    ("eves", "morning", "afternoon"),
    [("friday", "ok", "outside_hours"), ("closed", "holiday_eve", "holiday_eve"), ("normal", "ok", "ok")],
)
def test_a_holiday_eve_is_short_closed_or_normal(eves, morning, afternoon):
    now = datetime(2026, 9, 1, tzinfo=ZONE)  # 20 September 2026 is the Sunday before Yom Kippur
    policy = policy_of(holiday_eves=eves)
    assert rule_of(policy, "2026-09-20T10:00", now) == morning
    assert rule_of(policy, "2026-09-20T16:00", now) == afternoon


def test_a_weekday_that_is_always_closed_stays_closed_on_an_eve():
    policy = build_policy({"opening_hours_json": {"fri": [["09:00", "13:00"]]}})
    assert open_spans(policy, date(2026, 9, 20)) == ()


def test_a_time_the_spring_clock_skips_does_not_exist():
    policy = build_policy({"opening_hours_json": {"thu": [["22:00", "04:00"]]}, "booking_window_days": 365})
    verdict = validate_appointment_slot(policy, at("2027-03-26T02:30"), NOW)
    assert (verdict.rule, verdict.start) == ("no_such_time", None)
    assert "קדימה" in verdict.words("he")


def test_a_time_the_autumn_clock_repeats_is_ambiguous_until_the_instant_is_given():
    policy = build_policy({"opening_hours_json": {"sat": [["22:00", "04:00"]]}, "booking_window_days": 365})
    now = datetime(2026, 10, 20, tzinfo=ZONE)
    assert rule_of(policy, "2026-10-25T01:30", now) == "ambiguous_time"
    for fold in (0, 1):
        exact = datetime(2026, 10, 25, 1, 30, tzinfo=ZONE, fold=fold)
        assert validate_appointment_slot(policy, exact, now).ok


@pytest.mark.parametrize(("opens", "hours"), [(date(2026, 10, 24), 7), (date(2027, 3, 25), 5)])
def test_a_night_of_six_clock_hours_is_longer_in_autumn_and_shorter_in_spring(opens, hours):
    night = {"sat": [["22:00", "04:00"]], "thu": [["22:00", "04:00"]]}
    (span,) = open_spans(build_policy({"opening_hours_json": night, "observe_holidays": False}), opens)
    assert span.end - span.start == timedelta(hours=hours)


def test_opening_in_the_skipped_hour_means_opening_at_the_jump():
    policy = build_policy({"opening_hours_json": {"fri": [["02:30", "05:00"]]}})
    (span,) = open_spans(policy, date(2027, 3, 26))
    assert span.start.astimezone(ZONE).replace(tzinfo=None) == at("2027-03-26T03:00")


def test_free_slots_follow_the_grid_the_notice_and_the_busy_spans():
    busy = [(at("2026-11-22T16:30").replace(tzinfo=ZONE), at("2026-11-22T18:00").replace(tzinfo=ZONE))]
    starts = [f"{slot:%H:%M}" for slot in free_slots(policy_of(), date(2026, 11, 22), NOW, busy)]
    assert starts == ["10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "16:00", "18:00", "18:30"]


def test_free_slots_can_be_bounded_by_the_clock():
    slots = free_slots(policy_of(), date(2026, 11, 23), NOW, after=time(15), before=time(16, 30))
    assert [f"{slot:%H:%M}" for slot in slots] == ["15:00", "15:30", "16:00"]


def test_alternatives_are_the_nearest_and_come_in_order():
    found = nearest_alternatives(policy_of(), at("2026-11-22T14:00"), NOW)
    assert [f"{slot:%d %H:%M}" for slot in found] == ["22 12:00", "22 12:30", "22 16:00"]


def test_alternatives_reach_over_closed_days():
    found = nearest_alternatives(policy_of(), at("2026-11-24T10:00"), NOW)
    assert [f"{slot:%d %H:%M}" for slot in found] == ["23 15:30", "23 16:00", "23 16:30"]


def test_a_wish_outside_the_window_gets_what_is_nearest_inside_it():
    found = nearest_alternatives(policy_of(booking_window_days=7), at("2027-06-01T10:00"), NOW)
    assert [slot.date() for slot in found] == [date(2026, 11, 29)] * 3


def test_a_full_calendar_is_looked_through_once_and_not_slot_by_slot():
    """A year of appointments and a grid of five minutes: what stands in the way of a slot is asked for each gap, not
    for each of the seventeen thousand slots of the days before it."""
    policy = policy_of(
        opening_hours_json={day: [["00:00", "24:00"]] for day in DAY_KEYS}, slot_size_min=5, observe_holidays=False
    )
    minutes = [NOW + timedelta(minutes=30 * n) for n in range(48 * 30)]
    asked = 0

    class Counting(datetime):
        def __gt__(self, other):
            nonlocal asked
            asked += 1
            return super().__gt__(other)

    busy = [(start, Counting.fromtimestamp((start + timedelta(minutes=30)).timestamp(), UTC)) for start in minutes]
    found = nearest_alternatives(policy, NOW + timedelta(days=3), NOW, busy)
    assert [slot.timestamp() for slot in found] == [
        (minutes[-1] + timedelta(minutes=30 + 5 * n)).timestamp() for n in range(3)
    ]
    assert asked < 5_000


def test_an_alternative_is_no_more_than_sixty_days_away():
    closed = [(NOW.date() + timedelta(days=n)).isoformat() for n in range(70)]
    policy = policy_of(closed_dates=closed, booking_window_days=365)
    assert nearest_alternatives(policy, NOW, NOW) == []
    start, end = search_span(policy, NOW, NOW)
    assert start < NOW < end < NOW + timedelta(days=64)
    assert nearest_alternatives(policy, NOW + timedelta(days=40), NOW) != []


def test_a_business_that_never_opens_has_no_alternatives():
    assert nearest_alternatives(build_policy({}), at("2026-11-24T10:00"), NOW) == []


def test_open_now_and_opening_next():
    policy = policy_of()
    assert is_open(policy, datetime(2026, 11, 27, 1, 59, tzinfo=ZONE))
    assert not is_open(policy, datetime(2026, 11, 27, 2, 0, tzinfo=ZONE))
    assert next_opening(policy, NOW) == datetime(2026, 11, 22, 9, 0, tzinfo=ZONE)
    assert next_opening(policy, datetime(2026, 11, 22, 17, 0, tzinfo=ZONE)) == datetime(
        2026, 11, 22, 17, 0, tzinfo=ZONE
    )
    assert next_opening(build_policy({}), NOW) is None


def test_every_refusal_has_words_in_both_languages_without_holes():
    policy = policy_of(closed_dates=["2026-11-23"])
    for when in ("2026-11-22T07:30", "2026-11-22T09:30", "2026-11-22T14:00", "2026-11-23T10:00", "2026-11-24T10:00"):
        verdict = validate_appointment_slot(policy, at(when), NOW)
        assert verdict.words("he").endswith(".")
        assert verdict.words("en").endswith(".")
        assert "{" not in verdict.words("he") + verdict.words("en")


# --- random policies ---------------------------------------------------------------------------------------------

zones = st.sampled_from(["Asia/Jerusalem", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"])


@st.composite
def day_ranges(draw):
    """Ordered ranges that do not overlap; the last may run past midnight, up to 06:00 (no day opens before)."""
    edges = sorted(draw(st.sets(st.integers(24, 119), min_size=0, max_size=4)))  # steps of 15 minutes, 06:00 to 05:45
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return tuple(OpenRange(start * 15, end * 15) for start, end in pairs if start < 96)


policies = st.builds(
    Policy,
    zone=zones.map(ZoneInfo),
    weekly=st.tuples(*[day_ranges()] * 7),
    closed_dates=st.sets(st.dates(date(2026, 10, 1), date(2027, 4, 30)), max_size=10).map(frozenset),
    observe_holidays=st.booleans(),
    holiday_eves=st.sampled_from(["closed", "friday", "normal"]),
    slot_size_min=st.sampled_from([10, 15, 20, 30, 45, 60, 90]),
    min_notice_min=st.integers(0, 3000),
    booking_window_days=st.integers(1, 40),
)
moments = st.datetimes(datetime(2026, 10, 1), datetime(2027, 4, 1)).map(lambda value: value.replace(tzinfo=UTC))


# quarter hours from noon of the day in question, and how many
relative_busy = st.lists(st.tuples(st.integers(-96, 96), st.integers(1, 12)), max_size=12)


def placed(relative, day):
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    quarter = timedelta(minutes=15)
    return [(noon + start * quarter, noon + (start + length) * quarter) for start, length in relative]


@settings(max_examples=60)
@given(policies, moments, st.integers(-3, 45), st.times(), relative_busy)
def test_every_alternative_validates_and_comes_in_order(policy, now, offset, clock, relative):
    busy = placed(relative, now.date() + timedelta(days=offset))
    wanted = datetime.combine(now.date() + timedelta(days=offset), clock)
    found = nearest_alternatives(policy, wanted, now, busy)
    assert len(found) <= 3
    assert [slot.timestamp() for slot in found] == sorted({slot.timestamp() for slot in found})
    for slot in found:
        assert validate_appointment_slot(policy, slot, now, busy).ok


@settings(max_examples=60)
@given(policies, moments, st.integers(0, 40), relative_busy)
def test_offered_slots_lie_on_the_grid_inside_hours_and_touch_nothing_busy(policy, now, offset, relative):
    day = now.astimezone(policy.zone).date() + timedelta(days=offset)
    busy = placed(relative, day)
    length = timedelta(minutes=policy.slot_size_min)
    for slot in free_slots(policy, day, now, busy):
        start = slot.astimezone(UTC)
        assert slot.date() == day
        assert all(start + length <= taken or end <= start for taken, end in busy)
        assert is_open(policy, slot)
        openings = [span for back in (1, 0) for span in open_spans(policy, day - timedelta(days=back))]
        assert any(
            span.start <= start and start + length <= span.end and (start - span.start) % length == timedelta()
            for span in openings
        )


@settings(max_examples=40)
@given(policies, moments, st.integers(0, 40), relative_busy)
def test_what_validates_is_offered(policy, now, offset, relative):
    day = now.astimezone(policy.zone).date() + timedelta(days=offset)
    busy = placed(relative, day)
    offered = {slot.timestamp() for slot in free_slots(policy, day, now, busy)}
    for span in open_spans(policy, day):
        if (
            span.start.astimezone(policy.zone).date() == day
            and validate_appointment_slot(policy, span.start, now, busy).ok
        ):
            assert span.start.timestamp() in offered


@settings(max_examples=60)
@given(policies, moments)
def test_the_next_opening_is_open_and_not_in_the_past(policy, now):
    opening = next_opening(policy, now)
    if opening is not None:
        assert opening >= now
        assert is_open(policy, opening)
