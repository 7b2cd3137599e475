"""[SERVER] texts follow the language that the caller is answered in (L11)."""

from __future__ import annotations

import re

import pytest

from services.booking.honesty import claimed, correction
from services.booking.keypad import KeyedNumber
from services.calls.events import save_answer_language
from services.claims.lexicon import ClaimKind
from services.db.database import Database
from services.db.tenancy import SessionRows, bind_business
from services.language.persona import LANGUAGES
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

SCRIPTS = {"he": "[א-ת]{3}", "en": "[a-z]{3} ", "ar": "[\u0621-\u064a]{3}", "ru": "[а-я]{3}"}


def without_names(text: str) -> str:
    """A [SERVER] text without its head and what is quoted from the caller."""
    return re.sub(r'\[SERVER\][^:]*:|"[^"]*"', "", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_booking_is_told_in_the_language_of_the_answers_from_then_on(database: Database, language: str) -> None:
    talk = PlayedDialogue(database, make_business(database, "+97231110001", "he", answer_languages=["en", "ar", "ru"]))
    talk.booking.speak(language, talk.at_ms)
    talk.say("אני רוצה לקבוע תור לשבת בעשר בבוקר")
    talk.say("אז מחר בעשר בבוקר")
    talk.say("קוראים לי דנה כהן")
    talk.keys("12#")
    talk.keys("0501234567#")
    assert [name for _, name, _ in talk.booked()] == ["דנה כהן"]
    for text in map(without_names, talk.texts):
        assert re.search(SCRIPTS[language], text), text
        assert not any(re.search(other, text) for key, other in SCRIPTS.items() if key != language), text


def test_a_later_stream_goes_on_in_the_language_the_call_had_come_to(database: Database) -> None:
    talk = PlayedDialogue(database, make_business(database, "+97231110001", "he", answer_languages=["ru"]))

    def keep(session: object) -> None:
        rows = SessionRows(bind_business(session, talk.business_id))  # type: ignore[arg-type]
        save_answer_language(rows, talk.call_id, "ru")

    database.write(keep)
    talk.booking = talk.new_booking()
    talk.say("אני רוצה לקבוע תור")
    assert "Спросить день и время" in talk.last


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_false_claim_and_a_bad_number_are_told_in_each_language(language: str) -> None:
    words = correction(ClaimKind.BOOKED, language)
    assert words is not None
    assert re.search(SCRIPTS[language], without_names(words))
    assert re.search(SCRIPTS[language], KeyedNumber("12", "", "too_short").words(language))
    sentence = re.findall(r'"([^"]+)"', words)[0]
    assert not claimed(sentence), "what the correction has the agent say is no claim itself"
