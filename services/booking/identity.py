"""Who is calling, as far as an appointment on file is concerned (S5): a number anyone can fake opens nothing alone.

The business chooses (`caller_id_trust`): the name that fits the customer's, a code by SMS to the number on file, or the
number itself. Until the check is passed the caller is told nothing, not even whether there is an appointment: what is
asked and what is refused has the same words whether something stands or not. What was checked lives in the draft, so
that a resumed call keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services import tools_calendar
from services.appointments.confirmations import can_be_written_to, queue_code
from services.booking import one_time_code
from services.booking.draft import Draft
from services.booking.messages import ServerMessage, ServerMessages
from services.booking.reading import Reading
from services.calls.context import CallContext
from services.db.limit_counts import count, counted
from services.db.models import CallerIdTrust
from services.language.name_fit import name_fits
from services.tools_calendar import Booking

NAMES_A_CALL, NAMES_A_DAY = 2, 6  # wrong ones
CODES_A_CALL, CODES_A_DAY = 3, 5  # wrong tries of one code; codes sent to one number
_DAY = timedelta(days=1)
_TO_HEAR = ("own", "same")  # errands that change nothing


class Identity:
    """One call's check. `errand`: "cancel", "move", "own" (to hear of it) or "same" (as at the last visit)."""

    def __init__(self, context: CallContext, say: ServerMessages) -> None:
        self._context = context
        self._say = say
        self._own = context.caller if context.caller_id_allowed else ""

    def appointments(self, session: Session, draft: Draft, now: datetime, errand: str = "own") -> list[Booking]:
        """Coming appointments the caller may hear of and change by now: of this call, and what the check has opened."""
        found = tools_calendar.callers_appointments(session, self._context.call_id, now, numbers=self.numbers(draft))
        return [one for one in found if one.call_id == self._context.call_id or self._opened(draft, one, errand)]

    def last_visit(self, session: Session, draft: Draft, now: datetime) -> Booking | None:
        """The caller's last appointment that is over, where the check has opened it."""
        found = tools_calendar.past_appointments(session, self._context.call_id, now, numbers=self.numbers(draft))
        return next((one for one in found if self._opened(draft, one, "same")), None)

    def numbers(self, draft: Draft) -> tuple[str, ...]:
        """Under which numbers a caller's appointments are looked for: the one the call comes from where the business
        uses it, and one that was keyed in."""
        return tuple(dict.fromkeys(number for number in (self._own, draft.phone) if number))

    def ask_first(self, session: Session, draft: Draft, reading: Reading, errand: str) -> list[ServerMessage] | None:
        """What must be asked before the errand; None when it may be gone about."""
        if self._trust is CallerIdTrust.OPEN and self._own:
            return None
        if self._is_locked(session, draft, reading.now):
            return self._refused(draft)
        draft.errand = errand
        if not self.numbers(draft):
            return [self._say.need_phone()]
        if self._trust is CallerIdTrust.CODE:
            return self._by_code(session, draft, reading, errand)
        return self._by_name(session, draft, reading, errand)

    # -- by name -----------------------------------------------------------------------------------------------

    def _by_name(self, session: Session, draft: Draft, reading: Reading, errand: str) -> list[ServerMessage] | None:
        if not draft.name and not (errand in _TO_HEAR and self._context.caller_attested):
            return [self._say.who_is_it()]
        if self._on_file(session, draft, reading.now, errand):
            draft.errand = ""
            return None
        if draft.name in draft.wrong_names and "name" not in reading.parsed.news:
            return [self._say.who_is_it_again()]
        return self._wrong_name(session, draft, reading.now)

    def _on_file(self, session: Session, draft: Draft, now: datetime, errand: str) -> Sequence[Booking]:
        if errand == "same":
            last = self.last_visit(session, draft, now)
            return [last] if last is not None else []
        found = self.appointments(session, draft, now, errand)
        return [one for one in found if one.call_id != self._context.call_id]

    def _wrong_name(self, session: Session, draft: Draft, now: datetime) -> list[ServerMessage]:
        """No appointment under this name: the same words whether there is one under another name or none at all."""
        draft.wrong_names = [*draft.wrong_names, draft.name]
        for number in self.numbers(draft):
            count(session, self._counter(number), amount=1, lasts=_DAY, now=now)
        if len(draft.wrong_names) >= NAMES_A_CALL:
            return self._refused(draft)
        return [self._say.who_is_it_again()]

    # -- by code -----------------------------------------------------------------------------------------------

    def _by_code(self, session: Session, draft: Draft, reading: Reading, errand: str) -> list[ServerMessage] | None:
        if draft.proved in self.numbers(draft):
            draft.errand = ""
            return None
        if not draft.code:
            return self._send_code(session, draft, reading.now, errand)
        if not reading.code:
            return [self._say.need_code()]
        if one_time_code.fits(draft.code, reading.code, reading.now):
            draft.proved, draft.code, draft.errand = self.numbers(draft)[0], "", ""
            return None
        draft.wrong_codes += 1
        return self._refused(draft) if draft.wrong_codes >= CODES_A_CALL else [self._say.wrong_code()]

    def _send_code(self, session: Session, draft: Draft, now: datetime, errand: str) -> list[ServerMessage]:
        """One code a call, to the number under which something stands. Without one the words are the same."""
        number = self.numbers(draft)[0]
        code, draft.code = one_time_code.new(now)
        find = tools_calendar.past_appointments if errand == "same" else tools_calendar.callers_appointments
        stands = find(session, self._context.call_id, now, numbers=(number,))
        others = [one for one in stands if one.call_id != self._context.call_id]
        if not can_be_written_to(session, number):
            return self._refused(draft)
        if others and count(session, f"code:{self._counter(number)}", amount=1, lasts=_DAY, now=now) <= CODES_A_DAY:
            queue_code(session, call_id=self._context.call_id, number=number, code=code, now=now)
        return [self._say.need_code()]

    # -- in general --------------------------------------------------------------------------------------------

    @property
    def _trust(self) -> CallerIdTrust:
        return CallerIdTrust(self._context.caller_id_trust)

    def _opened(self, draft: Draft, booking: Booking, errand: str) -> bool:
        """Whether an appointment on file may be told, or changed, by now."""
        fits = name_fits(draft.name, booking.name) or name_fits(draft.name, booking.customer)
        if self._trust is CallerIdTrust.CODE:
            return draft.proved == booking.phone
        if self._trust is CallerIdTrust.OPEN and booking.phone == self._own:
            return fits or not draft.name
        heard = errand in _TO_HEAR and self._context.caller_attested and booking.phone == self._own
        return fits or (heard and not draft.name)

    def _is_locked(self, session: Session, draft: Draft, now: datetime) -> bool:
        if len(draft.wrong_names) >= NAMES_A_CALL or draft.wrong_codes >= CODES_A_CALL:
            return True
        return any(counted(session, self._counter(one), now)[0] >= NAMES_A_DAY for one in self.numbers(draft))

    def _refused(self, draft: Draft) -> list[ServerMessage]:
        draft.errand = ""
        return [self._say.nothing_without_identity()]

    def _counter(self, number: str) -> str:
        return f"identity:{self._context.business_id}:{number}"
