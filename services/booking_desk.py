"""The booking side of one call: turns and keys come in, [SERVER] messages go out; rows are written here only (A1–A6).

Belongs to the call's desk thread. Every step (services/booking_steps.py) is one transaction that checks, holds or books
and keeps the draft and the messages in the same commit: what the model is told is what the database holds. No model
decides anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from services import call_log, tools_calendar
from services.appointment_nlp import AppointmentNlp, Exchange, Parsed, Turn
from services.booking_draft import Draft
from services.booking_steps import BookingSteps, Moment
from services.call_context import CallContext
from services.database import Database, DatabaseUnavailable
from services.honesty_guard import claims_booking, correction
from services.keypad import KeyedNumber, Keypad
from services.nlp_parser import offers_of
from services.server_messages import ServerMessage, ServerMessages
from services.tenancy import Tenant

log = structlog.get_logger("desk")

RETRY_MS = 1500
DEADLINE_S = 2.5  # then the caller is told that the calendar is away


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
        self._steps = BookingSteps(context, self._say)
        self._keypad = Keypad()
        self._draft = Draft.restored(context.resume.draft_booking)
        self._last: tuple[str, ...] = ()  # what was told last is not told again
        self._latest = Parsed()
        self._words = ""  # the caller's last ones
        self._retry_at_ms: int | None = None
        if not self._draft.booked_id:  # else what was said has led to its result
            nlp.recall([Turn(turn.role, turn.text) for turn in context.resume.turns])

    # -- facts in --------------------------------------------------------------------------------------------

    def heard(self, role: str, text: str, turn_id: str, at_ms: int) -> None:
        """One side's words. Any thread, never waits; the caller's are read once the caller is quiet (`wait_ms`)."""
        self._nlp.heard(Turn(role, text), turn_id, at_ms)

    def agent_said(self, text: str, at_ms: int) -> list[Told]:
        """The agent's words as they were heard. A booking claim the database does not bear out is corrected (A5)."""
        if not claims_booking(text):
            return []
        false = self._false_claim(text)
        if false is None:
            return []
        self.false_claims += 1
        self._last = ()
        return self._in_transaction(lambda session: [false], at_ms)

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
        if self._retry_at_ms is None or parsed.intent != "none":  # small talk does not undo a wish that still waits
            self._latest = parsed
            self._words = next((turn.text for turn in reversed(exchange.turns) if turn.role == "caller"), "")
        return self._step(at_ms)

    def _keyed(self, keyed: KeyedNumber, at_ms: int) -> list[Told]:
        if not keyed.ok:
            why = keyed.words(self._context.language)
            return self._in_transaction(lambda session: [self._say.bad_number(why)], at_ms)
        self._draft.phone = keyed.number
        self._words = ""
        return self._step(at_ms) or self._in_transaction(lambda session: [self._say.phone_noted()], at_ms)

    def _step(self, at_ms: int) -> list[Told]:
        def advance(session: Session) -> list[ServerMessage]:
            return self._steps.advance(session, self._draft, Moment(self._latest, self._words, self._now()))

        self._steps.settled = False
        self._retry_at_ms = None
        if self._draft == Draft() and self._latest.asks_nothing:
            return []  # small talk: nothing to look up or to keep
        told = self._in_transaction(advance, at_ms)
        if self._steps.settled and self._retry_at_ms is None:
            self._nlp.settle()
            self._latest = Parsed()
        return told

    def _in_transaction(self, work: Callable[[Session], list[ServerMessage]], at_ms: int) -> list[Told]:
        """Run one step and store its messages and the draft with it. The database away: an honest refusal."""
        before = self._draft.as_dict()

        def step(session: Session) -> list[Told]:
            tenant = Tenant(session, self._context.business_id)
            self._draft = Draft.restored(before)  # the transaction may run more than once
            messages = work(session)
            if all(message.text in self._last for message in messages):
                messages = []
            # One answer tells all of them: only the last asks for it.
            messages = [replace(message, speak=False) for message in messages[:-1]] + messages[-1:]
            draft = self._draft.as_dict()
            if draft != before:
                call_log.save_draft(tenant, self._context.call_id, draft)
            return [Told(message, self._stored(tenant, message)) for message in messages]

        try:
            told = self._database.write(step, deadline_s=DEADLINE_S)
        except DatabaseUnavailable as away:
            log.warning("calendar away", error=str(away))
            self._draft = Draft.restored(before)
            self._retry_at_ms = at_ms + RETRY_MS
            message = self._say.calendar_away()
            told = [] if message.text in self._last else [Told(message, 0)]
        if told:
            self._last = tuple(one.message.text for one in told)
        return told

    def _stored(self, tenant: Tenant, message: ServerMessage) -> int:
        now = self._now()
        return call_log.add_server_event(
            tenant,
            self._context.call_id,
            kind=message.kind,
            text=message.text,
            at_ms=max(0, (now - self._context.started_at) // timedelta(milliseconds=1)),
            now=now,
            delivered=False,
        )

    # -- honesty ---------------------------------------------------------------------------------------------

    def _false_claim(self, text: str) -> ServerMessage | None:
        """What to tell the model about its claim, None when the claim is true.

        A claim that names a time must name one that is booked. One without a time speaks of this call's booking.
        """
        language, wall = self._context.language, self._now().astimezone(self._context.policy.zone)
        standing = self._standing()
        named = offers_of(text, wall.replace(tzinfo=None))
        true = [
            start
            for start in standing
            for offer in named
            if (offer.date is None or offer.date.first == start.date())
            and start.time() in [option.start for option in offer.times]
        ]
        if true or (not named and self._draft.booked_id):
            return None
        if self._draft.booked_id and self._draft.booked_start:
            return self._say.wrong_time(datetime.fromisoformat(self._draft.booked_start))
        words = correction(text, booked=False, language=language)
        return None if words is None else ServerMessage("false_claim", words)

    def _standing(self) -> list[datetime]:
        """Wall-clock starts of this caller's coming appointments; when in doubt, only this call's."""
        known = [datetime.fromisoformat(self._draft.booked_start)] if self._draft.booked_start else []
        try:
            mine = self._database.read(
                lambda session: tools_calendar.callers_appointments(session, self._context.call_id, self._now())
            )
        except DatabaseUnavailable:
            return known
        return [*known, *(one.start.replace(tzinfo=None) for one in mine)]
