"""Puts [SERVER] messages (`services/booking/messages.py`) into the words for the caller. Pure.

It asks little of their form: the kind after [SERVER], days with times, what stands in quotes, what follows
"Offer:".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.realtime.briefing import Briefing
from sandbox.realtime.clock_words import in_words
from sandbox.realtime.phrases import SAY

_FACT = re.compile(r"\[SERVER\]\s*(?P<sign>[✅❌])?\s*(?P<kind>\w+)?")
_QUOTED = re.compile(r'(?<!\w)["“״](.{2,300}?)["”״](?!\w)', re.S)
_WHEN = {
    "en": re.compile(r"(?:\w+day,? +\d{1,2} \w+(?: \d{4})?|\w+day)[ ,]+(?:at +)?\d{1,2}:\d{2}"),
    "he": re.compile(r"(?:יום [א-ת]+|שבת)[^;|\n:]{0,30}?\d{1,2}:\d{2}"),
}
_OFFER = re.compile(r"offer:|alternatives:?|להציע:|חלופות:?", re.I)
_WHY = re.compile(r"(?:not possible|לא אפשרי):\s*(.+?)\s*(?=offer|אפשר להציע|אין מועד|no time near|$)", re.I | re.S)
_PERMISSION = re.compile(r"number they call from|מספר שממנו")
_MOST_OFFERED = 2  # an answer is short


def is_server_fact(text: str) -> bool:
    """Whether a system item is a message of the server."""
    return bool(_FACT.search(text))


def tell_facts(briefing: Briefing, facts: Sequence[str]) -> str:
    """One answer for all facts that came since the last: what holds first, then the one question that is
    open.
    """
    told = [_tell(briefing, fact) for fact in facts]
    statements = [statement for statement, _ in told if statement]
    questions = [question for _, question in told if question]
    return " ".join([*statements[-1:], *questions[-1:]])


def quoted_sentences(text: str) -> str:
    """What stands in quotes in a text, as sentences; "" when nothing does."""
    parts = [part.strip() for part in _QUOTED.findall(text)]
    return " ".join(part if part[-1] in ".?!" else part + "." for part in parts if part)


def _tell(briefing: Briefing, fact: str) -> tuple[str, str]:
    """A fact as a statement and a question, either may be empty."""
    phrases = SAY[briefing.language]
    found = _FACT.search(fact)
    sign, kind = (found["sign"], found["kind"] or "") if found else (None, "")
    moments = _moments(fact, briefing.language)
    when = moments[0] if moments else ""
    if sign == "❌":
        return quoted_sentences(fact) or _failure(briefing, fact), ""
    if kind.startswith("appointment_"):
        return phrases[kind].format(when=when) if kind in phrases and when else phrases["done"], phrases["more"]
    if kind == "slot_available":
        return (phrases["available"].format(when=when) if when else phrases["available_bare"]), ""
    if kind == "slot_unavailable":
        return _why(briefing, fact), _offers(briefing, fact) or phrases["message"]
    if kind == "need_datetime":
        return "", _offers(briefing, fact) or phrases["need_datetime"]
    if kind == "confirm_cancel":
        return "", phrases["confirm_cancel"].format(when=when)
    if kind == "need_phone":
        return "", phrases["may_use_number" if _PERMISSION.search(fact) else "need_phone"]
    if kind in ("confirm_move", "confirm_booking"):
        return (phrases["available"].format(when=when) if when else ""), phrases[kind]
    if kind == "not_offered":
        return phrases["not_offered"], phrases["leave_details" if briefing.takes_details else "more"]
    if kind == "phone_noted":
        return phrases["noted"], ""
    return "", phrases.get(kind, phrases["more"])


def _failure(briefing: Briefing, fact: str) -> str:
    """What did not work, in words that claim nothing."""
    phrases = SAY[briefing.language]
    if re.search(r"key in|להקיש", fact):
        return phrases["key_again"]
    if re.search(r"no appointment was found|לא נמצא תור", fact, re.I):
        return phrases["no_appointment"]
    if re.search(r"calendar|היומן", fact, re.I):
        return phrases["calendar_away"]
    return phrases["error"]


def _why(briefing: Briefing, fact: str) -> str:
    """Why a time is refused, as the server says it."""
    found = _WHY.search(fact)
    return in_words(found.group(1), briefing.language) if found else SAY[briefing.language]["unavailable"]


def _offers(briefing: Briefing, fact: str) -> str:
    """A question that offers the times in the message; "" when there are none."""
    parts = _OFFER.split(fact, maxsplit=1)
    offered = _moments(parts[1], briefing.language)[:_MOST_OFFERED] if len(parts) > 1 else []
    phrases = SAY[briefing.language]
    return phrases["offer"].format(options=phrases["or"].join(_without_same_day(offered))) if offered else ""


def _without_same_day(moments: list[str]) -> list[str]:
    """Moments of one day, the day said only once: "Tuesday, 24 November at 9 AM", "11:30 AM"."""
    days = [re.split(r" at | בשעה ", moment)[0] for moment in moments]
    joint = [re.split(r" at | בשעה ", moment, maxsplit=1)[-1] for moment in moments]
    same = [number > 0 and days[number] == days[number - 1] for number in range(len(moments))]
    return [joint[number] if same[number] else moments[number] for number in range(len(moments))]


def _moments(text: str, language: str) -> list[str]:
    """Days and times named in a message, in words."""
    return [in_words(match.strip(" ,"), language) for match in dict.fromkeys(_WHEN[language].findall(text))]
