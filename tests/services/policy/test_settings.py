"""A2: settings become a policy, or a list of problems in words."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.business_policy import OpenRange, PolicyError, build_policy


def problems_of(settings):
    with pytest.raises(PolicyError) as caught:
        build_policy(settings)
    return [(problem.setting, problem.code) for problem in caught.value.problems]


def test_nothing_set_is_a_policy_that_is_always_closed_with_defaults():
    policy = build_policy({})
    assert policy.weekly == ((),) * 7
    assert (policy.zone.key, policy.slot_size_min, policy.min_notice_min) == ("Asia/Jerusalem", 30, 120)


def test_hours_are_read_from_a_mapping_and_from_its_json_text_alike():
    hours = {"sun": [["16:00", "19:00"], ["09:00", "13:00"]], "thu": [["20:00", "02:00"]]}
    policy = build_policy({"opening_hours_json": hours})
    assert policy == build_policy({"opening_hours_json": json.dumps(hours)})
    assert policy.weekly[6] == (OpenRange(540, 780), OpenRange(960, 1140))
    assert policy.weekly[3] == (OpenRange(1200, 1560),)


def test_a_whole_day_runs_from_midnight_to_24_00():
    assert build_policy({"opening_hours_json": {"mon": [["00:00", "24:00"]]}}).weekly[0] == (OpenRange(0, 1440),)


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ("{nonsense", "not_json"),
        ([1, 2], "not_a_mapping"),
        ({"someday": []}, "unknown_day"),
        ({"sun": "09:00-13:00"}, "not_a_range"),
        ({"sun": [["09:00"]]}, "not_a_range"),
        ({"sun": [["9", "13:00"]]}, "bad_clock"),
        ({"sun": [["09:60", "13:00"]]}, "bad_clock"),
        ({"sun": [["24:00", "02:00"]]}, "bad_clock"),
        ({"sun": [[9, 13]]}, "bad_clock"),
        ({"sun": [["09:00", "09:00"]]}, "empty_range"),
        ({"sun": [["09:00", "13:00"], ["12:30", "15:00"]]}, "overlap"),
        ({"sat": [["20:00", "03:00"]], "sun": [["02:00", "05:00"]]}, "overlap"),
        ({"sun": [["20:00", "03:00"]], "mon": [["02:00", "05:00"]]}, "overlap"),
    ],
)
def test_wrong_hours_are_refused_with_the_reason(hours, code):
    assert [found for _, found in problems_of({"opening_hours_json": hours})] == [code]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"slot_size_min": 4}, "out_of_range"),
        ({"slot_size_min": "30"}, "not_a_number"),
        ({"slot_size_min": True}, "not_a_number"),
        ({"min_notice_min": -1}, "out_of_range"),
        ({"booking_window_days": 0}, "out_of_range"),
        ({"timezone": "Mars/Olympus"}, "unknown_zone"),
        ({"timezone": "../etc/passwd"}, "unknown_zone"),
        ({"closed_dates": ["2026-02-30"]}, "bad_date"),
        ({"closed_dates": 5}, "bad_date"),
        ({"observe_holidays": "yes"}, "not_a_switch"),
        ({"holiday_eves": "maybe"}, "unknown_choice"),
    ],
)
def test_every_other_setting_is_checked_too(settings, code):
    assert problems_of(settings) == [(next(iter(settings)), code)]


def test_all_problems_are_reported_at_once_in_both_languages():
    settings = {"slot_size_min": 1, "timezone": "x", "opening_hours_json": {"sun": [["25:00", "26:00"]]}}
    with pytest.raises(PolicyError) as caught:
        build_policy(settings)
    assert len(caught.value.words("he")) == 3
    assert any("אזור זמן" in sentence for sentence in caught.value.words("he"))
    assert any("time zone" in sentence for sentence in caught.value.words("en"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["opening_hours_json", "closed_dates", "slot_size_min", "min_notice_min", "booking_window_days", "timezone"]
)


@given(st.dictionaries(names, json_values, max_size=4))
def test_any_settings_give_a_policy_or_problems_and_never_another_error(settings):
    with suppress(PolicyError):
        build_policy(settings)
