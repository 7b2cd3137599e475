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
from sandbox.realtime.clock_words import clock_words
from sandbox.realtime.phrases import COMMON, HEAR, SAY
from sandbox.realtime.server_facts import is_server_fact, quoted_sentences, tell_facts

_AFTER_COLON = re.compile(r":\s*\n\s*(\S.*)\Z", re.S)
# Asked for the server, which acts at a yes.
_SERVERS_QUESTIONS = ("confirm_cancel", "confirm_move", "confirm_booking", "may_use_number")
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class Said:
    """One item of the conversation: role user, assistant or system."""

    role: str
    text: str


def reply(briefing: Briefing, conversation: Sequence[Said]) -> str:
    """The next sentence in a conversation."""
    since = _since_last_answer(conversation)
    facts = [said.text for said in since if said.role == "system" and is_server_fact(said.text)]
    if facts:
        return tell_facts(briefing, facts)
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
    return quoted_sentences(instructions) or reply(briefing, conversation)


# -- the caller's words -----------------------------------------------------------------------------------------------


def _on_caller(briefing: Briefing, heard: str, conversation: Sequence[Said]) -> str:
    phrases = SAY[briefing.language]
    if HEAR["bye"].search(heard):
        return phrases["bye"]
    if HEAR["person"].search(heard):
        return phrases["person"] if briefing.transfers else _not_offered(briefing)
    if HEAR["name"].search(heard):
        return _after_detail(briefing, conversation)
    if HEAR["change"].search(heard):
        return phrases["checking"]
    if HEAR["yes"].search(heard) and any(_asked(conversation, phrases[question]) for question in _SERVERS_QUESTIONS):
        return phrases["wait"]
    books = briefing.books and (HEAR["book"].search(heard) or _is_booking(conversation))
    if HEAR["hours"].search(heard):
        return tell_hours(briefing, heard)
    if books and (HEAR["day"].search(heard) or HEAR["time"].search(heard)):
        return _on_moment(briefing, heard, conversation)
    if HEAR["book"].search(heard):
        return phrases["ask_when"] if briefing.books else _not_offered(briefing)
    if briefing.address and HEAR["where"].search(heard):
        return phrases["address"].format(address=briefing.address)
    if fact := find_fact(briefing, heard):
        return fact
    if HEAR["yes"].search(heard):
        return _after_detail(briefing, conversation) if books else phrases["more"]
    if HEAR["no"].search(heard):
        return phrases["alright"] if books and not _was_asked_for_more(briefing, conversation) else phrases["bye"]
    if _asked(conversation, phrases["need_name"]):
        return _after_detail(briefing, conversation)
    return phrases["unknown"] if len(heard.split()) > 2 else phrases["again"]


def _not_offered(briefing: Briefing) -> str:
    phrases = SAY[briefing.language]
    return f"{phrases['not_offered']} {phrases['leave_details' if briefing.takes_details else 'more']}"


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


def _after_detail(briefing: Briefing, conversation: Sequence[Said]) -> str:
    """A name or a yes was given: ask for the moment when it is missing, else leave the next question to the
    server.
    """
    phrases = SAY[briefing.language]
    earlier = " ".join(said.text for said in conversation if said.role == "user")
    knows_moment = HEAR["day"].search(earlier) and HEAR["time"].search(earlier)
    return phrases["wait"] if knows_moment else f"{phrases['noted']} {phrases['need_datetime']}"


def _is_booking(conversation: Sequence[Said]) -> bool:
    return any(said.role == "user" and HEAR["book"].search(said.text) for said in conversation)


def _was_asked_for_more(briefing: Briefing, conversation: Sequence[Said]) -> bool:
    return _asked(conversation, SAY[briefing.language]["more"])


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
