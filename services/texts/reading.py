"""What a customer's message means: the answers that were asked for, the words for no more messages, or a text (K6).

Only a message that is an answer and nothing else counts as one: what has more in it is for a person to read. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from services.language.text import one_spelling

# Longer ones are no answers, whatever they begin with.
_LONGEST = 60


class Wish(StrEnum):
    CONFIRM = "confirm"
    CANCEL = "cancel"
    STOP = "stop"
    START = "start"
    # Anything else: for the owner to read.
    TEXT = "text"


def _words(text: str) -> frozenset[str]:
    return frozenset(one_spelling(line.strip()) for line in text.split("|"))


_MEANINGS = {
    Wish.CONFIRM: _words(
        "1|אחת|אחד|כן|כן אגיע|כן מגיע|כן מגיעה|מגיע|מגיעה|אני מגיע|אני מגיעה|אגיע|אני אגיע|נגיע|"
        "מאשר|מאשרת|אני מאשר|אני מאשרת|אישור|לאשר|אשר|מאושר|בסדר|אוקיי|אוקי|סבבה|בטח|"
        "yes|yes i will|y|yep|yeah|ok|okay|confirm|confirmed|i confirm|i will be there|i'll be there|sure|"
        "да|да приду|приду|подтверждаю|хорошо|نعم|ايوه|اكيد|تاكيد|اؤكد|تمام|👍|👌|✅|✔"
    ),
    Wish.CANCEL: _words(
        "2|שתיים|שתים|שניים|שנים|ביטול|לבטל|בטל|בטלי|בטלו|תבטל|תבטלי|תבטלו|מבטל|מבטלת|אני מבטל|אני מבטלת|"
        "רוצה לבטל|אני רוצה לבטל|לבטל את התור|לבטל תור|ביטול תור|ביטול התור|מבטל את התור|מבטלת את התור|"
        "cancel|cancel it|cancel appointment|cancel the appointment|cancel my appointment|i want to cancel|"
        "i cancel|please cancel it|отмена|отменить|отмените|отменяю|الغاء|الغ|الغي|الغوا الموعد|الغاء الموعد"
    ),
    # Twilio's own list has these and more of the English ones.
    Wish.STOP: _words(
        "הסר|הסרה|הסירו|הסירו אותי|להסיר|תסירו|תסירו אותי|הסר אותי|עצור|עצרו|הפסק|הפסיקו|בלי הודעות|לא לשלוח|אל תשלחו|"
        "stop|stop all|stopall|unsubscribe|optout|opt out|revoke|end|quit|remove|remove me|"
        "стоп|отписаться|отписка|توقف|قف|الغاء الاشتراك"
    ),
    Wish.START: _words("התחל|התחילו|חידוש|לחדש|start|unstop|resume|subscribe|старт|начать|ابدا|اشتراك"),
}
_BY_WORDS = {words: wish for wish, all_of_them in _MEANINGS.items() for words in all_of_them}
# What may stand around an answer.
_COURTESY = _words(
    "בבקשה|תודה|תודה רבה|שלום|היי|הי|נא|please|pls|thanks|thank you|hi|hello|спасибо|пожалуйста|شكرا|من فضلك"
)
# The parts of a figure in a box, of colours of hands, and of joined signs; and what is only there to be looked at.
_UNSEEN = re.compile("[\ufe0e\ufe0f\u20e3\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U0001f3fb-\U0001f3ff]")
_MARKS = re.compile(r"[\s.,;:!?…*#()\[\]{}<>\"“”„«»״׳`´_~^/\\|+=-]+")
_SIGNS_OF_YES = "👍👌✅✔"
_POLITE_SIGNS = "🙏🙂😊😀😃😄❤🌹"
# A letter as a figure, as Hebrew has it.
_LETTERS = {"א": Wish.CONFIRM, "ב": Wish.CANCEL}


def read_wish(text: str, twilio_says: str = "") -> Wish:
    """The wish of a message. twilio_says: Twilio's own reading of it (its field OptOutType), "" where it has none.

    Where both have one, ours counts: who answers "cancel" means the appointment.
    """
    found = _read(text) if len(text) <= _LONGEST else Wish.TEXT
    if found is Wish.TEXT and twilio_says.upper() in ("STOP", "START"):
        return Wish(twilio_says.lower())
    return found


def is_twilios_word(text: str) -> bool:
    """Whether Twilio answers this message by itself: an answer of ours would not be delivered, or be a second one."""
    return _plain(text) in _TWILIOS


_TWILIOS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke", "start", "unstop", "help", "info"}
)


def _read(text: str) -> Wish:
    plain = _plain(text)
    bare = _without_courtesy(plain)
    parts = {_BY_WORDS.get(part) for part in bare.split()}
    # "1 👍" says one thing twice.
    said_again = parts.pop() if len(parts) == 1 else None
    return _BY_WORDS.get(plain) or _LETTERS.get(plain) or _BY_WORDS.get(bare) or said_again or Wish.TEXT


def _plain(text: str) -> str:
    """Small letters and plain figures, one blank between words; marks left out, and pictures but those that say yes."""
    bare = _UNSEEN.sub("", text)
    kept = "".join(_kept(character) for character in unicodedata.normalize("NFKC", bare))
    return one_spelling(_MARKS.sub(" ", kept)).strip()


def _kept(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character in _SIGNS_OF_YES:
        return f" {character} "
    if character in _POLITE_SIGNS:
        return " "
    # Other symbols and pictures mean nothing that could be relied on: they make a message a text.
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in ("So", "Sk") else character


def _without_courtesy(plain: str) -> str:
    for polite in sorted(_COURTESY, key=len, reverse=True):
        plain = plain.removeprefix(f"{polite} ").removesuffix(f" {polite}")
    return plain.strip()
