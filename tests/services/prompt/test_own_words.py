"""Every sentence the product says by itself: in each language, in the persona's gender, recorded where it must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import get_args

import pytest

from media.playout.notices import CLIPS, notice
from services.audio.g711 import SAMPLE_RATE_HZ
from services.booking import honesty, keypad, message_texts, messages
from services.business_policy import build_policy
from services.language.persona import GENDERS, LANGUAGES, Persona, in_gender, languages_of
from services.policy import words
from services.policy.permissions import Instead
from services.prompt import sentences, texts
from services.prompt.abilities import INSTEAD
from services.prompt.sentences import RECORDED, sentence
from services.realtime_prompt_builder import PromptInputs, build_prompt, resume_instructions

NOW = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
TABLES = {name: table for name, table in vars(sentences).items() if name.isupper() and name != "RECORDED"}
# In the business's own language alone: what a new business greets with, and what nobody's number says.
OWN_ONLY = ("FIRST_GREETING", "UNKNOWN_NUMBER")
SPOKEN = {name: table for name, table in TABLES.items() if name not in OWN_ONLY}

# Forms that only one gender says of itself.
FEMININE = re.compile(
    r"\b(?:שומעת|מעבירה|מבינה|מדברת|יכולה|עוזרת|בודקת|רושמת|חוזרת|מצטערת|שמחה|מחפשת|קובעת|אוספת|מסייעת|נקבה)\b"
    r"|\bя\s+(?:\w+\s+)?\w+ла(?:сь)?\b|\bfeminine\b|\bпоняла\b|\bأنا\s+\w+ة\b",
    re.IGNORECASE,
)
MASCULINE = re.compile(
    r"\b(?:שומע|מעביר|מבין|מדבר|יכול|עוזר|בודק|רושם|חוזר|מצטער|שמח|מחפש|קובע|אוסף|מסייע|זכר)\b"
    r"|\bя\s+(?:\w+\s+)?\w+л(?:ся)?\b|\bmasculine\b|\bпонял\b",
    re.IGNORECASE,
)
WRONG = {"female": MASCULINE, "male": FEMININE}
# In the prompt these speak of the caller and of the server, not of the assistant.
OF_OTHERS = re.compile(r"יכול להשאיר|זה קובע|המתקשר (?:מדבר|שומע)|השרת בודק, רושם וקובע|answer_language קובעת")


def own_words(persona: Persona) -> Iterator[tuple[str, str]]:
    """(where it stands, what is said or told to be said) as this persona."""
    for name, table in TABLES.items():
        if persona.language in table:
            yield name, sentence(table, persona)
    yield "resume", resume_instructions(persona.language, "x?")
    yield "answer_language", texts.ANSWER_LANGUAGE[persona.language]
    for name, text in messages._TEXTS[persona.language].items():
        yield f"[SERVER] {name}", text
    for name, text in INSTEAD[persona.language].items():
        yield f"instead {name}", text
    for kind, text in honesty._CORRECTIONS[persona.language].items():
        yield f"correction {kind}", text
    for name, reasons in keypad._REASONS.items():
        yield name, reasons[persona.language]
    if persona.language in texts.LANGUAGES:
        inputs = PromptInputs("", build_policy({}), persona.language, persona.gender, LANGUAGES)
        yield "prompt", build_prompt(inputs, NOW)


@pytest.mark.parametrize("gender", GENDERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_a_word_of_the_other_gender(language: str, gender: str) -> None:
    said = [(name, OF_OTHERS.sub("", text)) for name, text in own_words(Persona(language, gender))]
    assert [(name, found.group()) for name, text in said if (found := WRONG[gender].search(text))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mark_of_the_two_forms_is_left_in_what_is_said(language: str) -> None:
    for gender in GENDERS:
        left = [name for name, text in own_words(Persona(language, gender)) if re.search(r"<[^>]*\|", text)]
        assert left == []


def test_the_gender_shows_where_the_language_shows_it() -> None:
    def said(table: Mapping[str, str], language: str) -> list[str]:
        return [sentence(table, Persona(language, gender)) for gender in GENDERS]

    silent, connecting = said(sentences.GOODBYE_SILENT, "he"), said(sentences.CONNECTING, "he")
    assert [text.split(",")[0] for text in silent] == ["אני לא שומעת אותך", "אני לא שומע אותך"]
    assert [text.split()[3] for text in connecting] == ["מעבירה", "מעביר"]
    assert ["расслышала" in text for text in said(sentences.ASK_AGAIN, "ru")] == [True, False]
    assert len(set(said(sentences.GOODBYE_SILENT, "en"))) == 1


def test_the_check_itself_finds_both_forms() -> None:
    both = "אני <שומעת|שומע>, я не <расслышала|расслышал>"
    assert FEMININE.search(in_gender(both, "female"))
    assert MASCULINE.search(in_gender(both, "male"))
    assert (
        len(MASCULINE.findall("я не расслышал, אני מעביר")) == len(FEMININE.findall("я не расслышала, אני מעבירה")) == 2
    )


@pytest.mark.parametrize("name", SPOKEN)
def test_every_sentence_is_there_in_every_language_in_its_own_script(name: str) -> None:
    scripts = {"he": "[א-ת]", "en": "[a-z]", "ar": "[\u0621-\u064a]", "ru": "[а-я]"}
    for language in LANGUAGES:
        text = SPOKEN[name][language]
        assert re.search(scripts[language], text), text
        assert not any(re.search(other, text) for key, other in scripts.items() if key != language), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_server_text_is_there_with_the_same_facts(language: str) -> None:
    def facts(table: Mapping[str, str]) -> dict[str, set[str]]:
        return {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in table.items()}

    assert facts(messages._TEXTS[language]) == facts(messages._TEXTS["en"])


def test_what_is_offered_instead_is_there_in_every_language() -> None:
    kinds = set(get_args(Instead))
    assert {language: set(offered) for language, offered in INSTEAD.items()} == dict.fromkeys(LANGUAGES, kinds)


def test_arabic_and_russian_texts_are_no_copies() -> None:
    shared = set(message_texts.ARABIC.values()) & set(message_texts.RUSSIAN.values())
    assert not re.sub(r"\{\w+\}|[\s.,]", "", "".join(shared))  # "{why} {offer}" is of no language


def test_dates_and_lengths_are_told_in_each_language() -> None:
    at = datetime(2026, 3, 3, 16, 30)
    assert [words.slot_words(at, language) for language in LANGUAGES] == [
        "יום שלישי, 3 במרץ בשעה 16:30",
        "Tuesday, 3 March at 16:30",
        "الثلاثاء، 3 آذار الساعة 16:30",
        "вторник, 3 марта в 16:30",
    ]
    assert [words.span_words(minutes, "ru") for minutes in (1, 22, 45, 60, 120, 1440, 7200)] == [
        "1 минуту", "22 минуты", "45 минут", "1 час", "2 часа", "1 день", "5 дней",
    ]  # fmt: skip
    assert [words.span_words(minutes, "ar") for minutes in (60, 120, 180, 45, 1440 * 60)] == [
        "ساعة واحدة", "ساعتين", "3 ساعات", "45 دقيقة", "60 يومًا",
    ]  # fmt: skip


@pytest.mark.parametrize("gender", GENDERS)
@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_sentence_has_a_clip_of_its_language_and_gender(name: str, gender: str) -> None:
    for language in RECORDED[name]:
        assert (CLIPS / language / gender / f"{name}.ulaw").is_file()
        seconds = len(notice(name, Persona(language, gender))) / SAMPLE_RATE_HZ
        assert 0.5 < seconds < 12
        if name not in ("unknown_number",):
            assert notice(name, Persona(language, "female")) != notice(name, Persona(language, "male"))


def test_a_language_without_clips_is_heard_in_english() -> None:
    assert notice("thanks", Persona("fr")) == notice("thanks", Persona("en"))


def test_the_own_language_is_always_among_those_that_are_answered_in() -> None:
    assert languages_of("he", []) == ("he",)
    assert languages_of("en", ["ru", "he", "xx"]) == ("en", "he", "ru")


@pytest.mark.parametrize(("language", "rule"), [("he", "עברית, אנגלית או רוסית"), ("en", "English, Hebrew or Russian")])
def test_the_prompt_says_which_languages_may_be_answered_in(language: str, rule: str) -> None:
    several = languages_of(language, ["en", "ru", "he"])
    made = build_prompt(PromptInputs("x", build_policy({}), language, answer_languages=several), NOW)
    assert rule in made
    assert "[SERVER] answer_language" in made
    alone = build_prompt(PromptInputs("x", build_policy({}), language, answer_languages=(language,)), NOW)
    assert "answer_language" not in alone
