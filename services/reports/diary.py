"""What the calendar's pages show besides appointments: what is taken, and the colours of services and people (K7).

Every function runs in a read transaction bound to one business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.db.models import BusinessSettings, Resource, Service, TakenTime

# For who has chosen none: by position, neighbours far apart.
PALETTE = (
    "#17807a", "#3b6fd4", "#c77d0a", "#b8437f", "#7a55c7",
    "#4c8a2b", "#c8483a", "#1590b5", "#8a6239", "#5d6b82",
)  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Colours:
    """By id, of every service and every resource; each "#rrggbb"."""

    services: Mapping[int, str]
    resources: Mapping[int, str]
    # For the next service that is added.
    next_service: str = PALETTE[0]


def is_colour(text: str) -> bool:
    return _COLOUR.fullmatch(text) is not None


def colours_of(session: Session) -> Colours:
    """As chosen, else by position."""
    services = session.execute(select(Service.id, Service.colour).order_by(Service.position, Service.id))
    resources = session.execute(select(Resource.id, Resource.colour).order_by(Resource.position, Resource.id))
    by_service = _chosen([(row.id, row.colour) for row in services])
    by_resource = _chosen([(row.id, row.colour) for row in resources])
    return Colours(by_service, by_resource, PALETTE[len(by_service) % len(PALETTE)])


def _chosen(rows: Sequence[tuple[int, str]]) -> dict[int, str]:
    return {
        row_id: colour.lower() if is_colour(colour) else PALETTE[at % len(PALETTE)]
        for at, (row_id, colour) in enumerate(rows)
    }


def taken_between(session: Session, start: datetime, end: datetime) -> Sequence[TakenTime]:
    """What of [start, end) is taken, by appointments with the time around them and by other calendars, in order."""
    query = select(TakenTime).where(TakenTime.starts_at < end, TakenTime.ends_at > start)
    return session.scalars(query.order_by(TakenTime.starts_at, TakenTime.id)).all()


def tells_customers(session: Session) -> bool:
    """Whether the business sends its customers word of their appointments."""
    settings = session.scalars(select(BusinessSettings)).one()
    return settings.sms_confirmation and settings.may_send_sms
