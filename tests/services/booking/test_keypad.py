"""A6: keyed digits become a number, ended by '#', the tenth digit of a mobile, or a pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.keypad import MAX_DIGITS, PAUSE_MS, Keypad
from services.language.phone_numbers import valid_number


def key_in(keypad, keys, start_ms=0, step_ms=200):
    results = [keypad.press(key, start_ms + index * step_ms) for index, key in enumerate(keys)]
    return [result for result in results if result is not None]


def test_the_tenth_digit_of_a_mobile_ends_the_number():
    (found,) = key_in(Keypad(), "0501234567")
    assert (found.number, found.digits, found.reason) == ("+972501234567", "0501234567", "")


def test_the_pound_key_after_a_number_that_ended_by_itself_is_ignored():
    assert len(key_in(Keypad(), "0501234567#")) == 1


def test_the_pound_key_ends_a_landline():
    (found,) = key_in(Keypad(), "039990001#")
    assert found.number == "+97239990001"


def test_an_international_number_ends_with_the_pound_key():
    (found,) = key_in(Keypad(), "00442079460958#")
    assert found.number == "+442079460958"


def test_a_pause_ends_the_number():
    keypad = Keypad()
    assert key_in(keypad, "039990001") == []
    last_ms = 8 * 200
    assert keypad.tick(last_ms + PAUSE_MS - 1) is None
    assert keypad.wait_ms(last_ms + 1000) == PAUSE_MS - 1000
    found = keypad.tick(last_ms + PAUSE_MS)
    assert found.number == "+97239990001"
    assert keypad.wait_ms(last_ms + PAUSE_MS) is None


def test_star_starts_over():
    (found,) = key_in(Keypad(), "050999*0501234567")
    assert found.digits == "0501234567"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [("12#", "too_short"), ("123456#", "too_short"), ("9999999#", "invalid"), ("0000000000#", "invalid")],
)
def test_a_wrong_number_is_refused_with_a_reason_in_words(keys, reason):
    (found,) = key_in(Keypad(), keys)
    assert (found.ok, found.reason) == (False, reason)
    assert found.words("he")
    assert found.words("en").endswith(".")


def test_a_second_number_can_follow_the_first():
    found = key_in(Keypad(), "12#0501234567")
    assert [each.ok for each in found] == [False, True]


def test_a_lone_pound_key_says_nothing():
    assert key_in(Keypad(), "###") == []


@pytest.mark.parametrize("key", ["A", "", "12", "٣", "²", "\n"])
def test_a_key_that_is_none_is_ignored(key):
    keypad = Keypad()
    assert keypad.press(key, 0) is None
    assert keypad.digits == ""


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("0501234567", "+972501234567"),
        ("972501234567", "+972501234567"),
        ("00972501234567", "+972501234567"),
        ("+12125550142", "+12125550142"),
        ("021234567", "+97221234567"),
        ("50123456", ""),
        ("0599", ""),
        ("", ""),
        ("+", ""),
    ],
)
def test_numbers_are_validated_and_written_in_e164(digits, number):
    assert valid_number(digits) == number


@given(st.lists(st.tuples(st.sampled_from("0123456789*#"), st.integers(0, 9000)), max_size=60))
def test_whatever_is_keyed_the_collector_stays_bounded_and_every_number_is_judged(keys):
    keypad, now_ms = Keypad(), 0
    for key, wait_ms in keys:
        now_ms += wait_ms
        for found in (keypad.tick(now_ms), keypad.press(key, now_ms)):
            if found is not None:
                assert found.ok == (found.reason == "")
                assert found.number == "" or found.number.startswith("+")
        assert len(keypad.digits) < MAX_DIGITS
