"""A time as a caller is told of it: when, what for, and with whom (K4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.policy.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Slot:
    """`start`: aware, or the wall clock's. `service` and `who`: names, "" where there is nothing to tell apart.
    with_id: the resource, 0 for none."""

    start: datetime
    service: str = ""
    who: str = ""
    with_id: int = 0


def slot_of(catalogue: Catalogue, start: datetime, service_id: int | None, with_id: int | None) -> Slot:
    """With the names of what it is for and with whom."""
    service, person = catalogue.service(service_id), catalogue.resource(with_id)
    is_told = person is not None and person.kind == "person" and len(catalogue.team) > 1
    return Slot(start, service.name if service else "", person.name if person and is_told else "", with_id or 0)
