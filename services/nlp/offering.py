"""What a business offers and who does it, by the names callers use for them (K4). Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Called:
    """A service or a person. `called`: what callers say besides the name. `is_room`: a room or chair, which has neither
    first name nor surname."""

    id: int
    name: str
    called: tuple[str, ...] = ()
    is_room: bool = False


@dataclass(frozen=True, slots=True)
class Offering:
    """All of a business's. Nothing in it: nothing of the kind is looked for in anybody's words."""

    services: tuple[Called, ...] = ()
    persons: tuple[Called, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.services or self.persons)


NOTHING_OFFERED = Offering()


@dataclass(frozen=True, slots=True)
class Choice:
    """What one appointment is to be, by ids. Several services: one of them, to be asked which. Several persons: any of
    them."""

    services: tuple[int, ...] = ()
    persons: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.services or self.persons)


_NOTHING = Choice()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a caller's words choose. `first`: of the appointment that is spoken of; `also`: of those wished besides.

    `unclear`: "service" or "person", where words fit several and mean one. `anyone`: whoever is free.
    `told`: the service was only spoken of. `adds`: the service is wished besides what was wished before.
    `same_service`, `same_person`: of the last appointment. `wishes`: an appointment for it, in so many words.
    `stranger`: a name with a title that is nobody's here.
    """

    first: Choice = _NOTHING
    also: tuple[Choice, ...] = ()
    unclear: frozenset[str] = frozenset()
    anyone: bool = False
    not_services: tuple[int, ...] = ()
    not_persons: tuple[int, ...] = ()
    same_service: bool = False
    same_person: bool = False
    told: bool = False
    adds: bool = False
    wishes: bool = False
    stranger: str = ""

    @property
    def names_service(self) -> bool:
        return bool(self.first.services or self.also or self.same_service)

    @property
    def names_person(self) -> bool:
        return bool(self.first.persons or self.not_persons or self.same_person or self.anyone or self.stranger)

    @property
    def says_nothing(self) -> bool:
        return not (self.names_service or self.names_person or self.not_services)


NOTHING_CHOSEN = Chosen()


def chosen_by_now(known: Chosen, latest: Chosen) -> Chosen:
    """The latest words on top of what was chosen: they replace what they name, the rest stands."""
    if latest.adds and known.first.services:
        return replace(known, also=(*known.also, latest.first, *latest.also), wishes=latest.wishes)
    weaker = latest.told and bool(known.first.services)
    names_service = (latest.first.services or latest.same_service) and not weaker
    names_person = latest.names_person
    left = tuple(one for one in known.first.services if one not in latest.not_services)
    persons = tuple(one for one in known.first.persons if one not in latest.not_persons)
    kept = frozenset(
        what for what in known.unclear if not (names_service if what == "service" else latest.first.persons)
    )
    return replace(
        latest,
        first=Choice(
            latest.first.services if names_service else left,
            latest.first.persons or (() if latest.anyone or latest.same_person or latest.stranger else persons),
        ),
        also=latest.also or known.also,
        unclear=kept | (latest.unclear - ({"service"} if weaker else set())),
        anyone=latest.anyone or (known.anyone and not latest.first.persons),
        not_services=_joined(known.not_services, latest.not_services, latest.first.services),
        not_persons=_joined(known.not_persons, latest.not_persons, latest.first.persons),
        same_service=latest.same_service or (known.same_service and not latest.first.services),
        same_person=latest.same_person or (known.same_person and not names_person),
        told=latest.told if names_service else known.told,
        stranger=latest.stranger or ("" if names_person else known.stranger),
    )


def _joined(known: Sequence[int], latest: Sequence[int], wished: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys([*(one for one in known if one not in wished), *latest]))


def names_of(known: Sequence[Called], ids: Sequence[int]) -> list[str]:
    """The names of these, in the order of the ids."""
    by_id = {one.id: one.name for one in known}
    return [by_id[one] for one in ids if one in by_id]


def ids_of(known: Sequence[Called], names: Sequence[str]) -> tuple[int, ...]:
    """The ids of those that are called exactly so; other names say nothing."""
    return tuple(one.id for one in known if one.name in names)
