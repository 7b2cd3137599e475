"""One step towards an appointment: what is known by now, what the calendar says, what to ask next (A2–A4, L15).

Runs inside the booking side's transaction and may run more than once; it changes the draft it is given and rows,
nothing else.
Nothing is booked by a guess: what is ambiguous is asked, and a time that was only mentioned is confirmed first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

from sqlalchemy.orm import Session

from services import tools_calendar
from services.booking.changes import Changes, apart_from_existing
from services.booking.choice import is_choice, want_at, want_of, wide_of
from services.booking.choosing import Choosing
from services.booking.details import take_details
from services.booking.draft import Draft
from services.booking.following import choose_next, next_choice, next_times
from services.booking.leads import keep_lead
from services.booking.messages import ServerMessage, ServerMessages
from services.booking.openings import MAX_OFFERS, Openings, spread
from services.booking.reading import Reading
from services.booking.refusals import Refusals
from services.booking.slot import Slot, slot_of
from services.booking.spoken_of import with_what_was_spoken_of
from services.business_policy import SlotVerdict
from services.calls.context import CallContext
from services.calls.lifecycle import bind_by_call
from services.language.farewell import says_goodbye
from services.language.phone_numbers import valid_number
from services.nlp.intent import (
    asks_for_earliest,
    asks_for_latest,
    is_no,
    is_yes,
    names_appointment,
    names_relative,
    wants_another,
)
from services.nlp.model import CERTAIN
from services.nlp.types import Parsed
from services.policy.catalogue import Want
from services.policy.openings import judge
from services.tools_calendar import Booking, NoSuchAppointment


class BookingSteps:
    """The steps of one call. `settled` after a step: what was said until then has led to its result."""

    def __init__(self, context: CallContext, say: ServerMessages) -> None:
        self.settled = False
        self._narrowed = False  # the caller laid down something new about days or hours
        self._context = context
        self._say = say
        self._catalogue = context.catalogue
        self._openings = Openings(context.catalogue, context.call_id)
        self._changes = Changes(context, say)
        self._choosing = Choosing(context, say, self._openings, self._changes.identity)
        self._refusals = Refusals(context.may, say)

    def advance(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """The messages of one step, [] when there is nothing new to tell."""
        self.settled = False
        bind_by_call(session, self._context.call_id)
        self._narrowed = take_details(draft, reading, self._context)
        self._choosing.take(draft, reading)
        if _reads_back(draft, reading):
            return []
        try:
            told = self._next(session, draft, reading)
        except NoSuchAppointment:  # the business changed it meanwhile
            draft.freed()
            self.settled = True
            return [self._say.no_appointment()]
        self.settled = self.settled or self._changes.settled
        return [] if told and told[-1].asks and _leaves(reading) else told

    def appointments(self, session: Session, draft: Draft, now: datetime) -> list[Booking]:
        """Coming appointments that this caller may hear of (S5)."""
        return self._changes.identity.appointments(session, draft, now)

    def _next(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        self._changes.settled = False
        reading = with_what_was_spoken_of(draft, reading)
        self._take_up_message(draft, reading)
        if reading.parsed.declines and not draft.cancel_id and "change" not in reading.parsed.news:
            return self._stop(session, draft, reading)
        if refused := self._refusals.next(draft, reading):
            return self._refuse(session, draft, reading, refused)
        if changed := self._changes.next(session, draft, reading):
            return changed.told
        reading = apart_from_existing(draft, with_what_was_spoken_of(draft, reading))
        self._start_second_booking(draft, reading)
        wall = self._wished(draft, reading.parsed)
        if draft.confirm:
            return self._confirm_answered(session, draft, reading, wall)
        draft.wanted = draft.wanted or self._wishes(draft, reading)
        if not draft.booked_id and (draft.wanted or reading.parsed.intent == "ask"):
            beyond = self._choosing.not_by_telephone(draft, reading)
            if beyond:
                return self._write_down(session, draft, reading, beyond)
        self._keep_lead(session, draft, reading)
        if draft.message == "open" and not draft.wanted:
            return self._take_message(session, draft, reading)
        if not draft.wanted and reading.parsed.intent != "ask":
            return []
        if not draft.booked_id and (asked := self._choosing.ask(session, draft, reading)):
            return asked
        if draft.booked_id and wall != draft.booked_wall and not self._context.may.change:
            return self._refuse(session, draft, reading, self._refusals.of_booked(draft, reading))
        if wall is None:
            return self._no_time_yet(session, draft, reading)
        said = reading.parsed.confidence >= CERTAIN and not reading.parsed.accepted and not reading.parsed.filled
        if wall == draft.booked_wall and not self._wishes_somebody_else(draft):
            return self._asked_again(draft, reading)
        if wall.isoformat() == draft.refused and wall.isoformat() not in draft.offered and not said:
            return []  # the alternatives were told with the refusal
        return (
            self._move(session, draft, reading, wall) if draft.booked_id else self._slot(session, draft, reading, wall)
        )

    # -- what was said ---------------------------------------------------------------------------------------

    def _take_up_message(self, draft: Draft, reading: Reading) -> None:
        """A message is asked for; or the offer to write down name and number is accepted, in place of what was wished.
        Such an offer holds for one answer."""
        parsed, offered = reading.parsed, draft.asked == "message"
        says_no_more = parsed.intent not in ("book", "ask") and (parsed.name or parsed.phone or not reading.words)
        instead = self._context.may.book and not parsed.news.isdisjoint(("date", "time"))  # "all right, today at five"
        accepts = (parsed.leaves and not draft.held and not instead) or (offered and says_no_more)
        if (parsed.message or accepts) and self._context.may.take_details:
            draft.message = draft.message or "open"
            draft.wanted = draft.wanted and not accepts
        if offered:
            draft.asked = ""

    def _refuse(
        self, session: Session, draft: Draft, reading: Reading, told: list[ServerMessage]
    ) -> list[ServerMessage]:
        """What is not done here is wished no more; who asked for it may still leave name and number."""
        self.settled = bool(told)
        self._keep_lead(session, draft, reading)
        return told

    def _wishes(self, draft: Draft, reading: Reading) -> bool:
        """Whether an appointment is wished. While a message is taken down, a day in it is no such wish."""
        may, parsed = self._context.may, reading.parsed
        books = parsed.intent == "book" and (may.book or draft.booked_id)  # an hour for what stands is a move
        wishes = books or (parsed.change == "move" and may.change)
        named = names_appointment(reading.words) or ("service" in parsed.news and parsed.chosen.wishes)
        return bool(wishes) and (draft.message != "open" or named)

    def _wishes_somebody_else(self, draft: Draft) -> bool:
        """ "At the same time, but with Dr Levi"."""
        others = draft.persons or draft.not_persons
        return bool(draft.booked_id and others) and want_of(draft, self._catalogue).resource_id != draft.booked_with

    def _write_down(
        self, session: Session, draft: Draft, reading: Reading, told: list[ServerMessage]
    ) -> list[ServerMessage]:
        """What is not booked by telephone becomes a lead, where details are taken."""
        draft.wanted, self.settled = False, True
        draft.let_go()
        draft.no_service()
        if not self._context.may.take_details:
            return told
        draft.message = "open"
        draft.noted(reading.words)
        self._keep_lead(session, draft, reading)
        return [*told, *self._take_message(session, draft, reading)]

    def _stop(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """No appointment is wished: nothing is held, nothing more is asked, but a message is still taken down."""
        draft.stopped()
        tools_calendar.release_hold(session, self._context.call_id)
        self.settled = draft.message != "open"
        self._keep_lead(session, draft, reading)
        return self._take_message(session, draft, reading) if draft.message == "open" else []

    def _wished(self, draft: Draft, parsed: Parsed) -> datetime | None:
        """The wall-clock start that is clear by now: what was said, completed by what stands."""
        if (parsed.dates and parsed.day is None) or (parsed.times and parsed.clock is None):
            draft.start = draft.booked_start  # "in the afternoon, then": the exact time is open again
            return None
        known = draft.wall
        day = parsed.day or (known.date() if known else None)
        clock = parsed.clock if parsed.times else (known.time() if known else None)
        return datetime.combine(day, clock) if day is not None and clock is not None else None

    def _start_second_booking(self, draft: Draft, reading: Reading) -> None:
        """A wish for another appointment beside the one there is leaves the first alone."""
        parsed = reading.parsed
        chooses = not parsed.news.isdisjoint(("service", "person"))
        details = parsed.name or parsed.dates or parsed.times or chooses
        following = (draft.second or draft.following) and (details or is_yes(reading.words))
        other_service = (
            "service" in parsed.news and parsed.intent == "book" and draft.service_id != draft.booked_service
        )
        if not draft.booked_id or parsed.change or not (wants_another(reading.words) or following or other_service):
            return
        somebody_else = (draft.second and following) or names_relative(reading.words)
        choose_next(draft, reading, self._catalogue, as_before=bool(somebody_else))
        name, proposed = draft.second_name, draft.next_start
        draft.another()
        draft.wanted = True
        if proposed and not (parsed.dates or parsed.times):
            draft.start = proposed
        if somebody_else:
            said = parsed.name if "name" in parsed.news else name
            draft.name, draft.known_name, draft.full_name = said, "refused", bool(name)

    def _asked_again(self, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """A request that is repeated after its result gets the result."""
        repeated = (
            reading.parsed.intent == "book" and reading.parsed.confidence >= CERTAIN and not reading.parsed.accepted
        )
        return [self._say.repeated(self._say.created(self._standing(draft), draft.name))] if repeated else []

    def _standing(self, draft: Draft) -> Slot:
        """The appointment there is, as it is told."""
        return slot_of(
            self._catalogue, datetime.fromisoformat(draft.booked_start), draft.booked_service, draft.booked_with
        )

    def _held(self, draft: Draft, wall: datetime) -> Slot:
        """A time that is held, as it is told."""
        return slot_of(self._catalogue, wall, draft.service_id, draft.held_with)

    def _keep_lead(self, session: Session, draft: Draft, reading: Reading) -> None:
        if draft.message == "open" and (reading.parsed.message or not draft.asked):
            draft.noted(reading.words)
        keep_lead(session, self._context, draft, spoken=reading.parsed.phone, now=reading.now)

    def _take_message(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """Name and number of whoever leaves a message or wants to be called back; never a day or an hour."""
        draft.phone = draft.phone or reading.parsed.phone
        if not draft.name:
            return [self._say.message_name()]
        missing = self._missing(draft, reading)
        if missing is not None:
            return [missing]
        draft.message = "noted"
        draft.did("message")
        self._keep_lead(session, draft, reading)
        self.settled = True
        return [self._say.lead_noted()]

    # -- no exact time ---------------------------------------------------------------------------------------

    def _no_time_yet(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        parsed, limits = reading.parsed, draft.limits
        if parsed.than:  # "anything earlier?" limits this answer only
            limits = limits.taking(parsed)
        if draft.held and self._narrowed:  # what was held is not what is wished now
            tools_calendar.release_hold(session, self._context.call_id)
            draft.held = ""
        if parsed.ambiguous:
            return [self._say.ambiguous(parsed.ambiguous, self._times_of_named_days(session, draft, reading))]
        wish = parsed.times[0] if len(parsed.times) == 1 else None
        if parsed.day is None and not limits.spans and not limits.window[0] and not limits.window[1]:
            return self._nothing_named(session, draft, reading)
        at = wish.start if wish is not None and wish.kind == "at" else None
        want = want_of(draft, self._catalogue)
        free = self._openings.free(session, limits, reading.now, day=parsed.day, clock=at, want=want)
        if not free and at is not None:
            free = self._openings.free(session, limits, reading.now, day=parsed.day, want=want)
        if not free and limits.is_evening:  # where none goes on so long, the end of the afternoon
            draft.conditions = limits.from_four.as_dict()
            free = self._openings.free(session, limits.from_four, reading.now, day=parsed.day, want=want)
        if not free:
            return self._nothing_free(session, draft, reading, want)
        if wish is not None and wish.kind == "around" and parsed.day is not None:
            target = datetime.combine(parsed.day, wish.start, self._context.policy.zone)
            return self._propose(session, draft, reading, min(free, key=lambda slot: abs(slot.start - target)))
        if asks_for_latest(reading.words):
            of_day = [slot for slot in free if slot.start.date() == free[0].start.date()]
            return self._propose(session, draft, reading, of_day[-1])
        if len(free) == 1:
            return self._propose(session, draft, reading, free[0])
        few = free[:MAX_OFFERS] if asks_for_earliest(reading.words) else spread(free)
        return [self._say.need_datetime(few, day_known=parsed.day is not None)]

    def _nothing_free(self, session: Session, draft: Draft, reading: Reading, want: Want) -> list[ServerMessage]:
        """Nothing of the wished day, or with who was wished, as the conditions allow: whose rule, and what else."""
        day, limits, wide = reading.parsed.day, draft.limits, wide_of(draft, self._catalogue)
        named = day or (limits.days[0][0] if limits.days else reading.now.date())
        noon = datetime.combine(named, time(12))
        # Without a day all days were looked at already.
        looked_at_all = day is None and (draft.only or want == wide)
        near = [] if looked_at_all else self._instead(session, draft, noon, reading, want)
        verdict = judge(self._catalogue.plan(want), noon, reading.now, {})
        if day is not None and verdict.facts.who and verdict.rule in ("day_off", "closed_weekday"):
            return [self._say.day_refused(verdict.words(self._say.language), near)]
        people = [self._catalogue.resource(one) for one in draft.persons]
        who = ", ".join(each.name for each in people if each)
        return [self._say.no_time_that_day(noon, near, who)]

    def _nothing_named(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        if asks_for_earliest(reading.words) or (draft.wanted and draft.conditions):
            want = want_of(draft, self._catalogue)
            free = self._openings.free(session, draft.limits, reading.now, want=want)
            if not free and draft.limits.is_evening:
                draft.conditions = draft.limits.from_four.as_dict()
                free = self._openings.free(session, draft.limits, reading.now, want=want)
            if not free and draft.persons:
                return self._nothing_free(session, draft, reading, want)
            return [self._say.need_datetime(free[:MAX_OFFERS] if asks_for_earliest(reading.words) else spread(free))]
        return [self._say.need_datetime()] if draft.wanted and not draft.refused else []

    def _times_of_named_days(self, session: Session, draft: Draft, reading: Reading) -> list[Slot]:
        """Times of the days that were named, when it is the day that is open."""
        if not reading.parsed.dates or reading.parsed.day is not None or "time" in reading.parsed.ambiguous:
            return []
        want, clock = want_of(draft, self._catalogue), reading.parsed.clock
        return spread(self._openings.free(session, draft.limits, reading.now, clock=clock, want=want))

    def _instead(self, session: Session, draft: Draft, wish: datetime, reading: Reading, want: Want) -> list[Slot]:
        """Bookable times nearest to a moment, as the caller's conditions allow; with others too unless only one person
        will do."""
        wide = want if draft.only else wide_of(draft, self._catalogue)
        return self._openings.instead(session, draft.limits, wish, reading.now, want, wide)

    def _propose(self, session: Session, draft: Draft, reading: Reading, slot: Slot) -> list[ServerMessage]:
        """One time that fits what was said in other words: held, and asked about."""
        wall = slot.start.replace(tzinfo=None)
        if wall.isoformat() in (draft.confirm, draft.refused):
            return []
        if draft.booked_id:
            return self._move(session, draft, reading, wall)
        return self._slot(session, draft, reading, wall, asks=True)

    # -- an exact time ---------------------------------------------------------------------------------------

    def _slot(
        self, session: Session, draft: Draft, reading: Reading, wall: datetime, *, asks: bool = False
    ) -> list[ServerMessage]:
        """Book the wished slot when all is known and it was meant so; hold it while something is asked."""
        start = wall.isoformat()
        # Held for this caller, and asked about since: the last detail is the consent.
        meant = draft.held == start or reading.parsed.confidence >= CERTAIN or reading.parsed.accepted
        guessed = reading.parsed.filled and draft.held != start
        asks_first = asks or guessed or not draft.wanted
        missing = self._say.ask_to_book() if asks_first else self._missing(draft, reading)
        if missing is None and meant and not self._by_hum(draft, reading, start):
            return self._book(session, draft, reading, wall)
        want = want_at(draft, reading, self._catalogue, wall)
        held = tools_calendar.hold_slot(session, call_id=self._context.call_id, start=wall, now=reading.now, want=want)
        if held.until is None:
            return self._refused(session, draft, reading, wall, held.verdict)
        known, draft.held_with = (draft.held, draft.held_with), held.verdict.resource or 0
        told = [] if known == (start, draft.held_with) else [self._say.slot_available(self._held(draft, wall))]
        draft.start = draft.held = draft.last = start
        draft.refused = "" if draft.refused == start else draft.refused  # with somebody else it can be had
        if missing is None or asks_first:
            draft.confirm, missing = start, self._say.ask_to_book()
        return [*told, missing]

    @staticmethod
    def _by_hum(draft: Draft, reading: Reading, start: str) -> bool:
        """Whether a hum alone would book this: it is asked once more, and then a hum will do (L1)."""
        first = reading.hums and draft.asked != "permission" and draft.hummed != start
        draft.hummed = start if first else draft.hummed
        return first

    def _missing(self, draft: Draft, reading: Reading) -> ServerMessage | None:
        """The one detail to ask for next."""
        if not draft.name:
            return self._need_name(draft)
        if " " not in draft.name and not draft.full_name:
            draft.full_name = True
            return self._say.need_full_name(draft.name)
        if reading.parsed.phone and reading.parsed.phone == draft.spoken and draft.asked == "phone" and reading.words:
            draft.phone = draft.spoken  # asked for by keypad, and said again
        if draft.phone:
            return None
        draft.spoken = reading.parsed.phone or draft.spoken
        spoken = bool(reading.parsed.phone or reading.parsed.phone_partial)
        may_ask = self._context.caller_id_allowed and valid_number(self._context.caller) and not spoken
        if may_ask and draft.permission != "refused":
            draft.permission = "asked"
            return self._say.need_permission()
        return self._say.need_phone(spoken=spoken)

    def _need_name(self, draft: Draft) -> ServerMessage:
        if not self._context.caller_name or draft.known_name == "refused":
            return self._say.need_name()
        draft.known_name = "asked"
        return self._say.need_name(self._context.caller_name)

    def _book(self, session: Session, draft: Draft, reading: Reading, wall: datetime) -> list[ServerMessage]:
        result = tools_calendar.create_appointment_from_realtime(
            session,
            call_id=self._context.call_id,
            start=wall,
            phone=draft.phone,
            name=draft.name,
            service=draft.service,
            want=want_at(draft, reading, self._catalogue, wall),
            request=self._request(draft),
            now=reading.now,
        )
        if result.booking is None:
            return self._refused(session, draft, reading, wall, result.verdict)
        booking, conditions = result.booking, draft.conditions
        draft.booked(booking.id, wall, booking.service_id, booking.resource_id)
        draft.did("booked", draft.booked_start)
        self.settled = True
        told = [self._say.created(self._standing(draft), draft.name)]
        if draft.following or (draft.second and is_choice(self._catalogue)):
            draft.conditions = conditions  # they hold for the next one as well
        return [*told, *self._then(session, draft, reading, booking)]

    def _request(self, draft: Draft) -> str:
        """What sets apart two appointments for the same time: with two people, or in one class."""
        before = sum(kind == "booked" for kind, _ in draft.done)
        return str(before) if before and is_choice(self._catalogue) else ""

    def _then(self, session: Session, draft: Draft, reading: Reading, booking: Booking) -> list[ServerMessage]:
        """What else was wished together with what is booked."""
        if draft.second and not is_choice(self._catalogue):
            return [self._say.next_person()]
        if not (draft.second or draft.following):
            return []
        choice = next_choice(draft, self._catalogue)
        service = self._catalogue.service(choice.service_id)
        if service is not None and service.on_request:
            draft.following = draft.following[1:]
            draft.service = service.name
            return self._write_down(session, draft, reading, [self._say.service_on_request(service.name)])
        near = next_times(session, draft, self._openings, choice, booking, reading.now)
        if not draft.second:
            return [self._say.next_service(service.name if service else "", near)]
        return [self._say.next_person_known(draft.second_name, near) if draft.second_name else self._say.next_person()]

    def _refused(
        self, session: Session, draft: Draft, reading: Reading, wall: datetime, verdict: SlotVerdict
    ) -> list[ServerMessage]:
        """Why not, and what else: whatever stood before stands again."""
        draft.refused, draft.start, draft.held, draft.confirm = wall.isoformat(), draft.booked_start, "", ""
        draft.held_with = 0
        draft.last = draft.refused
        tools_calendar.release_hold(session, self._context.call_id)
        others = self._instead(session, draft, wall, reading, want_of(draft, self._catalogue))
        return [self._say.slot_unavailable(wall, verdict.words(self._say.language), others)]

    # -- moving and cancelling: asked once, done at a yes ----------------------------------------------------

    def _move(self, session: Session, draft: Draft, reading: Reading, wall: datetime) -> list[ServerMessage]:
        want = self._want_moved(draft, reading, wall)
        verdict = tools_calendar.check_move(
            session,
            appointment_id=draft.booked_id,
            start=wall,
            now=reading.now,
            call_id=self._context.call_id,
            numbers=self._changes.identity.numbers(draft),
            want=want,
        )
        if not verdict.ok:
            return self._refused(session, draft, reading, wall, verdict)
        draft.confirm, draft.held_with = wall.isoformat(), verdict.resource or 0
        return [self._say.confirm_move(self._standing(draft), self._moving(draft, wall))]

    def _want_moved(self, draft: Draft, reading: Reading, wall: datetime) -> Want | None:
        """Another person, where one was named or offered; None: it stays with the same."""
        want = want_at(draft, reading, self._catalogue, wall)
        if draft.confirm == wall.isoformat() and draft.held_with:  # asked about, and agreed to
            want = Want(resource_id=draft.held_with)
        stays = want.resource_id == draft.booked_with or (
            want.resource_id is None and not want.among and not draft.anyone
        )
        return None if stays else replace(want, service_id=None)

    def _moving(self, draft: Draft, wall: datetime) -> Slot:
        """Where an appointment is to be moved, as it is told."""
        return slot_of(self._catalogue, wall, draft.booked_service, draft.held_with or draft.booked_with)

    def _confirm_answered(
        self, session: Session, draft: Draft, reading: Reading, wall: datetime | None
    ) -> list[ServerMessage]:
        """The answer to "shall I book it", or "shall I move it": a yes, a no, another time, or none of these."""
        asked = draft.confirm
        if wall is not None and wall.isoformat() not in (asked, draft.booked_start, draft.refused):
            draft.confirm = ""
            return (
                self._move(session, draft, reading, wall)
                if draft.booked_id
                else self._slot(session, draft, reading, wall)
            )
        if wall is None and self._narrowed and not reading.agrees:  # "no, something after five"
            draft.confirm = ""
            return self._no_time_yet(session, draft, reading)
        if is_no(reading.words):
            draft.confirm, draft.held, draft.refused, draft.start = "", "", asked, draft.booked_start
            tools_calendar.release_hold(session, self._context.call_id)
            self.settled = True
            return []
        if not reading.agrees and not _insists(reading, wall, asked):
            return []
        if reading.hums and draft.hummed != asked:
            draft.hummed = asked
            return [self._say.repeated(self._ask_again(draft, datetime.fromisoformat(asked)))]
        draft.wanted = True
        start = datetime.fromisoformat(asked)
        if draft.booked_id:
            return self._moved(session, draft, reading, start)
        draft.confirm = ""
        return self._slot(session, draft, reading, start)

    def _ask_again(self, draft: Draft, wall: datetime) -> ServerMessage:
        """The same question once more, with what will be done: a hum alone is not taken for a yes (L1)."""
        if draft.booked_id:
            return self._say.confirm_move(self._standing(draft), self._moving(draft, wall))
        return self._say.confirm_slot(self._held(draft, wall))

    def _moved(self, session: Session, draft: Draft, reading: Reading, wall: datetime) -> list[ServerMessage]:
        result = tools_calendar.move_appointment(
            session,
            appointment_id=draft.booked_id,
            start=wall,
            now=reading.now,
            call_id=self._context.call_id,
            numbers=self._changes.identity.numbers(draft),
            want=self._want_moved(draft, reading, wall),
        )
        draft.confirm = ""
        if result.booking is None:
            return self._refused(session, draft, reading, wall, result.verdict)
        draft.booked(result.booking.id, wall, result.booking.service_id, result.booking.resource_id)
        draft.did("moved", draft.booked_start)
        self.settled = True
        return [self._say.moved(self._standing(draft))]


def _leaves(reading: Reading) -> bool:
    """The caller says goodbye and nothing else that counts: nobody who goes is asked one more thing (L4)."""
    return not reading.parsed.news and not reading.agrees and says_goodbye(reading.words)


def _reads_back(draft: Draft, reading: Reading) -> bool:
    """ "Monday at ten, I've written it down, thanks, bye": a goodbye that wishes nothing."""
    open_wish = draft.wanted or draft.held or draft.confirm or draft.cancel_id or draft.errand == "move"
    return not open_wish and not reading.parsed.explicit and says_goodbye(reading.words)


def _insists(reading: Reading, wall: datetime | None, asked: str) -> bool:
    """ "Book it, then": agreement to the time that was asked about, without a yes."""
    certain = reading.parsed.accepted or (reading.parsed.intent == "book" and reading.parsed.confidence >= CERTAIN)
    return bool(reading.words) and certain and wall is not None and wall.isoformat() == asked
