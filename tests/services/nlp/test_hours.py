"""A1: opening hours decide which half of the day was meant, or leave it to be asked."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.appointment_nlp import parse_utterance, resolve_with_hours
from services.business_policy import build_policy

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)  # a Tuesday
WEEK = ("sun", "mon", "tue", "wed", "thu")


def resolved(text, ranges=(("09:00", "18:00"),), now=NOW, **settings):
    hours = {day: [list(each) for each in ranges] for day in WEEK}
    policy = build_policy({"opening_hours_json": hours, **settings})
    return resolve_with_hours(parse_utterance(text, now.replace(tzinfo=None)), policy, now)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("מחר בארבע", time(16)),
        ("מחר בעשר", time(10)),
        ("מחר בשתים עשרה וחצי", time(12, 30)),
        ("בארבע", time(16)),
        ("tomorrow at two", time(14)),
    ],
)
def test_the_half_in_which_the_business_is_open_is_meant(text, expected):
    assert resolved(text).clock == expected


def test_a_business_open_in_both_halves_has_to_ask():
    parsed = resolved("מחר בשמונה", ranges=[("07:00", "22:00")])
    assert parsed.ambiguous == ("time",)


def test_when_neither_half_is_open_the_waking_one_stays_for_the_policy_to_refuse():
    assert resolved("מחר בארבע", ranges=[("09:00", "13:00")]).clock == time(16)


def test_bounds_and_ranges_are_decided_the_same_way():
    after = resolved("מחר אחרי שלוש")
    between = resolved("מחר משתיים עד חמש")
    assert [(option.kind, option.start) for option in after.times] == [("after", time(15))]
    assert [(option.start, option.end) for option in between.times] == [(time(14), time(17))]


def test_of_two_days_the_one_the_business_can_still_take_is_meant():
    late = datetime(2026, 11, 24, 17, 30, tzinfo=ZONE)
    assert resolved("ביום שלישי", now=late).day == date(2026, 12, 1)
    assert resolved("ביום שלישי").ambiguous == ("date",)


def test_two_days_that_are_both_open_have_to_be_asked():
    assert resolved("ביום רביעי או ביום חמישי בארבע").ambiguous == ("date",)


def test_what_was_clear_stays_as_it_was_even_outside_the_hours():
    assert resolved("בשבת ב-22:00").wall == datetime(2026, 11, 28, 22, 0)
    assert resolved("מחר", closed_dates=["2026-11-25"]).day == date(2026, 11, 25)
