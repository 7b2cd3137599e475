"""A simple rule-based stand-in for the model's mind: what to say next. Pure.

It greets, tells hours and facts that stand in the instructions, asks for what is missing for an appointment,
passes on what a [SERVER] message says, and says goodbye. It understands nothing else, invents nothing, and
never claims a booking by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.realtime.briefing import WEEKDAYS, Briefing, Ranges
from sandbox.realtime.clock_words import clock_words, in_words
from sandbox.realtime.phrases import COMMON, HEAR, SAY

_SERVER = "[SERVER]"
_QUOTED = re.compile(r'["“״](.{2,300}?)["”״](?=[\s.,;:!?)]|$)', re.S)
_AFTER_COLON = re.compile(r":\s*\n\s*(\S.*)\Z", re.S)
_WHEN = {
    "en": re.compile(r"(?:\w+day,? +\d{1,2} \w+(?: \d{4})?|\w+day)[ ,]+(?:at +)?\d{1,2}:\d{2}"),
    "he": re.compile(r"(?:יום [א-ת]+|שבת)[^;|\n:]{0,30}?\d{1,2}:\d{2}"),
}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ](\d{2}:\d{2})")
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class Said:
    """One item of the conversation: role user, assistant or system."""

    role: str
    text: str


def reply(briefing: Briefing, conversation: Sequence[Said]) -> str:
    """The next sentence in a conversation."""
    since = _since_last_answer(conversation)
    for said in reversed(since):
        if said.role == "system" and _SERVER in said.text:
            return _on_server(briefing, said.text)
    heard = " ".join(said.text for said in since if said.role == "user" and said.text).strip()
    phrases = SAY[briefing.language]
    if not heard:
        return phrases["start"] if not conversation else phrases["again"]
    return _on_caller(briefing, heard, conversation)


def say_as_told(instructions: str, briefing: Briefing, conversation: Sequence[Said]) -> str:
    """What to say when an answer has instructions of its own: the sentence they give, or the usual reply."""
    exact = _AFTER_COLON.search(instructions)
    if exact:
        return " ".join(exact.group(1).split())
    quoted = _QUOTED.findall(instructions)
    if quoted:
        return " ".join(part if part[-1] in ".?!" else part + "." for part in (one.strip() for one in quoted))
    return reply(briefing, conversation)


# -- the server's facts -----------------------------------------------------------------------------------------------


def _on_server(briefing: Briefing, text: str) -> str:
    phrases = SAY[briefing.language]
    options = _moments(text, briefing.language)
    if "appointment_created" in text or "✅" in text:
        return phrases["booked"].format(when=options[0]) if options else phrases["booked_bare"]
    if "❌" in text:
        return phrases["error"]
    if "slot_unavailable" in text:
        offered = _moments(_after_marker(text), briefing.language)[:3]
        joined = phrases["or"].join(offered)
        return phrases["alternatives"].format(options=joined) if offered else phrases["unavailable"]
    if "slot_available" in text:
        return phrases["available"].format(when=options[0]) if options else phrases["available_bare"]
    if "need_phone" in text:
        return phrases["may_use_number" if briefing.may_use_caller_number else "need_phone"]
    for need in ("need_name", "need_datetime"):
        if need in text:
            return phrases[need]
    return phrases["more"]


def _after_marker(text: str) -> str:
    """The part of a message that lists the alternatives; the moment that was refused stands before it."""
    parts = re.split(r"alternatives?|חלופות|פנוי(?:ים)?|offer|free", text, maxsplit=1, flags=re.I)
    return parts[-1]


def _moments(text: str, language: str) -> list[str]:
    """Days and times named in a message, in words."""
    found = [match.group() for match in _WHEN[language].finditer(text)]
    if not found:
        found = [clock_words(match.group(1), language) for match in _ISO.finditer(text)]
    return [in_words(one.strip(" ,"), language) for one in dict.fromkeys(found)]


# -- the caller's words -----------------------------------------------------------------------------------------------


def _on_caller(briefing: Briefing, heard: str, conversation: Sequence[Said]) -> str:
    phrases = SAY[briefing.language]
    if HEAR["bye"].search(heard):
        return phrases["bye"]
    if HEAR["person"].search(heard):
        return phrases["person"]
    if HEAR["name"].search(heard):
        return f"{phrases['noted']} {_next_detail(briefing, conversation, named=True)}"
    books = HEAR["book"].search(heard) or _is_booking(conversation)
    if HEAR["hours"].search(heard):
        return tell_hours(briefing, heard)
    if books and (HEAR["day"].search(heard) or HEAR["time"].search(heard)):
        return _on_moment(briefing, heard, conversation)
    if HEAR["book"].search(heard):
        return phrases["ask_when"]
    if briefing.address and HEAR["where"].search(heard):
        return phrases["address"].format(address=briefing.address)
    if fact := find_fact(briefing, heard):
        return fact
    if HEAR["yes"].search(heard):
        return _next_detail(briefing, conversation, named=False) if books else phrases["more"]
    if HEAR["no"].search(heard):
        return phrases["alright"] if books and not _was_asked_for_more(briefing, conversation) else phrases["bye"]
    if _asked(conversation, phrases["need_name"]):
        return f"{phrases['noted']} {_next_detail(briefing, conversation, named=True)}"
    return phrases["unknown"] if len(heard.split()) > 2 else phrases["again"]


def tell_hours(briefing: Briefing, heard: str) -> str:
    """The hours of the day the caller asked about; today's and tomorrow's when none was named."""
    phrases = SAY[briefing.language]
    if not any(hours is not None for hours in briefing.hours):
        return phrases["no_hours"]
    lowered = heard.lower()
    named = [day for day, name in enumerate(WEEKDAYS[briefing.language]) if name in lowered]
    asked_tomorrow = re.search(r"tomorrow|מחר(?!תיים)", lowered)
    if named:
        return _hours_of(briefing, named[0], None)
    if briefing.today is None:
        return _hours_of(briefing, 0, None)
    tomorrow = _hours_of(briefing, (briefing.today + 1) % 7, "tomorrow")
    if asked_tomorrow:
        return tomorrow
    today = _hours_of(briefing, briefing.today, "today")
    return today if re.search(r"today|היום", lowered) else f"{today} {tomorrow}"


def find_fact(briefing: Briefing, heard: str) -> str | None:
    """The sentence of the business's own text that shares most with the question; None when hardly anything
    is shared.
    """
    asked = _stems(heard)
    if not asked:
        return None
    scored = [(len(asked & _stems(fact)), -len(fact), fact) for fact in briefing.facts]
    best = max(scored, default=(0, 0, ""))
    return best[2] if best[0] >= max(1, len(asked) // 2) else None


def _hours_of(briefing: Briefing, day: int, near: str | None) -> str:
    phrases = SAY[briefing.language]
    name = WEEKDAYS[briefing.language][day]
    said = phrases[near] if near else phrases["on"].format(day=name.capitalize())
    ranges = briefing.hours[day]
    if not ranges:
        return phrases["closed"].format(day=said)
    return phrases["open"].format(day=said, hours=_ranges(ranges, briefing.language))


def _ranges(ranges: Ranges, language: str) -> str:
    phrases = SAY[language]
    spans = [
        phrases["from_to"].format(opens=clock_words(opens, language), closes=clock_words(closes, language))
        for opens, closes in ranges
    ]
    return phrases["and"].join(spans)


def _on_moment(briefing: Briefing, heard: str, conversation: Sequence[Said]) -> str:
    """A day or a time for an appointment: the server checks it when both are known."""
    phrases = SAY[briefing.language]
    earlier = " ".join(said.text for said in conversation if said.role == "user")
    if not HEAR["time"].search(heard) and not HEAR["time"].search(earlier):
        return phrases["ask_time"]
    if not HEAR["day"].search(heard) and not HEAR["day"].search(earlier):
        return phrases["ask_day"]
    return phrases["checking"]


def _next_detail(briefing: Briefing, conversation: Sequence[Said], *, named: bool) -> str:
    phrases = SAY[briefing.language]
    earlier = " ".join(said.text for said in conversation if said.role == "user")
    if not HEAR["day"].search(earlier) or not HEAR["time"].search(earlier):
        return phrases["need_datetime"]
    if not named and not HEAR["name"].search(earlier):
        return phrases["need_name"]
    return phrases["may_use_number" if briefing.may_use_caller_number else "need_phone"]


def _is_booking(conversation: Sequence[Said]) -> bool:
    return any(said.role == "user" and HEAR["book"].search(said.text) for said in conversation)


def _was_asked_for_more(briefing: Briefing, conversation: Sequence[Said]) -> bool:
    return any(_asked(conversation, SAY[briefing.language][key]) for key in ("more", "booked_bare", "booked"))


def _asked(conversation: Sequence[Said], sentence: str) -> bool:
    """Whether the last answer ended with the last sentence of this phrase."""
    last = next((said.text for said in reversed(conversation) if said.role == "assistant"), "")
    return bool(last) and last.rstrip().endswith(re.split(r"(?<=[.!?]) ", sentence)[-1])


def _since_last_answer(conversation: Sequence[Said]) -> list[Said]:
    since: list[Said] = []
    for said in reversed(conversation):
        if said.role == "assistant":
            break
        since.append(said)
    return since[::-1]


def _stems(text: str) -> set[str]:
    """Words that carry meaning, shortened so that forms of a word meet."""
    words = {word.lower() for word in _WORD.findall(text)} - COMMON
    return {re.sub(r"^[הבלמוכש](?=\w{3})", "", word)[:4] if word[0] >= "\u0590" else word[:5] for word in words}
