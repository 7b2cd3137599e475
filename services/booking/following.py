"""The appointment that follows the one that is booked: what for, with whom, and when (K4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.booking.choice import bookable_with
from services.booking.draft import Draft
from services.booking.openings import Openings
from services.booking.reading import Reading
from services.booking.slot import Slot
from services.policy.catalogue import Catalogue, Want
from services.tools_calendar import Booking


def next_choice(draft: Draft, catalogue: Catalogue) -> Want:
    """As it was said with the first one; for somebody else the same service where none was named."""
    service, *persons = draft.following[0] if draft.following else [0]
    if not service and persons:
        given = bookable_with(catalogue, persons)
        service = given[0].id if len(given) == 1 else draft.booked_service
    return Want(service or draft.booked_service or None, among=tuple(persons))


def choose_next(draft: Draft, reading: Reading, catalogue: Catalogue, *, as_before: bool) -> None:
    """The next appointment's service and person: as said now, as said before, or, for somebody else, as the one there
    is."""
    choice = next_choice(draft, catalogue) if draft.following or as_before else Want()
    draft.following = draft.following[1:]
    if "person" not in reading.parsed.news:
        draft.anybody()
        draft.persons = list(choice.among)
    if "service" not in reading.parsed.news:
        draft.no_service()
        draft.service_id = choice.service_id or 0


def next_times(
    session: Session, draft: Draft, openings: Openings, choice: Want, booking: Booking, now: datetime
) -> list[Slot]:
    """Times for it: the same hour or right after where that is possible, else a few from then on."""
    start, end = (each.replace(tzinfo=None) for each in (booking.start, booking.end))
    target = start if draft.next_when == "same" else end
    of_day = openings.free(session, draft.limits, now, day=target.date(), want=choice)
    later = [slot for slot in of_day if slot.start.replace(tzinfo=None) >= target]
    found = later or openings.nearest(session, draft.limits, target, now, choice)
    if found and found[0].start.replace(tzinfo=None) == target:
        draft.next_start, draft.next_with = target.isoformat(), found[0].with_id
        return found[:1]
    return found[:3]
