"""What a customer's message means: answers in every look they have on telephones, and nothing else as one (K6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.texts.reading import Wish, is_twilios_word, read_wish

MEANT = {
    Wish.CONFIRM: [
        "1", " 1 ", "1.", "1!", "(1)", "1)", "#1", "1️⃣", "①", "１", "١", "\u200f1", "\u202b1\u202c", "1 1", "1 👍",
        "1🙏", "א", "אחת", "כן", "כן!", "כן, תודה", "כֵּן", "מגיעה", "אני מגיע", "מאשרת", "אישור בבקשה", "אישור 🙏",
        "אוקיי", "👍", "👍🏽", "✅", "👌", "Yes", "YES PLEASE", "yes.", "ok", "Confirm", "I'll be there", "да", "نعم",
    ],
    Wish.CANCEL: [
        "2", "2.", "2️⃣", "②", "２", "٢", "2 בבקשה", "ב", "שתיים", "ביטול", "ביטול.", "לבטל", "לבטל בבקשה",
        "אני רוצה לבטל", "ביטול התור", "Cancel", "CANCEL", "please cancel", "cancel my appointment, thanks",
        "отменить", "إلغاء",
    ],
    Wish.STOP: [
        "STOP", "Stop.", "stop all", "STOPALL", "unsubscribe", "הסר", "הסר!", "הסירו אותי", "עצור", "стоп", "توقف",
    ],
    Wish.START: ["START", "start", "UNSTOP", "התחל", "התחל בבקשה"],
    Wish.TEXT: [
        "", "   ", "3", "0", "12", "21", "11", "1 2", "1/2", "כן לבטל", "לא", "לא לבטל", "don't cancel",
        "1 אבל אאחר בעשר דקות", "❌", "👎", "❓", "אפשר להזיז לשתיים?", "שלום", "תודה", "🙏", "מה הכתובת", "1\n\n2",
        "stop calling me about 2", "🦷", "x" * 5000, "1" * 100,
    ],
}  # fmt: skip


@pytest.mark.parametrize(("wish", "text"), [(wish, text) for wish, texts in MEANT.items() for text in texts])
def test_a_message_means_what_its_writer_meant(wish: Wish, text: str) -> None:
    assert read_wish(text) is wish


@given(st.text(max_size=5000))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert read_wish(text) in Wish
    assert is_twilios_word(text) in (True, False)


@given(st.text(alphabet="אבגדהוזחטיכלמנסעפצקרשת 12345.", min_size=25, max_size=60))
def test_a_long_sentence_is_no_answer(text: str) -> None:
    assert read_wish(f"{text} אבל אולי") is Wish.TEXT


def test_twilios_own_reading_counts_where_we_have_none() -> None:
    assert read_wish("aufhören", "STOP") is Wish.STOP
    assert read_wish("weiter", "START") is Wish.START
    assert read_wish("hilfe", "HELP") is Wish.TEXT
    assert read_wish("cancel", "STOP") is Wish.CANCEL
