"""Did the agent say that an appointment is booked when none is? (A5). Pure.

Reads the agent's own transcript clause by clause, in Hebrew, English, Russian and Arabic. A claim is a statement; a
question, an offer, a plan, a condition or a denial is none. When in doubt it is a claim: a needless correction costs a
sentence, a missed one costs a caller standing before a closed door.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from services import honesty_patterns as patterns

_SENTENCE_END = re.compile(r"(?<=[.!?؟…\n])\s+|\n")
_CLAUSE_END = re.compile(r"[,;:،–—]\s*|\s-\s|\.\s|!\s")
_CORRECTIONS = {
    "he": (
        "[SERVER] ❌ error: לא נקבע שום תור, אבל נאמר למתקשר שנקבע. לתקן מיד במשפט קצר אחד: "
        '"סליחה, התור עדיין לא נקבע", ואז לבקש את הפרט שחסר. לא לומר שנקבע תור לפני [SERVER] ✅ appointment_created.'
    ),
    "en": (
        "[SERVER] ❌ error: no appointment was booked, but the caller was told one is. Correct this at once in one "
        'short sentence: "Sorry, the appointment is not booked yet", then ask for the missing detail. '
        "Never say it is booked before [SERVER] ✅ appointment_created."
    ),
}


def claims_booking(text: str) -> bool:
    """Whether the agent's words state that an appointment is booked."""
    return any(_is_claim(clause, before) for clause, before in _statements(_plain(text)))


def correction(text: str, *, booked: bool, language: str) -> str | None:
    """The [SERVER] message that corrects a false claim, None when there is nothing to correct.

    `booked`: an appointment of this caller exists, made in this call or before it.
    """
    if booked or not claims_booking(text):
        return None
    return _CORRECTIONS["he" if language == "he" else "en"]


def _plain(text: str) -> str:
    """Lower case without vowel points, stretching and quotes, one kind of apostrophe."""
    decomposed = unicodedata.normalize("NFKC", text).replace("ـ", "")
    bare = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    plain = re.sub(r"[\"“”„«»*]", "", bare.replace("’", "'").replace("׳", "'")).lower()
    return patterns.EMPTY.sub(" ", plain)


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Clauses that are not asked, each with the clause before it in its sentence."""
    for sentence in _SENTENCE_END.split(text):
        clauses = [clause.strip() for clause in _CLAUSE_END.split(sentence) if clause.strip(" .!?؟")]
        asked = sentence.rstrip().endswith(("?", "؟"))
        if asked and clauses and patterns.TAG.fullmatch(clauses[-1].strip(" ?؟.")):
            asked, clauses = False, clauses[:-1]  # "…, בסדר?" only asks for a nod
        for index, clause in enumerate(clauses):
            is_question = patterns.QUESTION.match(clause) or (asked and index == len(clauses) - 1)
            if not is_question:
                yield clause, clauses[index - 1] if index else ""


def _is_claim(clause: str, before: str) -> bool:
    for done in patterns.DONE.finditer(clause):  # "I have booked …": a condition elsewhere does not undo it
        if not patterns.UNDONE.search(clause[: done.end()]):
            return True
    for state in patterns.STATE.finditer(clause):  # "the appointment is booked": "once …, it is" is a plan
        if not patterns.UNDONE.search(clause[: state.end()]) and not patterns.CONDITION.match(before):
            return True
    return False
