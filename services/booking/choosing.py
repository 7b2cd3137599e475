"""What is to be asked or said about the service and the person before a time is looked for (K4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.booking.choice import bookable_with, is_choice, take_choice, want_of, wide_of
from services.booking.companions import take_companion
from services.booking.draft import Draft
from services.booking.identity import Identity
from services.booking.messages import ServerMessage, ServerMessages
from services.booking.openings import Openings, spread
from services.booking.reading import Reading
from services.calls.context import CallContext
from services.calls.kinds import ServerEventKind
from services.nlp.intent import is_no
from services.policy.catalogue import Catalogue
from services.policy.openings import judge

_MISSES = 2  # answers that name no service before it is taken for one that is not offered


class Choosing:
    """The part of a call's steps that is about what for and with whom. Asks only where it matters."""

    def __init__(self, context: CallContext, say: ServerMessages, openings: Openings, identity: Identity) -> None:
        self._catalogue: Catalogue = context.catalogue
        self._may = context.may
        self._say = say
        self._openings = openings
        self._identity = identity

    def take(self, draft: Draft, reading: Reading) -> None:
        """See take_choice."""
        take_choice(draft, reading, self._catalogue)
        if is_choice(self._catalogue):
            take_companion(draft, reading)
        service = self._catalogue.service(draft.service_id)
        draft.service = service.name if service else draft.service  # for the lead

    def not_by_telephone(self, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """What to say where the wished service is not booked here by telephone, [] where it is."""
        if not is_choice(self._catalogue):
            return []
        service = self._catalogue.service(draft.service_id)
        if service is not None and service.on_request:
            draft.service = service.name
            return [self._say.service_on_request(service.name)]
        if service is None and draft.asked == "service" and not draft.services and self._misses(draft, reading):
            draft.service = reading.parsed.service or draft.service
            return [self._say.service_unknown()]
        return []

    def ask(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """What has to be cleared up first, [] when a time can be looked for."""
        if not is_choice(self._catalogue):
            return []
        if draft.same:
            asked = self._as_last_time(session, draft, reading)
            if asked:
                return asked
        name = reading.parsed.chosen.stranger
        if name and draft.stranger != name:
            draft.stranger = name
            return [self._say.nobody_so_named(name, self._people(draft))]
        if not draft.service_id and len(self._catalogue.bookable) > 1:
            return [self._need_service(draft)]
        if draft.which_person:
            return [self._say.need_person(self._names(draft.persons))]
        return self._not_given(session, draft, reading)

    # -- the service

    def _need_service(self, draft: Draft) -> ServerMessage:
        among = [each for each in self._catalogue.offered if each.id in draft.services]
        among = among or bookable_with(self._catalogue, draft.persons) or list(self._catalogue.bookable)
        again = draft.asked == "service" and draft.missed > 0
        return self._say.repeated(self._say.need_service([each.name for each in among], again=again))

    def _misses(self, draft: Draft, reading: Reading) -> bool:
        """Whether something was named that is no service here: at once where the chat model read what, else when it was
        asked twice."""
        said = reading.words and reading.parsed.news <= {"wish"} and not is_no(reading.words) and not reading.agrees
        if not said:
            return False
        draft.missed += 1
        return bool(reading.parsed.service) or draft.missed >= _MISSES

    # -- the person

    def _people(self, draft: Draft) -> list[str]:
        return [each.name for each in self._catalogue.who_gives(draft.service_id or None) if each.name]

    def _names(self, persons: list[int]) -> list[str]:
        return [each.name for each in self._catalogue.team if each.id in persons]

    def _not_given(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """Who was wished does not do it: who does, and when."""
        plan = self._catalogue.plan(want_of(draft, self._catalogue))
        if plan.refusal not in ("does_not_give", "no_such_person"):
            return []
        why = judge(plan, reading.now, reading.now, {}).words(self._say.language)
        draft.anybody()
        draft.let_go()
        free = self._openings.free(
            session, draft.limits, reading.now, day=reading.parsed.day, want=wide_of(draft, self._catalogue)
        )
        if not free and reading.parsed.day is not None:
            free = self._openings.free(session, draft.limits, reading.now, want=wide_of(draft, self._catalogue))
        return [self._say.not_with(why, self._people(draft), spread(free))]

    # -- the last visit

    def _as_last_time(self, session: Session, draft: Draft, reading: Reading) -> list[ServerMessage]:
        """Looked up for a caller who may hear of it (S5); else the service is asked for like any other."""
        asked = self._identity.ask_first(session, draft, reading, "same")
        draft.errand = ""
        if asked is not None:
            if asked[0].kind is ServerEventKind.ERROR:
                draft.same = ""
            return asked
        last = self._identity.last_visit(session, draft, reading.now)
        same, draft.same = draft.same, ""
        if last is None:
            return []
        service = self._catalogue.service(last.service_id)
        if same != "person" and service is not None and service.active:
            draft.service_id, draft.services = service.id, []
        gives = [each.id for each in self._catalogue.who_gives(draft.service_id or last.service_id)]
        if same != "service" and last.resource_id in gives and not draft.persons:
            draft.persons = [last.resource_id]
        return []
