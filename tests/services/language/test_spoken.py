"""The caller's language, read from what recognisers write (L11)."""

from __future__ import annotations

import pytest

from services.language.spoken import AnswerLanguage, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hi, do you speak English?", "en"),
        ("English please", "en"),
        ("I need a dentist", "en"),
        ("My name is משה כהן", "en"),
        ("שלום, אני רוצה לקבוע תור", "he"),
        ("מה השעה", "he"),
        ("אני צריך root canal treatment", "he"),
        ("Здравствуйте, хочу записаться на приём", "ru"),
        ("когда вы работаете", "ru"),
        ("مرحبا، بدي أحجز موعد", "ar"),
        ("أريد موعدًا يوم الأحد", "ar"),
    ],
)
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "yes",
        "okay, bye bye",
        "Okay, thank you",
        "Good morning",
        # Names, in whatever script they are written.
        "Moshe Cohen",
        "Yael Ben David",
        "Or Cohen and Noa",
        "משה בן דוד",
        "Иван Петров",
        "محمد أحمد",
        # Loanwords and names of things.
        "appointment?",
        "קופת חולים",
        "root canal",
        # Hebrew in Latin letters, and neighbours that share a script.
        "ani rotze tor be yom shlishi",
        "Bonjour, je voudrais prendre un rendez-vous",
        "quiero una cita para mañana por favor",
        "سلام، می‌خواهم وقت بگیرم",
        "Доброго дня, я хочу записатися на прийом",
    ],
)
def test_a_name_a_courtesy_a_borrowed_word_or_another_language_tells_nothing(text: str) -> None:
    assert language_of(text) == ""


def test_the_language_is_kept_until_the_caller_clearly_speaks_another() -> None:
    answer = AnswerLanguage(("he", "en"))
    assert answer.heard("I would like an appointment")
    assert not any(answer.heard(text) for text in ("שלום", "Tuesday", "משה בן דוד", "yes please"))
    assert answer.current == "en"
    assert answer.heard("אפשר לדבר בעברית")
    assert answer.is_own


def test_a_language_that_is_not_ticked_is_answered_in_the_businesss_own() -> None:
    answer = AnswerLanguage(("he", "en"))
    assert not answer.heard("здравствуйте, я хочу записаться")
    assert answer.heard("I would like an appointment")
    assert answer.heard("можно говорить по-русски")
    assert answer.current == "he"


def test_a_business_with_one_language_never_changes_it() -> None:
    answer = AnswerLanguage(("he",))
    assert not answer.heard("Hello, do you speak English?")
    assert answer.current == "he"


@pytest.mark.parametrize(("kept", "current"), [("ru", "ru"), ("", "he"), ("ar", "he")])
def test_a_later_stream_goes_on_in_the_language_that_was_kept(kept: str, current: str) -> None:
    assert AnswerLanguage(("he", "ru"), kept).current == current
