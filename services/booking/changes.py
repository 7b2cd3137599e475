"""Appointments that exist: told, moved and cancelled; asked once, done at a yes (A3, L15, S5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from services import tools_calendar
from services.appointment_nlp import Parsed
from services.booking.draft import Draft
from services.booking.identity import Identity
from services.booking.messages import ServerMessage, ServerMessages
from services.booking.reading import Reading
from services.booking.slot import Slot, slot_of
from services.booking.spoken_of import with_what_was_spoken_of
from services.calls.context import CallContext
from services.nlp.intent import is_no, means_the_other
from services.nlp.types import one_day
from services.tools_calendar import Booking

_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Changed:
    """The step was about an appointment that exists; `told` may be empty."""

    told: list[ServerMessage]


class Changes:
    """The part of a call's steps that is about appointments that exist. `settled` as in BookingSteps."""

    def __init__(self, context: CallContext, say: ServerMessages) -> None:
        self.settled = False
        self.identity = Identity(context, say)
        self._call_id = context.call_id
        self._may_change = context.may.change
        self._catalogue = context.catalogue
        self._say = say

    def next(self, session: Session, draft: Draft, reading: Reading) -> Changed | None:
        """The step when it is one of these; None when it is about something else. Raises NoSuchAppointment."""
        if draft.cancel_id and reading.parsed.change == "move" and "change" in reading.parsed.news:
            self._rather_move(session, draft, reading)
        if draft.cancel_id:
            return Changed(self._cancel_answered(session, draft, reading))
        errand = _errand(draft, reading)
        if not errand or (errand != "own" and not self._may_change):
            return None
        asked = self._ask_first(session, draft, reading, errand)
        if asked is not None:
            return Changed(asked)
        if errand == "cancel":
            return Changed(self._ask_to_cancel(session, draft, reading))
        if errand == "own":
            return Changed(self._tell_own(session, draft, reading))
        return self._adopt(session, draft, reading)

    def _ask_first(self, session: Session, draft: Draft, reading: Reading, errand: str) -> list[ServerMessage] | None:
        """Who is calling, unless it is about an appointment of this call."""
        if errand == "move" and draft.booked_id:
            return None
        mine = self._mine(session, draft, reading, errand)
        of_call = [one for one in mine if one.call_id == self._call_id]
        repeats = errand == "cancel" and draft.cancelled and not mine
        if repeats or (of_call and (errand != "cancel" or _meant(of_call, reading.parsed))):
            return None
        return self.identity.ask_first(session, draft, reading, errand)

    def _mine(self, session: Session, draft: Draft, reading: Reading, errand: str) -> list[Booking]:
        return self.identity.appointments(session, draft, reading.now, errand)

    def _tell_own(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """When the caller's own appointments are."""
        mine = self._mine(session, draft, reading, "own")
        if not mine:
            return [self._say.no_appointment()]
        return [self._say.existing([self._told(one) for one in mine[:_MOST_TOLD]])]

    def _adopt(self, session: Session, draft: Draft, reading: Reading) -> Changed | None:
        """A wish to move: find what there is to move."""
        if not draft.booked_id:
            mine = self._mine(session, draft, reading, "move")
            if not mine:
                return Changed([self._say.no_appointment()])
            of_day = [
                one for one in mine if any(o.first <= one.start.date() <= o.last for o in reading.parsed.of_dates)
            ]
            chosen = _fitting(of_day or mine, reading.parsed)[0]
            wished = draft.persons, draft.not_persons, draft.anyone, draft.only
            draft.booked(chosen.id, chosen.start, chosen.service_id, chosen.resource_id)
            draft.persons, draft.not_persons, draft.anyone, draft.only = wished
            if len(draft.persons) > 1:  # "it is with Dr Levi, and I want Dr Haddad"
                draft.persons = [one for one in draft.persons if one != draft.booked_with]
            draft.name = draft.name or chosen.name
        parsed = apart_from_existing(draft, with_what_was_spoken_of(draft, reading)).parsed
        with_another = [one for one in draft.persons if one != draft.booked_with]
        if parsed.dates or parsed.times or draft.confirm or with_another or draft.booked_with in draft.not_persons:
            return None
        start = datetime.fromisoformat(draft.booked_start)
        return Changed([self._say.where_to(slot_of(self._catalogue, start, draft.booked_service, draft.booked_with))])

    def _told(self, booking: Booking) -> Slot:
        return slot_of(self._catalogue, booking.start, booking.service_id, booking.resource_id)

    def _rather_move(self, session: Session, draft: Draft, reading: Reading) -> None:
        """ "No, don't cancel it, move it": the appointment that was asked about."""
        asked = next((one for one in self._mine(session, draft, reading, "cancel") if one.id == draft.cancel_id), None)
        draft.cancel_id = 0
        if asked is not None:
            draft.booked(asked.id, asked.start, asked.service_id, asked.resource_id)
            draft.name = draft.name or asked.name

    def _ask_to_cancel(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        mine = self._mine(session, draft, reading, "cancel")
        if not mine and draft.cancelled:  # asked again after the result
            self.settled = True
            return [self._say.repeated(self._say.cancelled(datetime.fromisoformat(draft.cancelled)))]
        meant = _meant(mine, reading.parsed)
        if not meant:
            return [self._say.no_appointment()]
        draft.cancel_id = meant[0].id
        return [self._say.confirm_cancel(self._told(meant[0]))]

    def _cancel_answered(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        mine = self._mine(session, draft, reading, "cancel")
        others = [one for one in mine if one.id != draft.cancel_id]
        named = _another_named(others, [one for one in mine if one.id == draft.cancel_id], reading.parsed)
        if others and (named or means_the_other(reading.words)):
            other = (named or others)[0]
            draft.cancel_id = other.id
            return [self._say.confirm_cancel(self._told(other))]
        if is_no(reading.words) and not _only_this(reading.words):
            draft.cancel_id, self.settled = 0, True
            return []
        if not reading.agrees and not _only_this(reading.words):
            return []
        asked = next((one for one in mine if one.id == draft.cancel_id), None)
        if asked is not None and reading.hums and draft.hummed != f"cancel {asked.id}":
            draft.hummed = f"cancel {asked.id}"
            return [self._say.repeated(self._say.confirm_cancel(self._told(asked)))]
        return self._cancel(session, draft, reading)

    def _cancel(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        chosen = draft.cancel_id
        booking = tools_calendar.cancel_appointment(
            session,
            appointment_id=chosen,
            now=reading.now,
            call_id=self._call_id,
            numbers=self.identity.numbers(draft),
        )
        draft.booked(chosen, booking.start, booking.service_id, booking.resource_id)
        draft.cancelled = draft.booked_start
        draft.did("cancelled", draft.booked_start)
        draft.freed()
        self.settled = True
        return [self._say.cancelled(self._told(booking))]


def apart_from_existing(draft: Draft, reading: Reading) -> Reading:
    """A wish to move without the day and the hour of the appointment itself, where they were read as wished with
    others: "mine is on Thursday at nine, Sunday at five would be better"."""
    parsed = reading.parsed
    if parsed.change != "move" or not draft.booked_start:
        return reading
    old = datetime.fromisoformat(draft.booked_start)
    days = tuple(option for option in parsed.dates if option != one_day(old.date()))
    times = tuple(option for option in parsed.times if (option.kind, option.start) != ("at", old.time()))
    if not days and not times:
        return replace(reading, parsed=parsed.with_wish((), ()))
    if len(parsed.dates) > 1 and days:
        parsed = parsed.with_wish(days, parsed.times)
    if len(parsed.times) > 1 and times:
        parsed = parsed.with_wish(parsed.dates, times)
    return replace(reading, parsed=parsed)


def _errand(draft: Draft, reading: Reading) -> str:
    """What the caller wants of an appointment that exists: said now, or said before the question who is calling."""
    parsed = reading.parsed
    said = parsed.change or ("own" if parsed.own else "")
    if "wish" in parsed.news and not said:  # "all right, then book me a new one"
        draft.errand = ""
    answers = bool("name" in parsed.news or reading.code or not reading.words)
    if draft.errand == "move" and not parsed.explicit:  # "Sunday at five", while it is asked who is calling
        answers = answers or not parsed.news.isdisjoint(("date", "time"))
    answers = answers or (bool(parsed.news) and parsed.news <= {"service", "person"})  # which of them
    waits = draft.errand if draft.asked in ("name", "phone", "code") and answers else ""
    return said or waits


def _another_named(others: Sequence[Booking], asked: Sequence[Booking], parsed: Parsed) -> list[Booking]:
    """Whether the answer names the day of another one than was asked about: "yes, tomorrow's, cancel it"."""
    if "date" not in parsed.news or not parsed.dates or _meant(asked, parsed):
        return []
    return _meant(others, parsed)


def _only_this(words: str) -> bool:
    """ "Only that one, yes, leave the other": a yes, although something is to stay."""
    return any(cue in words.lower() for cue in ("רק אות", "רק את", "only that", "just that", "только эт", "بس هاد"))


def _meant(mine: Sequence[Booking], parsed: Parsed) -> list[Booking]:
    """Those on a day, at a time, for a service and with a person that was named; all of them when none was."""
    on_day = [one for one in mine if any(option.first <= one.start.date() <= option.last for option in parsed.dates)]
    if parsed.dates and not on_day:
        return []
    at_time = [one for one in on_day or mine if any(option.start == one.start.time() for option in parsed.times)]
    return _fitting(at_time or on_day or list(mine), parsed)


def _fitting(mine: Sequence[Booking], parsed: Parsed) -> list[Booking]:
    """Those for the service and with the person that was named, where there are such."""
    chosen = parsed.chosen.first
    for_it = [one for one in mine if one.service_id in chosen.services] or list(mine)
    return [one for one in for_it if one.resource_id in chosen.persons] or for_it
