"""When a call should end or be handed over by what was said: goodbyes, and an agent that goes round in circles (W12).

Pure. It only reads words; the caller of this code waits until the last sentence was heard before it acts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from enum import Enum

REPEATS_ALLOWED = 2  # the third time is a loop
SENTENCES_KEPT = 24
_SAME = 0.75  # share of words two sentences have in common
_MIN_WORDS = {"question": 2, "statement": 4}

_GOODBYES = (
    r"ביי+(?: ביי+)*", r"ו?להתראות", r"נתראה", r"היה נעים", r"יום (?:טוב|נעים|מקסים|נפלא)", r"ערב נעים", r"לילה טוב",
    r"שבוע טוב", r"סוף שבוע נעים", r"תודה שהתקשרת\w*", r"זה הכו?ל", r"זהו(?: זה)?(?: תודה.*)?", r"כל טוב",
    r"אין צורך(?: ב\w+)? (?:יותר|נוסף)",
    r"good ?bye", r"bye+(?: bye+)*", r"bye-bye", r"see you(?: \w+)?", r"talk to you later",
    r"have a (?:\w+ )?(?:day|evening|one|night|weekend)",
    r"take care", r"thanks? (?:you )?for (?:calling|your call)", r"that's all", r"that is all",
    r"that'll be all", r"good night",
    r"до свидания", r"до встречи", r"всего (?:доброго|хорошего)", r"пока(?: пока)?",
    r"хорошего (?:дня|вечера)", r"это вс[её]",
    r"спасибо за звонок",
    r"مع السلامة", r"وداعا", r"إلى اللقاء", r"الى اللقاء", r"في أمان الله", r"يوم سعيد", r"يومك سعيد",
    r"هذا كل شيء", r"باي",
    r"شكرا لاتصالك\w*",
)  # fmt: skip
_WHOLE_ONLY = frozenset(
    ("пока", "זהו", "זה הכל", "זה הכול", "נתראה", "that's all", "that is all", "это все", "это всё")
)
_GOODBYE = re.compile(r"(?<![\w'])(?:" + "|".join(_GOODBYES) + r")(?![\w'])")
_STILL_TALKING = re.compile(
    r"(?<![\w'])(?:לפני ש\S*|רגע|עוד שאלה|עוד דבר|אבל|שנייה|before|wait|one more|but|also|"
    r"подождите|ещ[её] вопрос|قبل|لحظة|سؤال)(?![\w'])"
)
_ANYTHING_ELSE = re.compile(
    r"(?:עוד משהו|משהו נוסף|דבר נוסף|anything else|something else|что-то ещ[её]|شيء آخر|شيء اخر)"
)
_SENTENCE = re.compile(r"[^.!?؟…\n]+[.!?؟…]*")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Next(Enum):
    """What follows from a turn. HANG_UP: once the sentence was heard. HAND_OVER: to a human, or take a message."""

    GO_ON = "go_on"
    HANG_UP = "hang_up"
    HAND_OVER = "hand_over"


def says_goodbye(text: str) -> bool:
    """Whether a turn closes the conversation: its last words are a goodbye and nothing is asked or left open."""
    plain = _plain(text)
    if not plain or plain.endswith(("?", "؟")) or _STILL_TALKING.search(plain):
        return False
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(plain) if _WORD.search(sentence)]
    last = sentences[-1] if sentences else ""
    matches = list(_GOODBYE.finditer(last))
    if not matches:
        return False
    found = matches[-1]
    if found.group() in _WHOLE_ONLY:  # "пока" and "זהו" are everyday words: they close only a very short turn
        return len(_WORD.findall(last)) <= 4
    return len(_WORD.findall(last[found.end() :])) <= 3


class CallClosing:
    """One call's watch. Tell it each finished turn; the agent's fixed sentences (silence prompts) are not turns."""

    def __init__(self) -> None:
        self._caller_left = False
        self._said: deque[tuple[str, frozenset[str]]] = deque(maxlen=SENTENCES_KEPT)

    @property
    def caller_said_goodbye(self) -> bool:
        """True from the caller's goodbye until the caller says something else."""
        return self._caller_left

    def caller_said(self, text: str) -> Next:
        """The caller's turn. A goodbye is answered before the line is closed, so it always goes on."""
        self._caller_left = says_goodbye(text)
        return Next.GO_ON

    def agent_said(self, text: str) -> Next:
        """The agent's turn, as heard to its end."""
        asks = _plain(text).endswith(("?", "؟"))
        if says_goodbye(text) or (self._caller_left and not asks):
            return Next.HANG_UP
        return Next.HAND_OVER if self._repeats_itself(text) else Next.GO_ON

    def _repeats_itself(self, text: str) -> bool:
        looping = False
        for sentence in _SENTENCE.findall(_plain(text)):
            kind = "question" if sentence.rstrip().endswith(("?", "؟")) else "statement"
            words = frozenset(_WORD.findall(sentence))
            if len(words) < _MIN_WORDS[kind] or _ANYTHING_ELSE.search(sentence):
                continue
            before = sum(kind == other and _alike(words, known) for other, known in self._said)
            looping = looping or before >= REPEATS_ALLOWED
            self._said.append((kind, words))
        return looping


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    return len(first & second) >= _SAME * len(first | second)


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Mn", "Cf"))
    return bare.replace("’", "'").lower().strip()
