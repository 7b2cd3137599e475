"""Who gives what in a business: people, rooms and services, added and changed by its owner (K1, K2).

Every function runs in the transaction of the calling code; the session serves the business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.accounts.businesses import policy_of
from services.db.models import BusinessSettings, Resource, ResourceKind, Service, ServiceResource
from services.policy.settings import build_policy

# More are no business that one assistant answers for, and every offer looks at each of them.
MOST_RESOURCES = 40
MOST_SERVICES = 80


class TooMany(Exception):
    """A business has no room for another one."""


def new_resource(session: Session) -> Resource:
    """A row to be filled in. The first one is the unnamed resource, so that what was booked before has somebody. Raises
    TooMany."""
    there = session.scalars(select(Resource).where(Resource.name == "")).first()
    if there is None:
        _refuse_beyond(session, Resource, MOST_RESOURCES)
        there = Resource(position=_next(session, Resource))
        session.add(there)
    return there


def new_service(session: Session) -> Service:
    """A row to be filled in. Raises TooMany."""
    _refuse_beyond(session, Service, MOST_SERVICES)
    service = Service(position=_next(session, Service))
    session.add(service)
    return service


def add_resource(
    session: Session,
    *,
    name: str,
    kind: ResourceKind = ResourceKind.PERSON,
    called: Sequence[str] = (),
    opening_hours: dict[str, Any] | None = None,
    days_off: Sequence[Sequence[str]] = (),
    colour: str = "",
) -> Resource:
    """A person, room or chair, as `new_resource`. opening_hours None: the business's. Raises TooMany, and PolicyError
    for hours or days that cannot be read."""
    build_policy({"opening_hours_json": opening_hours, "days_off": days_off})
    resource = new_resource(session)
    resource.name, resource.kind, resource.called, resource.colour = name, kind, list(called), colour
    resource.opening_hours_json, resource.days_off = opening_hours, [list(each) for each in days_off]
    session.flush()
    return resource


def add_service(
    session: Session,
    *,
    name: str,
    given_by: Collection[int],
    length_min: int | None = None,
    before_min: int = 0,
    after_min: int = 0,
    called: Sequence[str] = (),
    price: str = "",
    on_request: bool = False,
    capacity: int = 1,
    colour: str = "",
) -> Service:
    """A service and who gives it (ids of resources). length_min None: the business's slot. Raises TooMany."""
    settings = session.scalars(select(BusinessSettings)).one()
    with session.no_autoflush:  # until it is filled in
        service = new_service(session)
        service.name, service.called, service.colour, service.price = name, list(called), colour, price
        service.length_min = length_min or policy_of(settings).slot_size_min
        service.before_min, service.after_min = before_min, after_min
        service.on_request, service.capacity = on_request, capacity
    session.flush()
    set_givers(session, service.id, given_by)
    return service


def set_givers(session: Session, service_id: int, resource_ids: Collection[int]) -> None:
    """Who, of this business, gives a service from now on. Appointments that stand with somebody else stay."""
    known = session.scalars(select(Resource.id).where(Resource.id.in_(resource_ids))).all()
    session.execute(delete(ServiceResource).where(ServiceResource.service_id == service_id))
    session.add_all(ServiceResource(service_id=service_id, resource_id=each) for each in sorted(known))
    session.flush()


def _refuse_beyond(session: Session, model: type[Resource] | type[Service], most: int) -> None:
    if (session.scalar(select(func.count(model.id))) or 0) >= most:
        raise TooMany


def _next(session: Session, model: type[Resource] | type[Service]) -> int:
    """The position behind all others."""
    return (session.scalar(select(func.max(model.position))) or 0) + 1
