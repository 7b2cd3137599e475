"""Any answer of the chat model that has its shape is read beside ours, and decides nothing that it must not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.appointment_nlp import Turn, read_turns
from services.nlp.model import Reading, cross_checked, messages_for

NOW = dt.datetime(2026, 11, 24, 9, 0)
CLOCKS = st.none() | st.text(max_size=12) | st.from_regex(r"\A\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?\Z")
WORDS = st.none() | st.text(max_size=40)
ANSWERS = st.fixed_dictionaries(
    {
        "intent": st.sampled_from(["none", "hours_info", "ask", "book"]),
        "date": WORDS | st.from_regex(r"\A\d{4}-\d\d-\d\d\Z"),
        "time": CLOCKS,
        "name": WORDS,
        "phone": WORDS,
        "service": WORDS,
        "city": WORDS,
        "confidence": st.floats(),
        "declines": st.booleans(),
        "message": st.booleans(),
        "wants_human": st.booleans(),
        "goodbye": st.booleans(),
        "answer": st.sampled_from(["yes", "no", ""]),
        "urgent": st.booleans(),
        "not_weekdays": st.lists(st.sampled_from(["mon", "sat", "sun"]), max_size=4),
        "not_before": CLOCKS,
        "not_after": CLOCKS,
    }
)
SAID = st.sampled_from(["מחר בארבע", "book me for tomorrow at ten, Dana", "לא, תודה", "да", "", "cancel it"]) | st.text(
    max_size=60
)


@given(ANSWERS, SAID)
def test_any_answer_is_read_and_adds_no_number_and_no_name_that_was_not_said(answer: dict[str, Any], said: str) -> None:
    turns = [Turn("caller", said)]
    ours = read_turns(turns, NOW)
    both = cross_checked(ours, Reading.model_validate(answer), turns)
    assert both.phone == ours.phone
    assert both.name == ours.name or not ours.name
    if both.name and not ours.name:
        assert all(word in said.lower() for word in both.name.lower().split())
    if ours.declines:
        assert both.intent == "none"


@given(st.text(max_size=1000))
def test_what_a_caller_says_goes_to_the_model_as_data(said: str) -> None:
    system, user = messages_for([Turn("caller", said)], NOW)
    assert said[:20] not in system["content"] or len(said) < 20
    assert user["role"] == "user"
    assert len(user["content"]) < 4000
