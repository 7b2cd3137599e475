"""What a call came to, from its rows: outcome, details and a sentence for the owner (W13, L10). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.calls.end_reasons import HAND_OVER, TRANSFER_ANSWERED
from services.policy.words import slot_words


@dataclass(frozen=True, slots=True)
class CallFacts:
    """appointments: starts booked in the call and still standing, in the business's zone. lead: fields that were
    said, by name. caller_words: whether the caller said anything at all. transfer_to, transfer_status, transfer_s: the
    number that was dialled, how that ended in Twilio's words ("" where nobody was dialled), how long they talked.
    messages: seconds of each voice message."""

    language: str
    end_reason: str
    duration_s: int
    caller_words: bool
    appointments: Sequence[datetime] = ()
    cancelled: int = 0
    lead: Mapping[str, str] = field(default_factory=dict)
    transfer_to: str = ""
    transfer_status: str = ""
    transfer_s: int = 0
    messages: Sequence[int] = ()

    @property
    def answered(self) -> bool:
        """A person took the call."""
        return self.transfer_status in TRANSFER_ANSWERED

    @property
    def missed(self) -> bool:
        """A person was asked for or dialled, and nobody took the call."""
        return not self.answered and (self.end_reason == HAND_OVER or bool(self.transfer_status))


_SENTENCES = {
    "booked": ("נקבע תור: {slots}.", "Booked: {slots}."),
    "cancelled": ("התור בוטל.", "An appointment was cancelled."),
    "message": ("המתקשר השאיר הודעה קולית ({seconds} שניות).", "The caller left a voice message ({seconds} s)."),
    "handed_over": ("השיחה הועברה אל {number} ונענתה.", "The call was transferred to {number} and answered."),
    "missed_transfer": ("המתקשר רצה לדבר עם אדם ואיש לא ענה.", "The caller wanted a person and nobody answered."),
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
    """booked, cancelled, message, handed_over, missed_transfer, lead, information or no_words: the first that fits."""
    if facts.appointments:
        return "booked"
    if facts.cancelled:
        return "cancelled"
    if facts.messages:
        return "message"
    if facts.answered:
        return "handed_over"
    if facts.missed:
        return "missed_transfer"
    if facts.lead.get("phone") or facts.lead.get("name"):
        return "lead"
    return "information" if facts.caller_words else "no_words"


def summary_of(facts: CallFacts) -> str:
    """A few sentences, in Hebrew for "he", English otherwise: the outcome, then what else happened."""
    which = 0 if facts.language == "he" else 1
    slots = "; ".join(slot_words(start, facts.language) for start in facts.appointments)
    told = list(dict.fromkeys([outcome_of(facts), *_also(facts)]))
    filled = {"slots": slots, "seconds": sum(facts.messages), "number": facts.transfer_to}
    parts = [_SENTENCES[each][which].format(**filled) for each in told]
    said = [f"{labels[which]}: {facts.lead[key]}" for key, labels in _LABELS.items() if facts.lead.get(key)]
    if said:
        parts.append(", ".join(said) + ".")
    return " ".join(parts)


def _also(facts: CallFacts) -> Sequence[str]:
    happened = {"message": bool(facts.messages), "handed_over": facts.answered, "missed_transfer": facts.missed}
    return [name for name, is_so in happened.items() if is_so]


def outcome_json(facts: CallFacts) -> dict[str, Any]:
    """The outcome as it is stored and posted."""
    transfer = {
        "number": facts.transfer_to,
        "answered": facts.answered,
        "status": facts.transfer_status,
        "seconds": facts.transfer_s,
    }
    return {
        "result": outcome_of(facts),
        "end_reason": facts.end_reason,
        "duration_s": facts.duration_s,
        "appointments": [start.isoformat() for start in facts.appointments],
        "lead": dict(facts.lead),
        "transfer": transfer if facts.transfer_status else None,
        "messages": [{"seconds": seconds} for seconds in facts.messages],
    }
