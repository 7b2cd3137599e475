"""A5: a booking claimed in the agent's own words is noticed in four languages, and nothing else is."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.honesty_guard import claims_booking, correction

DATA = Path(__file__).parent.parent / "data" / "honesty"


def lines(name):
    rows = [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    return [tuple(row) for row in rows if not row[0].startswith("#")]


CLAIMS, HONEST = lines("claims.tsv"), lines("honest.tsv")


@pytest.mark.parametrize(("language", "text"), CLAIMS)
def test_a_claim_without_a_booking_is_corrected(language, text):
    told = correction(text, booked=False, language=language)
    assert told is not None
    assert told.startswith("[SERVER] ❌")


@pytest.mark.parametrize(("language", "text"), HONEST)
def test_an_offer_question_plan_condition_or_denial_is_no_claim(language, text):
    assert correction(text, booked=False, language=language) is None


def test_the_lists_hold_a_hundred_attempts_in_hebrew_and_in_english():
    counted = Counter(language for language, _ in CLAIMS)
    assert counted["he"] >= 100
    assert counted["en"] >= 100
    assert len(set(CLAIMS)) == len(CLAIMS)


@pytest.mark.parametrize(("language", "text"), CLAIMS[:5])
def test_nothing_is_corrected_when_the_booking_exists(language, text):
    assert correction(text, booked=True, language=language) is None


def test_the_correction_speaks_the_language_of_the_business():
    assert "התור עדיין לא נקבע" in correction("קבעתי לך תור", booked=False, language="he")
    assert "not booked yet" in correction("קבעתי לך תור", booked=False, language="en")


@pytest.mark.parametrize("language", ["he", "en"])
def test_what_the_correction_makes_the_agent_say_is_no_claim(language):
    said = {"he": "סליחה, התור עדיין לא נקבע", "en": "Sorry, the appointment is not booked yet"}[language]
    assert not claims_booking(said)


@pytest.mark.parametrize("text", [claim for language, claim in CLAIMS if language == "he"][:40])
def test_a_claim_is_found_inside_a_longer_answer(text):
    assert claims_booking(f"שלום דנה, אני בודקת ביומן. {text}. תודה שהתקשרת!")


@given(st.text(max_size=300))
def test_any_text_is_judged_without_an_error(text):
    claims_booking(text)
