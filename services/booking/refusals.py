"""What callers ask for and the business does not do by telephone: said at once, with what is possible instead (L9)."""

from __future__ import annotations

from services.booking.changes import Reading
from services.booking.draft import Draft
from services.booking.messages import ServerMessage, ServerMessages
from services.nlp.intent import asks_for_earliest, names_appointment, wants_another
from services.nlp.model import CERTAIN
from services.policy.permissions import Permissions, Refused


class Refusals:
    """The part of a call's steps that says no. Nobody is asked for a day or an hour that leads nowhere."""

    def __init__(self, may: Permissions, say: ServerMessages) -> None:
        self._may = may
        self._say = say

    def next(self, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """What to tell about a wish that is not fulfilled here, [] when there is none. While name and number are
        written down the wish belongs to them."""
        if draft.message == "open":
            return []
        parsed = reading.parsed
        if parsed.change and not self._may.change:
            return self._not_offered("change", draft, reading)
        if parsed.message and not self._may.take_details:
            return self._not_offered("message", draft, reading)
        if not self._may.book and _wants_a_time(draft, reading):
            return self._not_offered("book", draft, reading)
        return []

    def of_booked(self, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """An appointment stands, and another time was named: it is not moved."""
        named = reading.parsed.dates or reading.parsed.times
        return self._not_offered("change", draft, reading) if named else []

    def _not_offered(self, what: Refused, draft: Draft, reading: Reading) -> list[ServerMessage]:
        draft.noted(reading.words)
        noted = draft.message == "noted"
        return [self._say.repeated(self._say.lead_noted()) if noted else self._say.not_offered(what)]


def _wants_a_time(draft: Draft, reading: Reading) -> bool:
    """Whether an appointment is wished or a free time asked for, in so many words: a day in a story is neither."""
    parsed, words = reading.parsed, reading.words
    if parsed.change or parsed.own or draft.cancel_id or (draft.booked_id and not wants_another(words)):
        return False
    if parsed.intent == "book":
        return parsed.confidence >= CERTAIN or parsed.explicit or names_appointment(words)
    named = parsed.dates or parsed.times or names_appointment(words) or asks_for_earliest(words)
    return parsed.intent == "ask" and bool(named)
