"""The booking side of one call: turns and keys come in, [SERVER] messages go out. Its rows are written
only here (A1–A6).

Belongs to the call's booking thread (media/record/booking.py). Every step (services/booking/steps.py) is one
transaction that checks, holds or books and keeps the draft and the messages in the same commit: what the model is told
is what the database holds. A stream that another has taken over from writes nothing any more. No model decides anything
here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from services.appointment_nlp import AppointmentNlp, Exchange, Parsed, Turn
from services.booking.draft import Draft
from services.booking.honesty import Facts, claimed, correction, false_claim
from services.booking.keypad import KeyedNumber, Keypad
from services.booking.messages import ServerMessage, messages_of
from services.booking.one_time_code import DIGITS
from services.booking.reading import Reading
from services.booking.steps import BookingSteps
from services.calls import events as call_log
from services.calls.context import CallContext
from services.calls.kinds import ServerEventKind
from services.claims.lexicon import ClaimKind
from services.db.database import Database, DatabaseUnavailable
from services.db.tenancy import Rows, SessionRows, bind_business
from services.deadlines import STEP_S
from services.nlp.phone import digits_said

log = structlog.get_logger("booking")

RETRY_MS = 1500


class _TooLate(Exception):
    """This stream of the call may write nothing any more; what the transaction did is undone."""


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message that must now be told to the model: stored in the database, unless `event_id` is 0."""

    message: ServerMessage
    event_id: int


@dataclass(frozen=True, slots=True)
class _Question:
    """What the caller was asked for last, and which times were offered: the next words answer that (L15)."""

    asked: str
    offered: tuple[datetime, ...]


def _question_of(draft: Draft) -> _Question:
    return _Question(draft.asked, tuple(datetime.fromisoformat(start) for start in draft.offered))


class BookingDialogue:
    """The booking side of one stream of a call, for one thread but for `heard` and `stop`. `at_ms` is any steady clock;
    `now` gives aware datetimes. A database that is away raises nothing here: the model is told
    so."""

    def __init__(
        self, database: Database, context: CallContext, nlp: AppointmentNlp, now: Callable[[], datetime]
    ) -> None:
        self.false_claims = 0
        self._database = database
        self._context = context
        self._nlp = nlp
        self._now = now
        self._say = messages_of(context)
        self._steps = BookingSteps(context, self._say)
        self._keypad = Keypad()
        self._draft = Draft.restored(context.resume.draft_booking)
        self._question = _question_of(self._draft)
        self._last: tuple[str, ...] = ()  # what was told last is not told again
        self._human_wished = False
        self._latest = Parsed()
        self._words = ""  # the caller's last ones
        self._keyed_code = ""
        self._corrections: set[ClaimKind] = set()  # told since the caller's last words
        self._retry_at_ms: int | None = None
        self._stopped = threading.Event()
        if not self._draft.booked_id:  # else what was said has led to its result
            nlp.recall([Turn(turn.role, turn.text) for turn in context.resume.turns])

    # -- facts in --------------------------------------------------------------------------------------------

    def heard(self, role: str, text: str, turn_id: str, at_ms: int) -> None:
        """One side's words. Any thread, never waits; the caller's are read once the caller is quiet (`wait_ms`)."""
        question = self._question  # replaced whole by the booking thread
        said = Turn(role, text, question.asked, question.offered) if role == "caller" else Turn(role, text)
        self._nlp.heard(said, turn_id, at_ms)

    def agent_said(self, text: str, at_ms: int) -> list[PendingMessage]:
        """The agent's words as they were heard. A claim that the rows do not bear out is corrected (A5, S7)."""
        if not claimed(text):
            return []
        kind = false_claim(text, self._facts())
        if kind is None:
            return []
        self.false_claims += 1
        self._last = ()
        again = kind in self._corrections
        self._corrections.add(kind)
        told = self._in_transaction(lambda session: [self._corrected(kind)], at_ms)
        # A model that repeats itself is told again, but not made to speak again: that would go round in circles (W12).
        return [replace(one, message=replace(one.message, speak=False)) for one in told] if again else told

    def key(self, digit: str, at_ms: int) -> list[PendingMessage]:
        """One key of the keypad (A6)."""
        keyed = self._keypad.press(digit, at_ms)
        return [] if keyed is None else self._keyed(keyed, at_ms)

    def speak(self, language: str, _at_ms: int) -> list[PendingMessage]:
        """The call is answered in this language from now on (L11). Nothing is told because of it."""
        self._say.speak(language)
        return []

    def wait_ms(self, at_ms: int) -> int | None:
        """Milliseconds until `tick` has something to do, None when nothing is pending."""
        retry = None if self._retry_at_ms is None else max(0, self._retry_at_ms - at_ms)
        waits = [wait for wait in (self._nlp.wait_ms(at_ms), self._keypad.wait_ms(at_ms), retry) if wait is not None]
        return min(waits, default=None)

    def tick(self, at_ms: int) -> list[PendingMessage]:
        """What has become due: an exchange to read, a keyed number ended by a pause, a retry."""
        told: list[PendingMessage] = []
        keyed = self._keypad.tick(at_ms)
        if keyed is not None:
            told += self._keyed(keyed, at_ms)
        exchange = self._nlp.take(at_ms)
        if exchange is not None:
            self._corrections.clear()
            told += self._read(exchange, at_ms)
        elif self._retry_at_ms is not None and at_ms >= self._retry_at_ms:
            told += self._step(at_ms)
        return told

    def stop(self) -> None:
        """Any thread, never waits: no step is committed any more but for one whose COMMIT is under way."""
        self._stopped.set()

    def delivered(self, told: list[PendingMessage]) -> None:
        """The model has these now; a successor need not tell them again."""
        ids = [one.event_id for one in told if one.event_id]
        if not ids:
            return
        try:
            self._database.write(
                lambda session: call_log.mark_server_events_delivered(session, self._context.call_id, ids),
                deadline_s=STEP_S,
            )
        except DatabaseUnavailable as away:
            log.warning("delivery not noted", error=str(away))  # at worst a successor repeats a fact

    # -- steps -----------------------------------------------------------------------------------------------

    def _read(self, exchange: Exchange, at_ms: int) -> list[PendingMessage]:
        parsed = self._nlp.read(exchange, self._now())
        if parsed is None:
            return []
        if self._retry_at_ms is None or parsed.intent != "none":  # small talk does not undo a wish that still waits
            self._latest = parsed
            self._words = next((turn.text for turn in reversed(exchange.turns) if turn.role == "caller"), "")
        return self._step(at_ms) or self._asks_for_human(parsed, at_ms)

    def _asks_for_human(self, parsed: Parsed, at_ms: int) -> list[PendingMessage]:
        """What the chat model read as a wish for a person is asked about, once for each such wish (L2). A wish in
        plain words is none of ours: the conversation has transferred that call already."""
        newly = parsed.cues.human and not self._human_wished
        self._human_wished = parsed.cues.human
        return self._in_transaction(lambda session: [self._say.human_wished()], at_ms) if newly else []

    def _keyed(self, keyed: KeyedNumber, at_ms: int) -> list[PendingMessage]:
        if self._draft.code and len(keyed.digits) == DIGITS:
            self._words, self._keyed_code = "", keyed.digits
            return self._step(at_ms)
        if not keyed.ok:
            why = keyed.words(self._say.language)
            return self._in_transaction(lambda session: [self._say.bad_number(why)], at_ms)
        self._draft.phone = keyed.number
        self._words = ""
        return self._step(at_ms) or self._in_transaction(lambda session: [self._say.phone_noted()], at_ms)

    def _step(self, at_ms: int) -> list[PendingMessage]:
        def advance(session: Session) -> list[ServerMessage]:
            reading = Reading(self._latest, self._words, self._now(), self._code())
            return self._steps.advance(session, self._draft, reading)

        self._steps.settled = False
        self._retry_at_ms = None
        if self._draft == Draft() and self._latest.asks_nothing:
            return []  # small talk: nothing to look up or to keep
        told = self._in_transaction(advance, at_ms)
        if self._retry_at_ms is None:
            self._keyed_code = ""
        if self._steps.settled and self._retry_at_ms is None:
            self._nlp.settle()
            self._latest = Parsed()
        return told

    def _code(self) -> str:
        """The code that was keyed or said, "" when none is awaited (S5)."""
        if not self._draft.code:
            return ""
        said = digits_said(self._words)
        return self._keyed_code or (said if len(said) == DIGITS else "")

    def _in_transaction(self, work: Callable[[Session], list[ServerMessage]], at_ms: int) -> list[PendingMessage]:
        """Run one step and store its messages and the draft with it. The database away: an honest refusal."""
        before = self._draft.as_dict()

        def step(session: Session) -> list[PendingMessage]:
            rows = SessionRows(bind_business(session, self._context.business_id))
            self._draft = Draft.restored(before)  # the transaction may run more than once
            messages = work(session)
            if all(message.text in self._last and not message.again for message in messages):
                messages = []
            self._remember(messages)
            # Only the last message asks for an answer, which covers all of them.
            messages = [replace(message, speak=False) for message in messages[:-1]] + messages[-1:]
            told = [PendingMessage(message, self._stored(rows, message)) for message in messages]
            if told or self._draft.as_dict() != before:
                self._keep_draft(rows)
            return told

        try:
            told = self._database.write(step, deadline_s=STEP_S)
        except _TooLate:
            log.info("too late to book", stopped=self._stopped.is_set())
            self._draft = Draft.restored(before)
            return []
        except DatabaseUnavailable as away:
            log.warning("calendar away", error=str(away))
            self._draft = Draft.restored(before)
            self._retry_at_ms = at_ms + RETRY_MS
            message = self._say.calendar_away()
            told = [] if message.text in self._last else [PendingMessage(message, 0)]
        if told:
            self._last = tuple(one.message.text for one in told)
        self._question = _question_of(self._draft)
        return told

    def _keep_draft(self, rows: Rows) -> None:
        """The last write of a step. Where a later stream of the call has taken over, nothing of the step is written."""
        resume, draft = self._context.resume, self._draft.as_dict()
        kept = call_log.save_draft(rows, self._context.call_id, draft, generation=resume.generation)
        if self._stopped.is_set() or not kept:
            raise _TooLate

    def _remember(self, messages: list[ServerMessage]) -> None:
        """What the caller was asked for last, and which times were offered: the next words answer that (L15)."""
        for message in messages:
            self._draft.asked = message.asks
            self._draft.offered = [start.isoformat() for start in message.offers]
            self._draft.offered_with = list(message.offers_with)

    def _stored(self, rows: Rows, message: ServerMessage) -> int:
        now = self._now()
        return call_log.add_server_event(
            rows,
            self._context.call_id,
            kind=message.kind,
            text=message.text,
            at_ms=max(0, (now - self._context.started_at) // timedelta(milliseconds=1)),
            now=now,
            delivered=False,
        )

    # -- honesty ---------------------------------------------------------------------------------------------

    def _corrected(self, kind: ClaimKind) -> ServerMessage:
        """What the model is told about its claim. A message that was promised is taken down from here on."""
        draft = self._draft
        if kind in (ClaimKind.BOOKED, ClaimKind.MOVED) and draft.booked_id and draft.booked_start:
            return self._say.wrong_time(datetime.fromisoformat(draft.booked_start))
        if kind is ClaimKind.BOOKED and not self._context.may.book:
            return self._say.no_booking_to_claim()
        if kind is ClaimKind.MESSAGE and not draft.message:
            draft.message = "open"
            draft.noted(self._words)
        return ServerMessage(ServerEventKind.FALSE_CLAIM, correction(kind, self._say.language))

    def _facts(self) -> Facts:
        """What an agent may say is so."""
        wall = self._now().astimezone(self._context.policy.zone).replace(tzinfo=None)
        noting = self._draft.message == "open" or self._draft.asked == "message"
        return Facts(wall, self._standing(), [(kind, start) for kind, start in self._draft.done], noting)

    def _standing(self) -> list[datetime]:
        """Wall-clock starts of the coming appointments this caller may hear of; when in doubt, only this call's."""
        known = [datetime.fromisoformat(self._draft.booked_start)] if self._draft.booked_start else []
        try:
            mine = self._database.read(
                lambda session: self._steps.appointments(session, self._draft, self._now()), deadline_s=STEP_S
            )
        except DatabaseUnavailable:
            return known
        return [*known, *(one.start.replace(tzinfo=None) for one in mine)]
