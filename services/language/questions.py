"""Whether what was said ends in a question, in Hebrew, English, Russian or Arabic. Pure."""

from __future__ import annotations

import re

from services.language.text import plain_text

SENTENCE = re.compile(r"[^.!?؟…\n]+[.!?؟…]*")
CLAUSE = re.compile(r"[^.,;:!?؟،…\n]+")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
ASKS = re.compile(
    r"(?:(?:אז|ו|and|so|then|ну|а|и|و|ok|okay|טוב|אוקיי|בסדר) )*"
    r"(?:ו?(?:מה|מתי|איזה|איזו|באיזה|באיזו|כמה|האם|איפה|היכן|איך|למה|מדוע|תרצה|תרצי|תרצו|במה|לאיזה|על שם מי)|"
    r"what|when|which|who|where|how|why|would you|could you|can you|can i|may i|do you|does|is|are you|shall|should|"
    r"что|когда|как|какой|какая|какое|на какой|во сколько|сколько|где|кто|хотите|вам удобно|подойд[её]т|можете|"
    r"هل|ما|ماذا|متى|كم|اين|أين|من|كيف|لماذا|تريد|تريدين)(?!\w)"
)
ASKS_AT_END = re.compile(r"(?<!\w)(?:נכון|בסדר|מתאים(?: לך)?|נוח לך|right|correct|верно|правильно|صحيح|تمام)\W*$")


def asks(text: str) -> bool:
    """Whether what the agent said ends in a question, with a question mark or without one."""
    plain = plain_text(text)
    last = _last_sentence(plain)
    if last.endswith(("?", "؟")):
        return True
    clauses = [clause.strip() for clause in CLAUSE.findall(last)]
    return any(ASKS.match(clause) for clause in clauses[-2:]) or (
        len(clauses) > 1 and ASKS_AT_END.search(last) is not None
    )


def _last_sentence(plain: str) -> str:
    sentences = [one.strip() for one in SENTENCE.findall(plain) if WORD.search(one)]
    return sentences[-1] if sentences else ""
