"""What occupies a business's people and rooms, read as diaries, and the rows of it, written (K3).

Every function runs in the transaction of the calling code; the session serves the business. Who writes holds the lock
on the calendar; that two never overlap and that no class is overfull is held by the schema, whoever writes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from services.db.models import Appointment, Call, Resource, SlotHold, TakenKind, TakenTime
from services.db.tenancy import SessionRows
from services.policy.diary import ClassTime, Diary, Need
from services.policy.hours import Span
from services.policy.openings import Diaries
from services.policy.spans import without


@dataclass(frozen=True, slots=True)
class Place:
    """A seat in a resource's diary. `told`: as the caller hears it; `taken`: with the time before and after; `seats`:
    of the service, callers at once."""

    resource_id: int
    told: Span
    taken: Span
    service_id: int | None = None
    seats: int = 1


class _Occupied(NamedTuple):
    """taken_id: None for a hold."""

    resource_id: int
    span: Span
    service_id: int | None
    is_foreign: bool = False
    taken_id: int | None = None


@dataclass(slots=True)
class _Page:
    """What is collected for one diary."""

    busy: list[Span] = field(default_factory=list)
    begun: list[datetime] = field(default_factory=list)
    classes: list[ClassTime] = field(default_factory=list)


def diaries_between(
    session: Session,
    start: datetime,
    end: datetime,
    now: datetime,
    need: Need,
    *,
    except_call: int | None = None,
    except_appointment: int | None = None,
) -> Diaries:
    """What of [start, end) is taken, by resource: by active appointments, by other calendars, by slots that other calls
    in progress hold. `need`: for whom it is read; classes of another service are busy like anything else."""
    own, alone = _own_seat(session, except_appointment)
    taken = [each for each in _taken(session, start, end) if not (alone and each.taken_id == own)]
    held = _held(session, start, end, now, except_call)
    pages: defaultdict[int, _Page] = defaultdict(_Page)
    for each in (*taken, *held):
        page = pages[each.resource_id]
        page.busy.append(each.span)
        if not each.is_foreign:
            page.begun.append(each.span.start)
    if need.seats > 1:
        _add_classes(session, pages, need, taken, held, own)
    return {resource: Diary(page.busy, page.classes, page.begun) for resource, page in pages.items()}


def _taken(session: Session, start: datetime, end: datetime) -> list[_Occupied]:
    row = TakenTime
    query = select(row.resource_id, row.starts_at, row.ends_at, row.service_id, row.kind, row.id)
    found = session.execute(query.where(row.starts_at < end, row.ends_at > start))
    return [
        _Occupied(resource_id, Span(starts_at, ends_at), service_id, kind is TakenKind.FOREIGN, taken_id)
        for resource_id, starts_at, ends_at, service_id, kind, taken_id in found
    ]


def _held(session: Session, start: datetime, end: datetime, now: datetime, except_call: int | None) -> list[_Occupied]:
    row = SlotHold
    holds = (
        select(row.resource_id, row.starts_at, row.ends_at, row.service_id)
        .join(Call, Call.id == row.call_id)
        .where(row.expires_at > now, Call.ended_at.is_(None), row.starts_at < end, row.ends_at > start)
    )
    if except_call is not None:
        holds = holds.where(row.call_id != except_call)
    return [
        _Occupied(resource_id, Span(starts_at, ends_at), service_id)
        for resource_id, starts_at, ends_at, service_id in session.execute(holds)
    ]


def _own_seat(session: Session, appointment_id: int | None) -> tuple[int | None, bool]:
    """What an appointment occupies, and whether nobody else does."""
    if appointment_id is None:
        return None, False
    taken_id = session.scalars(select(Appointment.taken_id).where(Appointment.id == appointment_id)).one_or_none()
    return taken_id, taken_id is not None and _count(session, taken_id) == 1


def _count(session: Session, taken_id: int) -> int:
    return session.scalar(select(func.count(Appointment.id)).where(Appointment.taken_id == taken_id)) or 0


def _add_classes(
    session: Session,
    pages: defaultdict[int, _Page],
    need: Need,
    taken: Iterable[_Occupied],
    held: Iterable[_Occupied],
    own: int | None,
) -> None:
    """Classes of the service, those too that only holds have begun; a hold is a seat."""
    service_id = need.service_id or 0
    holds = Counter((each.resource_id, each.span) for each in held if each.service_id == service_id)
    of_service = {each.taken_id: each for each in taken if each.service_id == service_id}
    told = select(
        Appointment.taken_id, func.min(Appointment.starts_at), func.min(Appointment.ends_at), func.count(Appointment.id)
    ).where(Appointment.taken_id.in_(of_service))
    for taken_id, starts_at, ends_at, seats in session.execute(told.group_by(Appointment.taken_id)):
        each = of_service[taken_id]
        gone = seats + holds.pop((each.resource_id, each.span), 0) - (taken_id == own)
        pages[each.resource_id].classes.append(ClassTime(service_id, Span(starts_at, ends_at), each.span, gone))
    for (resource_id, span), seats in holds.items():
        begins = Span(span.start + need.before, span.end - need.after)
        pages[resource_id].classes.append(ClassTime(service_id, begins, span, seats))


def first_resource(session: Session) -> int:
    """Whose the calendar is where nobody is named."""
    query = select(Resource.id).order_by(Resource.active.desc(), Resource.position, Resource.id)
    return session.scalars(query.limit(1)).one()


def occupy(session: Session, appointment: Appointment, place: Place) -> None:
    """Seat an appointment that has no seat, and write it. Raises IntegrityError where somebody else was first."""
    taken_id, seat = _seat(session, place)
    _sit(session, appointment, place, taken_id, seat)


def move_to(session: Session, appointment: Appointment, place: Place) -> None:
    """Give a seated appointment another place, and write it. Raises IntegrityError where somebody else was first."""
    own = appointment.taken_id
    if own is not None and _count(session, own) == 1 and _class_at(session, place) is None:
        values = {"resource_id": place.resource_id, "service_id": place.service_id, **_times(place)}
        SessionRows(session).update(TakenTime, own, values)
        _sit(session, appointment, place, own, 1)
    elif own is None or _class_at(session, place) != own:
        _sit(session, appointment, place, *_seat(session, place))


def _sit(session: Session, appointment: Appointment, place: Place, taken_id: int, seat: int) -> None:
    appointment.resource_id, appointment.service_id = place.resource_id, place.service_id
    appointment.starts_at, appointment.ends_at = place.told
    appointment.taken_id, appointment.seat, appointment.capacity = taken_id, seat, place.seats
    session.add(appointment)
    session.flush()


def _seat(session: Session, place: Place) -> tuple[int, int]:
    """The taken time and the seat in it: of the class that others have begun, or of one that begins here."""
    known = _class_at(session, place)
    if known is None:
        values = {"service_id": place.service_id, "kind": TakenKind.APPOINTMENT, **_times(place)}
        return SessionRows(session).insert(TakenTime, {"resource_id": place.resource_id, **values}), 1
    gone = set(session.scalars(select(Appointment.seat).where(Appointment.taken_id == known)))
    return known, next(seat for seat in range(1, len(gone) + 2) if seat not in gone)


def _class_at(session: Session, place: Place) -> int | None:
    """The taken time of a class with the same service, resource and start."""
    if place.seats == 1:
        return None
    query = (
        select(TakenTime.id)
        .join(Appointment, Appointment.taken_id == TakenTime.id)
        .where(
            TakenTime.resource_id == place.resource_id,
            TakenTime.service_id == place.service_id,
            Appointment.starts_at == place.told.start,
        )
    )
    return session.scalars(query.limit(1)).one_or_none()


def _times(place: Place) -> dict[str, datetime]:
    return {"starts_at": place.taken.start, "ends_at": place.taken.end}


def block_foreign(session: Session, resource_id: int, spans: Iterable[Span]) -> None:
    """Events of other calendars occupy a resource: all of them, joined, as far as no appointment is there already (K5).

    To be called with all of the resource's events whenever one of them, or an appointment of the resource, has changed:
    what an appointment hid is taken again once it is gone.
    """
    rows, spans = SessionRows(session), list(spans)
    query = select(TakenTime.id, TakenTime.starts_at, TakenTime.ends_at, TakenTime.kind)
    # Of years of appointments only those that an event could meet.
    first = min((each.start for each in spans), default=None)
    near = TakenTime.kind == TakenKind.FOREIGN if first is None else TakenTime.ends_at > first
    mine = or_(near, TakenTime.kind == TakenKind.FOREIGN)
    there = session.execute(query.where(TakenTime.resource_id == resource_id, mine)).all()
    booked = [Span(row.starts_at, row.ends_at) for row in there if row.kind is TakenKind.APPOINTMENT]
    wanted = set(without(spans, booked))
    foreign = {Span(row.starts_at, row.ends_at): row.id for row in there if row.kind is TakenKind.FOREIGN}
    gone = [taken_id for span, taken_id in foreign.items() if span not in wanted]
    if gone:
        session.execute(delete(TakenTime).where(TakenTime.id.in_(gone)))
    for span in sorted(wanted - foreign.keys()):
        values = {"starts_at": span.start, "ends_at": span.end, "kind": TakenKind.FOREIGN, "service_id": None}
        rows.insert(TakenTime, {"resource_id": resource_id, **values})
