"""The booking side of one call: turns and keys come in, [SERVER] messages go out; rows are written here only (A1–A6).

Belongs to the call's desk thread. Every step is one transaction that checks, holds or books and keeps the draft and
the message in the same commit: what the model is told is what the database holds. No model decides anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from services import call_log, tools_calendar
from services.appointment_nlp import AppointmentNlp, Exchange, Parsed, Turn
from services.booking_draft import Draft
from services.business_policy import free_slots
from services.calendar_slots import around, busy_spans
from services.call_context import CallContext
from services.crm import upsert_lead
from services.database import Database, DatabaseUnavailable
from services.honesty_guard import correction
from services.keypad import KeyedNumber, Keypad
from services.nlp_intent import is_yes
from services.phone_numbers import valid_number
from services.server_messages import ServerMessage, ServerMessages

log = structlog.get_logger("desk")

MAX_OFFERS = 3
RETRY_MS = 3000


@dataclass(frozen=True, slots=True)
class Told:
    """A message that is in the database and must now be told to the model; `event_id` 0 when it could not be stored."""

    message: ServerMessage
    event_id: int


class BookingDesk:
    """One call's desk. `at_ms` is any steady clock; `now` gives aware datetimes."""

    def __init__(
        self, database: Database, context: CallContext, nlp: AppointmentNlp, now: Callable[[], datetime]
    ) -> None:
        self.false_claims = 0
        self._database = database
        self._context = context
        self._nlp = nlp
        self._now = now
        self._say = ServerMessages(context.language)
        self._keypad = Keypad()
        self._draft = Draft.restored(context.resume.draft_booking)
        self._last_text = ""  # the last message told: the same one is not told twice in a row
        self._latest = Parsed()
        self._caller_text = ""
        self._retry_at_ms: int | None = None
        nlp.recall([Turn(turn.role, turn.text) for turn in context.resume.turns])

    # -- facts in --------------------------------------------------------------------------------------------

    def heard(self, role: str, text: str, turn_id: str, at_ms: int) -> None:
        """One side's words. Any thread, never waits; the caller's are read once the caller is quiet (`wait_ms`)."""
        if self._nlp.heard(Turn(role, text), turn_id, at_ms) and role == "caller":
            self._caller_text = text

    def agent_said(self, text: str, at_ms: int) -> list[Told]:
        """The agent's words as they were heard. A booking claim without a booking is corrected at once (A5)."""
        false = correction(text, booked=self._has_booking(), language=self._context.language)
        if false is None:
            return []
        self.false_claims += 1
        self._last_text = ""
        return self._in_transaction(lambda session: [ServerMessage("false_claim", false)], at_ms)

    def key(self, digit: str, at_ms: int) -> list[Told]:
        """One key of the keypad (A6)."""
        keyed = self._keypad.press(digit, at_ms)
        return [] if keyed is None else self._keyed(keyed, at_ms)

    def wait_ms(self, at_ms: int) -> int | None:
        """Milliseconds until `tick` has something to do, None when nothing is pending."""
        retry = None if self._retry_at_ms is None else max(0, self._retry_at_ms - at_ms)
        waits = [wait for wait in (self._nlp.wait_ms(at_ms), self._keypad.wait_ms(at_ms), retry) if wait is not None]
        return min(waits, default=None)

    def tick(self, at_ms: int) -> list[Told]:
        """What has become due: an exchange to read, a keyed number ended by a pause, a retry."""
        told: list[Told] = []
        keyed = self._keypad.tick(at_ms)
        if keyed is not None:
            told += self._keyed(keyed, at_ms)
        exchange = self._nlp.take(at_ms)
        if exchange is not None:
            told += self._read(exchange, at_ms)
        elif self._retry_at_ms is not None and at_ms >= self._retry_at_ms:
            told += self._step(at_ms)
        return told

    def delivered(self, told: list[Told]) -> None:
        """The model has these now; a successor need not tell them again."""
        ids = [one.event_id for one in told if one.event_id]
        if not ids:
            return
        try:
            self._database.write(
                lambda session: call_log.mark_server_events_delivered(session, self._context.call_id, ids)
            )
        except DatabaseUnavailable as away:
            log.warning("delivery not noted", error=str(away))  # at worst a successor repeats a fact

    # -- steps -----------------------------------------------------------------------------------------------

    def _read(self, exchange: Exchange, at_ms: int) -> list[Told]:
        parsed = self._nlp.read(exchange, self._now())
        if parsed is None:
            return []
        self._latest = parsed
        return self._step(at_ms)

    def _keyed(self, keyed: KeyedNumber, at_ms: int) -> list[Told]:
        if not keyed.ok:
            why = keyed.words(self._context.language)
            return self._in_transaction(lambda session: [self._say.bad_number(why)], at_ms)
        self._draft.phone = keyed.number
        self._draft.wanted = self._draft.wanted or bool(self._draft.start)
        return self._step(at_ms)

    def _step(self, at_ms: int) -> list[Told]:
        return self._in_transaction(self._advance, at_ms)

    def _in_transaction(self, work: Callable[[Session], list[ServerMessage]], at_ms: int) -> list[Told]:
        """Run one step and store its messages and the draft with it. The database away: an honest refusal."""
        before = self._draft.as_dict()
        self._retry_at_ms = None

        def step(session: Session) -> list[Told]:
            self._draft = Draft.restored(before)  # the transaction may run more than once
            messages = [message for message in work(session) if message.text != self._last_text]
            call_log.save_draft(session, self._context.call_id, self._draft.as_dict())
            return [Told(message, self._stored(session, message, at_ms)) for message in messages]

        try:
            told = self._database.write(step)
        except DatabaseUnavailable as away:
            log.warning("calendar away", error=str(away))
            self._draft = Draft.restored(before)
            self._retry_at_ms = at_ms + RETRY_MS
            message = self._say.calendar_away()
            told = [Told(message, 0)] if message.text != self._last_text else []
        if told:
            self._last_text = told[-1].message.text
        return told

    def _stored(self, session: Session, message: ServerMessage, at_ms: int) -> int:
        return call_log.add_server_event(
            session,
            self._context.call_id,
            kind=message.kind,
            text=message.text,
            at_ms=at_ms,
            now=self._now(),
            delivered=False,
        )

    def _advance(self, session: Session) -> list[ServerMessage]:
        """One step towards an appointment, from what is known by now."""
        parsed, draft = self._latest, self._draft
        draft.name = parsed.name or draft.name
        if parsed.change == "cancel" or draft.cancel_id:
            return self._cancel(session, parsed)
        if parsed.wall is not None and parsed.wall.isoformat() != draft.refused:
            draft.start = parsed.wall.isoformat()
        draft.wanted = draft.wanted or parsed.intent == "book"
        self._keep_lead(session)
        if not draft.wanted:
            return self._times_of_day(session, parsed) if parsed.intent == "ask" and parsed.day else []
        if parsed.wall is None and parsed.ambiguous and not draft.start:
            return [self._say.ambiguous(parsed.ambiguous)]
        if draft.wall is None:
            return self._need_datetime(session, parsed)
        if draft.booked_start == draft.start:
            return []
        return self._slot(session, draft.wall)

    def _need_datetime(self, session: Session, parsed: Parsed) -> list[ServerMessage]:
        if self._draft.refused and not parsed.dates and not parsed.times:
            return []  # the alternatives were told with the refusal
        return self._times_of_day(session, parsed) if parsed.day else [self._say.need_datetime()]

    def _times_of_day(self, session: Session, parsed: Parsed) -> list[ServerMessage]:
        """A few free starts of the one day that was named, spread over it."""
        day, policy, now = parsed.day, self._context.policy, self._now()
        if day is None:
            return []
        noon = datetime.combine(day, datetime.min.time()).replace(hour=12, tzinfo=policy.zone)
        busy = busy_spans(session, *around(noon), now, except_call=self._context.call_id)
        after = parsed.times[0].start if len(parsed.times) == 1 and parsed.times[0].kind == "after" else None
        free = free_slots(policy, day, now, busy, after=after)
        step = max(1, len(free) // MAX_OFFERS)
        return [self._say.need_datetime(free[::step][:MAX_OFFERS], day_known=True)]

    def _slot(self, session: Session, wall: datetime) -> list[ServerMessage]:
        """The wished slot is known: refuse it with a reason, hold it while details are asked, or book it."""
        draft, call_id, now = self._draft, self._context.call_id, self._now()
        check = tools_calendar.check_slot(session, call_id=call_id, start=wall, now=now)
        if not check.verdict.ok:
            draft.refused, draft.start = draft.start, ""
            why = check.verdict.words(self._context.language)
            return [self._say.slot_unavailable(wall, why, check.alternatives)]
        if draft.booked_id:
            return self._move(session, wall)
        missing = self._missing()
        if missing is None:
            return self._book(session, wall)
        tools_calendar.hold_slot(session, call_id=call_id, start=wall, now=now)
        return [self._say.slot_available(wall), missing]

    def _missing(self) -> ServerMessage | None:
        """The one detail to ask for next."""
        if not self._draft.name:
            return self._say.need_name()
        if not self._phone():
            spoken = bool(self._latest.phone or self._latest.phone_partial)
            return self._say.need_phone(spoken=spoken)
        return None

    def _phone(self) -> str:
        """Keyed in, or the number the call comes from where the business allows it."""
        if self._draft.phone or not self._context.caller_id_allowed:
            return self._draft.phone
        return valid_number(self._context.caller)

    def _book(self, session: Session, wall: datetime) -> list[ServerMessage]:
        draft = self._draft
        result = tools_calendar.create_appointment_from_realtime(
            session,
            call_id=self._context.call_id,
            start=wall,
            phone=self._phone(),
            name=draft.name,
            now=self._now(),
        )
        if result.booking is None:
            draft.refused, draft.start = draft.start, ""
            return [self._say.slot_unavailable(wall, result.verdict.words(self._context.language), ())]
        draft.booked_id, draft.booked_start = result.booking.id, draft.start
        return [self._say.created(result.booking.start, draft.name)]

    def _move(self, session: Session, wall: datetime) -> list[ServerMessage]:
        """The caller, already booked in this call, settled on another time."""
        draft = self._draft
        result = tools_calendar.move_appointment(
            session, appointment_id=draft.booked_id, start=wall, now=self._now(), call_id=self._context.call_id
        )
        if result.booking is None:
            draft.refused, draft.start = draft.start, draft.booked_start
            return [self._say.slot_unavailable(wall, result.verdict.words(self._context.language), ())]
        draft.booked_start = draft.start
        return [self._say.moved(result.booking.start)]

    def _cancel(self, session: Session, parsed: Parsed) -> list[ServerMessage]:
        """Cancelling asks once, and does it at a yes."""
        draft, call_id, now = self._draft, self._context.call_id, self._now()
        mine = tools_calendar.callers_appointments(session, call_id, now)
        chosen = next((one for one in mine if one.id == draft.cancel_id), None)
        if chosen is not None:
            draft.cancel_id = 0
            if not is_yes(self._caller_text):
                return []
            tools_calendar.cancel_appointment(session, appointment_id=chosen.id, now=now, call_id=call_id)
            draft.booked_id, draft.booked_start, draft.start, draft.wanted = 0, "", "", False
            return [self._say.cancelled(chosen.start)]
        on_day = [one for one in mine if parsed.day is None or one.start.date() == parsed.day]
        if not on_day:
            return [self._say.no_appointment()]
        draft.cancel_id = on_day[0].id
        return [self._say.confirm_cancel(on_day[0].start)]

    def _keep_lead(self, session: Session) -> None:
        """What was collected is a lead from the first detail on (A7)."""
        draft = self._draft
        if draft.wanted or draft.name or draft.phone:
            phone = draft.phone or self._latest.phone
            upsert_lead(session, self._context.call_id, name=draft.name, phone=phone, now=self._now())

    def _has_booking(self) -> bool:
        """An appointment of this caller exists; when in doubt, none does."""
        if self._draft.booked_id:
            return True
        try:
            mine = self._database.read(
                lambda session: tools_calendar.callers_appointments(session, self._context.call_id, self._now())
            )
        except DatabaseUnavailable:
            return False
        return bool(mine)
