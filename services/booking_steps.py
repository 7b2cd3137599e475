"""One step towards an appointment: what is known by now, what the calendar says, what to ask next (A2–A4).

Runs inside the desk's transaction and may run more than once; it changes the draft it is given and rows, nothing else.
Nothing is booked by a guess: what is ambiguous is asked, and a time that was only mentioned is confirmed first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from services import tools_calendar
from services.appointment_nlp import Parsed
from services.booking_draft import Draft
from services.business_policy import SlotVerdict, free_slots, nearest_alternatives
from services.calendar_slots import around, busy_spans
from services.call_context import CallContext
from services.calls import bind_business
from services.crm import upsert_lead
from services.nlp_intent import asks_for_earliest, is_no, is_yes, wants_another
from services.nlp_model import CERTAIN
from services.phone_numbers import valid_number
from services.server_messages import ServerMessage, ServerMessages
from services.tools_calendar import NoSuchAppointment

MAX_OFFERS = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """What a step goes by: the latest reading, the caller's last words ("" for a key), the time (aware)."""

    parsed: Parsed
    words: str
    now: datetime


class BookingSteps:
    """The steps of one call. `settled` after a step: what was said until then has led to its result."""

    def __init__(self, context: CallContext, say: ServerMessages) -> None:
        self.settled = False
        self._context = context
        self._say = say

    def advance(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage]:
        """The messages of one step, [] when there is nothing new to tell."""
        self.settled = False
        bind_business(session, self._context.call_id)
        self._take_details(draft, at)
        try:
            return self._next(session, draft, at)
        except NoSuchAppointment:  # the business changed it meanwhile
            draft.freed()
            self.settled = True
            return [self._say.no_appointment()]

    def _next(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage]:
        if draft.cancel_id:
            return self._cancel_answered(session, draft, at)
        if at.parsed.change == "cancel":
            return self._ask_to_cancel(session, draft, at)
        adopted = self._adopt(session, draft, at)
        if adopted is not None:
            return adopted
        wall = self._wished(draft, at.parsed)
        if draft.confirm:
            return self._confirm_answered(session, draft, at, wall)
        draft.wanted = draft.wanted or at.parsed.intent == "book" or at.parsed.change == "move"
        self._keep_lead(session, draft, at)
        if not draft.wanted and at.parsed.intent != "ask":
            return []
        if wall is None:
            return self._no_time_yet(session, draft, at)
        said = at.parsed.confidence >= CERTAIN and not at.parsed.accepted and not at.parsed.filled
        if wall.isoformat() == draft.booked_start or (wall.isoformat() == draft.refused and not said):
            return []  # the alternatives were told with the refusal
        return self._move(session, draft, at, wall) if draft.booked_id else self._slot(session, draft, at, wall)

    # -- what was said ---------------------------------------------------------------------------------------

    def _take_details(self, draft: Draft, at: Moment) -> None:
        parsed = at.parsed
        draft.name = parsed.name or draft.name
        draft.service, draft.city = parsed.service or draft.service, parsed.city or draft.city
        if draft.permission != "asked" or draft.phone:
            return
        own = valid_number(self._context.caller)
        if is_yes(at.words) or parsed.phone == own:
            draft.phone = own
        elif is_no(at.words) or parsed.phone or parsed.phone_partial:
            draft.permission = "refused"

    def _wished(self, draft: Draft, parsed: Parsed) -> datetime | None:
        """The wall-clock start that is clear by now: what was said, completed by what stands."""
        if (parsed.dates and parsed.day is None) or (parsed.times and parsed.clock is None):
            draft.start = draft.booked_start  # "in the afternoon, then": the exact time is open again
            return None
        known = draft.wall
        day = parsed.day or (known.date() if known else None)
        clock = parsed.clock if parsed.times else (known.time() if known else None)
        return datetime.combine(day, clock) if day is not None and clock is not None else None

    def _adopt(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage] | None:
        """A wish to move: find what there is to move. A wish for another one: leave the first alone."""
        if draft.booked_id and wants_another(at.words):
            draft.booked_id, draft.booked_start, draft.start, draft.confirm = 0, "", "", ""
        if at.parsed.change != "move":
            return None
        if not draft.booked_id:
            mine = tools_calendar.callers_appointments(session, self._context.call_id, at.now)
            if not mine:
                return [self._say.no_appointment()]
            draft.booked(mine[0].id, mine[0].start)
            draft.name = draft.name or mine[0].name
        named = at.parsed.dates or at.parsed.times
        return None if named or draft.confirm else [self._say.where_to(datetime.fromisoformat(draft.booked_start))]

    def _keep_lead(self, session: Session, draft: Draft, at: Moment) -> None:
        """What was collected is a lead from the first detail on (A7)."""
        phone = draft.phone or at.parsed.phone
        lead = "|".join((draft.name, phone, draft.city, draft.service))
        if (draft.wanted or draft.name or phone) and draft.lead != lead:
            draft.lead = lead
            upsert_lead(
                session,
                self._context.call_id,
                name=draft.name,
                phone=phone,
                city=draft.city,
                service=draft.service,
                now=at.now,
            )

    # -- no exact time ---------------------------------------------------------------------------------------

    def _no_time_yet(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage]:
        parsed = at.parsed
        if parsed.ambiguous:
            return [self._say.ambiguous(parsed.ambiguous)]
        if parsed.day is not None:
            return self._times_of_day(session, at)
        if asks_for_earliest(at.words):
            return [self._say.need_datetime(self._nearest(session, at.now, at.now))]
        return [self._say.need_datetime()] if draft.wanted and not draft.refused else []

    def _times_of_day(self, session: Session, at: Moment) -> list[ServerMessage]:
        """A few free starts of the one day that was named, spread over the part of it that was wished."""
        day, policy = at.parsed.day, self._context.policy
        if day is None:
            return []
        noon = datetime.combine(day, time(12), policy.zone)
        busy = busy_spans(session, *around(noon), at.now, except_call=self._context.call_id)
        wish = at.parsed.times[0] if len(at.parsed.times) == 1 else None
        after = wish.start if wish is not None and wish.kind in ("after", "between", "around") else None
        free = free_slots(policy, day, at.now, busy, after=after)
        before = wish.end if wish is not None and wish.kind == "between" else None
        before = wish.start if wish is not None and wish.kind == "before" else before
        if before is not None:
            free = [slot for slot in free if slot.time() <= before]
        if not free:
            return [self._say.no_time_that_day(noon, self._nearest(session, noon, at.now))]
        step = max(1, len(free) // MAX_OFFERS)
        return [self._say.need_datetime(free[::step][:MAX_OFFERS], day_known=True)]

    def _nearest(self, session: Session, wish: datetime, now: datetime) -> Sequence[datetime]:
        """Bookable starts nearest to a moment, whatever of the week it falls into."""
        policy = self._context.policy
        ahead = now + timedelta(days=policy.booking_window_days + 2)
        busy = busy_spans(session, now, ahead, now, except_call=self._context.call_id)
        return nearest_alternatives(policy, wish, now, busy)

    # -- an exact time ---------------------------------------------------------------------------------------

    def _slot(self, session: Session, draft: Draft, at: Moment, wall: datetime) -> list[ServerMessage]:
        """Book the wished slot when all is known and it was meant so; hold it while something is asked."""
        start = wall.isoformat()
        # Held for this caller, and asked about since: the last detail is the consent.
        meant = draft.held == start or at.parsed.confidence >= CERTAIN or at.parsed.accepted
        guessed = at.parsed.filled and draft.held != start
        asks_first = guessed or not draft.wanted
        missing = self._say.ask_to_book() if asks_first else self._missing(draft, at)
        if missing is None and meant:
            return self._book(session, draft, at, wall)
        held = tools_calendar.hold_slot(session, call_id=self._context.call_id, start=wall, now=at.now)
        if held.until is None:
            return self._refused(session, draft, at, wall, held.verdict)
        told = [] if draft.held == start else [self._say.slot_available(wall)]
        draft.start = draft.held = start
        if missing is None or asks_first:
            draft.confirm, missing = start, self._say.ask_to_book()
        return [*told, missing]

    def _missing(self, draft: Draft, at: Moment) -> ServerMessage | None:
        """The one detail to ask for next."""
        if not draft.name:
            return self._say.need_name()
        if draft.phone:
            return None
        spoken = bool(at.parsed.phone or at.parsed.phone_partial)
        may_ask = self._context.caller_id_allowed and valid_number(self._context.caller) and not spoken
        if may_ask and draft.permission != "refused":
            draft.permission = "asked"
            return self._say.need_permission()
        return self._say.need_phone(spoken=spoken)

    def _book(self, session: Session, draft: Draft, at: Moment, wall: datetime) -> list[ServerMessage]:
        result = tools_calendar.create_appointment_from_realtime(
            session,
            call_id=self._context.call_id,
            start=wall,
            phone=draft.phone,
            name=draft.name,
            service=draft.service,
            now=at.now,
        )
        if result.booking is None:
            return self._refused(session, draft, at, wall, result.verdict)
        draft.booked(result.booking.id, wall)
        self.settled = True
        return [self._say.created(result.booking.start, draft.name)]

    def _refused(
        self, session: Session, draft: Draft, at: Moment, wall: datetime, verdict: SlotVerdict
    ) -> list[ServerMessage]:
        """Why not, and what else: whatever stood before stands again."""
        draft.refused, draft.start, draft.held, draft.confirm = wall.isoformat(), draft.booked_start, "", ""
        tools_calendar.release_hold(session, self._context.call_id)
        check = tools_calendar.check_slot(session, call_id=self._context.call_id, start=wall, now=at.now)
        return [self._say.slot_unavailable(wall, verdict.words(self._context.language), check.alternatives)]

    # -- moving and cancelling: asked once, done at a yes ----------------------------------------------------

    def _move(self, session: Session, draft: Draft, at: Moment, wall: datetime) -> list[ServerMessage]:
        check = tools_calendar.check_slot(
            session, call_id=self._context.call_id, start=wall, now=at.now, except_appointment=draft.booked_id
        )
        if not check.verdict.ok:
            return self._refused(session, draft, at, wall, check.verdict)
        draft.confirm = wall.isoformat()
        return [self._say.confirm_move(datetime.fromisoformat(draft.booked_start), wall)]

    def _confirm_answered(
        self, session: Session, draft: Draft, at: Moment, wall: datetime | None
    ) -> list[ServerMessage]:
        """The answer to "shall I book it", or "shall I move it": a yes, a no, another time, or none of these."""
        asked = draft.confirm
        if wall is not None and wall.isoformat() not in (asked, draft.booked_start, draft.refused):
            draft.confirm = ""
            return self._move(session, draft, at, wall) if draft.booked_id else self._slot(session, draft, at, wall)
        if is_no(at.words):
            draft.confirm, draft.held, draft.refused, draft.start = "", "", asked, draft.booked_start
            tools_calendar.release_hold(session, self._context.call_id)
            self.settled = True
            return []
        if not is_yes(at.words) and not _insists(at, wall, asked):
            return []
        draft.confirm, draft.wanted = "", True
        start = datetime.fromisoformat(asked)
        return self._moved(session, draft, at, start) if draft.booked_id else self._slot(session, draft, at, start)

    def _moved(self, session: Session, draft: Draft, at: Moment, wall: datetime) -> list[ServerMessage]:
        result = tools_calendar.move_appointment(
            session, appointment_id=draft.booked_id, start=wall, now=at.now, call_id=self._context.call_id
        )
        if result.booking is None:
            return self._refused(session, draft, at, wall, result.verdict)
        draft.booked(result.booking.id, wall)
        self.settled = True
        return [self._say.moved(result.booking.start)]

    def _ask_to_cancel(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage]:
        mine = tools_calendar.callers_appointments(session, self._context.call_id, at.now)
        day = at.parsed.day
        on_day = [one for one in mine if day is None or one.start.date() == day]
        if not on_day:
            return [self._say.no_appointment()]
        draft.cancel_id = on_day[0].id
        return [self._say.confirm_cancel(on_day[0].start)]

    def _cancel_answered(self, session: Session, draft: Draft, at: Moment) -> list[ServerMessage]:
        if is_no(at.words):
            draft.cancel_id, self.settled = 0, True
            return []
        if not is_yes(at.words):
            return []
        chosen = draft.cancel_id
        booking = tools_calendar.cancel_appointment(
            session, appointment_id=chosen, now=at.now, call_id=self._context.call_id
        )
        draft.booked(chosen, booking.start)
        draft.freed()
        self.settled = True
        return [self._say.cancelled(booking.start)]


def _insists(at: Moment, wall: datetime | None, asked: str) -> bool:
    """ "Book it, then": agreement to the time that was asked about, without a yes."""
    certain = at.parsed.accepted or (at.parsed.intent == "book" and at.parsed.confidence >= CERTAIN)
    return bool(at.words) and certain and wall is not None and wall.isoformat() == asked
