"""What a call came to, from its rows: outcome, details and a sentence for the owner (W13). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.policy_words import slot_words


@dataclass(frozen=True, slots=True)
class CallFacts:
    """appointments: starts booked in the call and still standing, in the business's zone. lead: fields that were
    said, by name. caller_words: whether the caller said anything at all."""

    language: str
    end_reason: str
    duration_s: int
    caller_words: bool
    appointments: Sequence[datetime] = ()
    cancelled: int = 0
    lead: Mapping[str, str] = field(default_factory=dict)


_HANDED_OVER = {"hand_over", "forward", "voicemail"}
_SENTENCES = {
    "booked": ("נקבע תור: {slots}.", "Booked: {slots}."),
    "cancelled": ("התור בוטל.", "An appointment was cancelled."),
    "handed_over": ("השיחה הועברה לנציג.", "The call was handed over to a person."),
    "lead": ("המתקשר השאיר פרטים.", "The caller left details."),
    "information": ("המתקשר שאל ולא קבע תור.", "The caller asked and booked nothing."),
    "no_words": ("המתקשר לא אמר דבר.", "The caller said nothing."),
}
_LABELS = {
    "name": ("שם", "Name"),
    "phone": ("טלפון", "Phone"),
    "city": ("עיר", "City"),
    "service": ("נושא", "About"),
}


def outcome_of(facts: CallFacts) -> str:
    """booked, cancelled, handed_over, lead, information or no_words: the first that fits."""
    if facts.appointments:
        return "booked"
    if facts.cancelled:
        return "cancelled"
    if facts.end_reason in _HANDED_OVER:
        return "handed_over"
    if facts.lead.get("phone") or facts.lead.get("name"):
        return "lead"
    return "information" if facts.caller_words else "no_words"


def summary_of(facts: CallFacts) -> str:
    """One or two sentences, in Hebrew for "he", English otherwise."""
    which = 0 if facts.language == "he" else 1
    slots = "; ".join(slot_words(start, facts.language) for start in facts.appointments)
    parts = [_SENTENCES[outcome_of(facts)][which].format(slots=slots)]
    said = [f"{labels[which]}: {facts.lead[key]}" for key, labels in _LABELS.items() if facts.lead.get(key)]
    if said:
        parts.append(", ".join(said) + ".")
    return " ".join(parts)


def outcome_json(facts: CallFacts) -> dict[str, Any]:
    """The outcome as it is stored and posted."""
    return {
        "result": outcome_of(facts),
        "end_reason": facts.end_reason,
        "duration_s": facts.duration_s,
        "appointments": [start.isoformat() for start in facts.appointments],
        "lead": dict(facts.lead),
    }
