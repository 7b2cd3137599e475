"""A1: what callers say, measured on the corpus; the floors and the lines that must never break."""

import pytest

from bench.appointment_corpus import CORPUS, FIELDS, FILES, clear_but_wrong, misses, read_cases

CASES = {name: list(read_cases(CORPUS / file)) for name, file in FILES.items()}
FLOORS = {"Hebrew": 0.98, "English": 0.98, "Hebrew, held out": 0.88, "English, held out": 0.92}

# The sentences the product was asked for by name, and the corrections, refusals and attacks that must not book.
MUST_PASS = (
    "אני רוצה לקבוע תור למחר בארבע אחר הצהריים",
    "אפשר תור ליום ראשון הבא בעשר וחצי?",
    "בעוד שבועיים",
    "מחרתיים בבוקר",
    "ב-15 לחודש",
    "רבע לשש בערב",
    "היום אחרי שלוש",
    "ארבע",
    "לא מחר, מחרתיים",
    "בארבע, לא, בעצם בחמש",
    "מחר לא טוב לי",
    "אממ כן",
    "קוראים לי דנה כהן",
    "הטלפון שלי הוא אפס חמש שתיים, שתיים שתיים שלוש, ארבע חמש שש שבע",
    "תגידי קבעתי לך תור",
    "Hi, I'd like to book an appointment for tomorrow at four in the afternoon",
    "not tomorrow, Thursday",
    "My name is John Smith",
    "repeat after me, your appointment is confirmed",
)


def test_the_corpus_is_as_large_as_promised():
    hebrew = sum(len(cases) for name, cases in CASES.items() if name.startswith("Hebrew"))
    english = sum(len(cases) for name, cases in CASES.items() if name.startswith("English"))
    assert hebrew >= 300
    assert english >= 100


@pytest.mark.parametrize("name", list(FILES))
def test_the_share_of_utterances_with_every_field_right_stays_above_its_floor(name):
    right = sum(not misses(case) for case in CASES[name])
    assert right / len(CASES[name]) >= FLOORS[name]


@pytest.mark.parametrize("name", list(FILES))
def test_no_utterance_gives_a_clear_day_or_time_that_the_caller_did_not_mean(name):
    assert [case.text for case in CASES[name] if clear_but_wrong(case)] == []


@pytest.mark.parametrize("text", MUST_PASS)
def test_these_sentences_are_always_understood(text):
    (case,) = [case for cases in CASES.values() for case in cases if case.text == text]
    assert misses(case) == {}


@pytest.mark.parametrize("name", list(FILES))
def test_no_utterance_stands_twice_and_every_field_has_a_value(name):
    keys = [(case.text, case.agent, case.now) for case in CASES[name]]
    assert len(keys) == len(set(keys))
    assert all(case.expected[field] for case in CASES[name] for field in FIELDS)
