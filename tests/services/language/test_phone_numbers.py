"""Telephone numbers from outside: whatever is written there is E.164 or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.language.phone_numbers import (
    as_e164,
    country_of,
    is_country,
    is_e164,
    valid_number,
    why_not_dialled,
    why_not_written_to,
)

NEARLY = st.text(alphabet="+0123456789 ()-.#*٠١٢x\u200e\n", max_size=40)
ANYTHING = st.text(max_size=60) | NEARLY


@given(ANYTHING)
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = as_e164(text)
    assert number is None or is_e164(number)
    if number is not None:
        assert as_e164(number) == number
        assert why_not_dialled(number, [country_of(number)]) == ""


@given(ANYTHING)
def test_any_digits_of_any_country_are_a_number_or_nothing(text: str) -> None:
    for region in ("IL", "US", "GB"):
        number = valid_number(text, region)
        assert number == "" or is_e164(number)


@given(ANYTHING, st.lists(st.text(max_size=3), max_size=3))
def test_any_text_may_be_asked_about_and_is_refused_unless_it_is_a_number(text: str, countries: list[str]) -> None:
    assert country_of(text) == "" or is_country(country_of(text))
    for why in (why_not_dialled(text, countries), why_not_written_to(text, countries)):
        assert why in ("", "unusual_number", "foreign_number")
        assert why or is_e164(text)
