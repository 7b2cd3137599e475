"""A streamed answer becomes sentences that a voice can say (C6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.engines.google.sentences import FIRST_CHARACTERS, MOST_BYTES, SentenceCutter, speakable


def cut(*pieces: str) -> list[str]:
    cutter = SentenceCutter()
    done = [sentence for piece in pieces for sentence in cutter.feed(piece)]
    return [*done, *cutter.finish()]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('שלום, כאן ד"ר כהן. במה אפשר לעזור?', ['שלום, כאן ד"ר כהן.', "במה אפשר לעזור?"]),
        ("יש תור ב-10:30. מתאים?", ["יש תור ב-10:30.", "מתאים?"]),
        ('זה עולה 1,200 ש"ח. נמשיך?', ['זה עולה 1,200 ש"ח.', "נמשיך?"]),
        ("זה 1,200.50 בסך הכול. בסדר?", ["זה 1,200.50 בסך הכול.", "בסדר?"]),
        ("ב-12.5.2026 נפגש. נתראה!", ["ב-12.5.2026 נפגש.", "נתראה!"]),
        ("רח' הרצל 5. קומה ב.", ["רח' הרצל 5.", "קומה ב."]),
        ("אצל פרופ. לוי. טוב?", ["אצל פרופ. לוי.", "טוב?"]),
        ("מה מספר ה-ת. ז. שלך? תודה.", ["מה מספר ה-ת. ז. שלך?", "תודה."]),
        ("שולחים לת.ד. 15 בעיר. תודה.", ["שולחים לת.ד. 15 בעיר.", "תודה."]),
        ("Dr. Smith is in. Come at 10 a.m. tomorrow.", ["Dr. Smith is in.", "Come at 10 a.m. tomorrow."]),
        ("Write to office@clinic.example.com now. Thanks.", ["Write to office@clinic.example.com now.", "Thanks."]),
        ('He said "yes." Then he left.', ['He said "yes."', "Then he left."]),
        ("Wait... what? No!", ["Wait...", "what?", "No!"]),
        ("1. Monday\n2. Tuesday", ["1. Monday", "2. Tuesday"]),
        ("**Monday** at #5, see [here](https://a.example/b). ✅", ["Monday at 5, see here."]),
        ("", []),
        (" \n ... \n", []),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


WORDS = st.sampled_from(
    ["שלום", 'ד"ר', "10:30", "1,200", "Dr.", "ok.", "מחר,", "?", "!", "ת.", "\n", "a.m.", "3.5", "רח'"]
)


@given(st.lists(WORDS, max_size=40), st.randoms())
def test_the_same_text_gives_the_same_sentences_however_it_comes(words: list[str], chance: object) -> None:
    text = " ".join(words)
    pieces, at = [], 0
    while at < len(text):
        length = chance.randrange(1, 9)  # type: ignore[attr-defined]
        pieces.append(text[at : at + length])
        at += length
    assert cut(*pieces) == cut(text) == cut(*text)


@given(st.text(max_size=400))
def test_no_letter_and_no_digit_is_lost_or_doubled(text: str) -> None:
    def spoken(words: str) -> str:
        return "".join(c for c in words if c.isalnum())

    assert spoken(" ".join(cut(text))) == spoken(" ".join(speakable(line) for line in text.split("\n")))


def test_the_first_piece_does_not_wait_for_the_end_of_a_long_sentence() -> None:
    text = "אני יכולה להציע לך את מחר בבוקר בשעה תשע, או אם נוח לך יותר ביום רביעי אחר הצהריים"
    cutter = SentenceCutter()
    [first] = cutter.feed(text[:FIRST_CHARACTERS])
    assert first.endswith(",")
    assert not cutter.feed(text[FIRST_CHARACTERS:])


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=20_000), st.sampled_from(["א", "a", "א ", "word "]))
def test_nothing_longer_than_a_request_may_be_goes_to_the_voice(times: int, unit: str) -> None:
    sentences = cut(unit * times)
    assert all(len(sentence.encode()) <= MOST_BYTES for sentence in sentences)
    assert "".join(sentences).replace(" ", "") == (unit * times).replace(" ", "")
