"""Which service, and with whom: what a call has settled on by now (K4). Pure.

Kept in the draft as ids. Later words replace what they name; what a held time was for goes with it.
"""

from __future__ import annotations

from datetime import datetime

from services.booking.draft import Draft
from services.booking.reading import Reading
from services.nlp.intent import insists_on_person
from services.nlp.offering import Called, Choice, Chosen, Offering
from services.policy.catalogue import Catalogue, ServiceRules, Want


def offering_of(catalogue: Catalogue) -> Offering:
    """What callers may name of a business: what is offered, on request too, and who is there. Nobody is there to be
    named where one does all."""
    team = catalogue.team if len(catalogue.team) > 1 else ()
    return Offering(
        tuple(Called(each.id, each.name, each.called) for each in catalogue.offered),
        tuple(Called(each.id, each.name, each.called, each.kind == "room") for each in team if each.name),
    )


def is_choice(catalogue: Catalogue) -> bool:
    """Whether there is anything to choose."""
    return bool(catalogue.offered) or len(catalogue.team) > 1


def take_choice(draft: Draft, reading: Reading, catalogue: Catalogue) -> None:
    """What the caller's words choose by now, in the draft."""
    if not is_choice(catalogue):
        return
    before = _settled(draft)
    chosen, parsed = reading.parsed.chosen, reading.parsed
    if not (chosen.says_nothing or parsed.change == "cancel" or parsed.own):
        if not parsed.change:
            _take_service(draft, reading, chosen)
        _take_persons(draft, reading, chosen)
        _take_same(draft, reading, chosen)
        if chosen.also and "service" in parsed.news:
            draft.following = [_stored(each) for each in chosen.also if each]
    _narrow(draft, reading, catalogue)
    if _settled(draft) != before:
        _let_go_of_others(draft, before)


def _settled(draft: Draft) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    return draft.service_id, tuple(draft.persons), tuple(draft.not_persons)


def _stored(choice: Choice) -> list[int]:
    return [choice.services[0] if len(choice.services) == 1 else 0, *choice.persons]


def _take_service(draft: Draft, reading: Reading, chosen: Chosen) -> None:
    if draft.service_id in chosen.not_services:
        draft.service_id, draft.implied = 0, False
    said = list(chosen.first.services)
    is_new = "service" in reading.parsed.news or said != draft.said_services
    if chosen.told and (draft.service_id or reading.parsed.intent != "book"):
        return
    if said and is_new:
        draft.said_services, draft.implied, draft.missed = said, False, 0
        draft.service_id = said[0] if len(said) == 1 else 0
        draft.services = said if len(said) > 1 else []


def _take_persons(draft: Draft, reading: Reading, chosen: Chosen) -> None:
    if not chosen.names_person:
        return
    said = [*chosen.first.persons, *(-each for each in chosen.not_persons), *([0] if chosen.anyone else [])]
    is_new = "person" in reading.parsed.news
    if not is_new and said == draft.said_persons:
        return
    named = list(chosen.first.persons)
    again = is_new and named == draft.persons and draft.asked == "datetime" and not reading.parsed.accepted
    draft.only = bool(named) and (again or insists_on_person(reading.words))
    draft.said_persons, draft.persons, draft.anyone = said, named, chosen.anyone
    draft.not_persons = list(chosen.not_persons)
    draft.which_person = len(named) > 1 and "person" in chosen.unclear


def _take_same(draft: Draft, reading: Reading, chosen: Chosen) -> None:
    """ "The same as last time", until it was looked up."""
    if reading.parsed.news.isdisjoint(("service", "person")):
        return
    service, person = chosen.same_service, chosen.same_person
    draft.same = "both" if service and person else "service" if service else "person" if person else draft.same
    if chosen.first.services and draft.same == "service":
        draft.same = ""


def _narrow(draft: Draft, reading: Reading, catalogue: Catalogue) -> None:
    """What follows from one another: who gives one service only is asked for that, of several people those count who
    give the service."""
    if draft.implied and not draft.persons:
        draft.service_id, draft.implied = 0, False
    if draft.services and draft.persons:
        fitting = [one for one in draft.services if _gives_any(catalogue, one, draft.persons)]
        draft.services = fitting or draft.services
    if len(draft.services) == 1:
        draft.service_id, draft.services = draft.services[0], []
    if not draft.service_id and not draft.services and not draft.same:
        fitting_services = bookable_with(catalogue, draft.persons)
        if len(fitting_services) == 1:
            draft.service_id, draft.implied = fitting_services[0].id, len(catalogue.bookable) > 1
    if draft.service_id and draft.persons:
        giving = [one for one in draft.persons if _gives_any(catalogue, draft.service_id, [one])]
        if giving or "person" not in reading.parsed.news:  # the service was changed: the person goes with the old one
            draft.persons = giving
        draft.which_person = draft.which_person and len(giving) > 1
        draft.only = draft.only and bool(draft.persons)


def _gives_any(catalogue: Catalogue, service_id: int, persons: list[int]) -> bool:
    return any(each.id in persons for each in catalogue.who_gives(service_id))


def bookable_with(catalogue: Catalogue, persons: list[int]) -> list[ServiceRules]:
    """What callers can book, of these people or of anybody."""
    return [each for each in catalogue.bookable if not persons or _gives_any(catalogue, each.id, persons)]


def _let_go_of_others(draft: Draft, before: tuple[int, tuple[int, ...], tuple[int, ...]]) -> None:
    """What was held, or asked about, for another service or with another person is wished no more."""
    wished = not draft.persons or draft.held_with in draft.persons
    if before[0] != draft.service_id or not wished or draft.held_with in draft.not_persons or not draft.held:
        draft.start = draft.start or draft.held or draft.confirm
        draft.let_go()


# -- as the calendar looks for it ------------------------------------------------------------------------------------


def wide_of(draft: Draft, catalogue: Catalogue) -> Want:
    """The wish with whoever is free, but for those the caller does not want."""
    service = (draft.booked_service if draft.booked_id else draft.service_id) or None
    if not draft.not_persons:
        return Want(service)
    left = tuple(each.id for each in catalogue.who_gives(service) if each.id not in draft.not_persons)
    return Want(service, among=left)


def want_of(draft: Draft, catalogue: Catalogue) -> Want:
    """The wish as it stands; what is moved stays with the same person until another one is named."""
    wide = wide_of(draft, catalogue)
    persons = draft.persons
    if not persons and draft.booked_id and draft.booked_with and not draft.anyone and not wide.among:
        stays = catalogue.resource(draft.booked_with)
        persons = [draft.booked_with] if stays is not None and stays.active else []
    if len(persons) == 1:
        return Want(wide.service_id, persons[0])
    return Want(wide.service_id, among=tuple(persons)) if persons else wide


def want_at(draft: Draft, reading: Reading, catalogue: Catalogue, start: datetime) -> Want:
    """The wish for one time: with whom it was held or offered, unless somebody is named with it."""
    want, at = want_of(draft, catalogue), start.isoformat()
    if draft.held == at and draft.held_with:
        return Want(want.service_id, draft.held_with)
    if at in draft.offered and len(draft.offered_with) == len(draft.offered) and "person" not in reading.parsed.news:
        return Want(want.service_id, draft.offered_with[draft.offered.index(at)] or None)
    return want
