"""May a time be had, what is near it, and the slots held for callers who are still being asked (A3, K3).

Every function runs in the transaction of the calling code; the session serves the business. Instants are aware
datetimes; a naive start is a wall-clock time of the business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.accounts.businesses import policy_of
from services.accounts.catalogue import catalogue_of
from services.appointments.taken import diaries_between
from services.business_policy import Policy, SlotVerdict
from services.calls.events import add_call_event
from services.calls.kinds import CallEventKind
from services.calls.lifecycle import bind_by_call
from services.db.models import Business, BusinessSettings, Call, SlotHold
from services.db.tenancy import SessionRows
from services.policy.catalogue import ANYTHING, Catalogue, Plan, Want
from services.policy.openings import Opening, judge, nearest_openings, search_span

HOLD = timedelta(minutes=3)
# The longest appointment the policy allows, so that a neighbour reaching into the slot is always looked at.
_REACH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SlotCheck:
    """A verdict and, when it refuses, up to three bookable times nearest to the one asked for, with whoever is free."""

    verdict: SlotVerdict
    alternatives: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldResult:
    """until: when the hold expires; None when the slot was refused."""

    verdict: SlotVerdict
    until: datetime | None = None


def check_slot(
    session: Session,
    *,
    call_id: int,
    start: datetime,
    now: datetime,
    want: Want = ANYTHING,
    duration_min: int | None = None,
) -> SlotCheck:
    """Whether this call could book the slot now. Changes nothing. Raises UnknownCall."""
    bind_by_call(session, call_id)
    catalogue = catalogue_of(session)
    plan = catalogue.plan(want, duration_min)
    verdict = verdict_on(session, plan, start, now, except_call=call_id)
    if verdict.ok:
        return SlotCheck(verdict)
    wide = widened(catalogue, want, duration_min)
    return SlotCheck(verdict, tuple(nearest_free(session, wide, start, now, except_call=call_id)))


def verdict_on(
    session: Session,
    plan: Plan,
    start: datetime,
    now: datetime,
    *,
    except_call: int | None = None,
    except_appointment: int | None = None,
) -> SlotVerdict:
    """The verdict on one start with everything looked at that is taken around it."""
    diaries = diaries_between(
        session, *around(start), now, plan.need, except_call=except_call, except_appointment=except_appointment
    )
    return judge(plan, start, now, diaries)


def widened(catalogue: Catalogue, want: Want, duration_min: int | None = None) -> Plan:
    """For alternatives: with whoever is free, the wished one first."""
    return replace(catalogue.plan(Want(want.service_id), duration_min), prefer=want.resource_id)


def nearest_free(
    session: Session, plan: Plan, wanted: datetime, now: datetime, *, except_call: int | None = None
) -> list[Opening]:
    """Bookable times nearest to `wanted`, with everything looked at that is taken where they may be."""
    span = search_span(plan.policy, wanted, now)
    return nearest_openings(plan, wanted, now, diaries_between(session, *span, now, plan.need, except_call=except_call))


def hold_slot(
    session: Session,
    *,
    call_id: int,
    start: datetime,
    now: datetime,
    want: Want = ANYTHING,
    duration_min: int | None = None,
) -> HoldResult:
    """Keep a free slot for this call for HOLD; a call holds one slot at a time. Raises UnknownCall."""
    bind_by_call(session, call_id)
    rows = lock_calendar(session)
    plan = catalogue_of(session).plan(want, duration_min)
    verdict = verdict_on(session, replace(plan, prefer=held_with(session, call_id)), start, now, except_call=call_id)
    if not verdict.ok or verdict.taken is None:
        if verdict.rule == "busy":
            _note_turned_away(rows, session, call_id, start, want, now)
        return HoldResult(verdict)
    session.execute(delete(SlotHold).where(SlotHold.expires_at <= now))
    values = {
        "call_id": call_id,
        "resource_id": verdict.resource,
        "service_id": want.service_id,
        "starts_at": verdict.taken.start,
        "ends_at": verdict.taken.end,
        "expires_at": now + HOLD,
    }
    rows.upsert(SlotHold, values, key=["call_id"])
    return HoldResult(verdict, now + HOLD)


def _note_turned_away(
    rows: SessionRows, session: Session, call_id: int, start: datetime, want: Want, now: datetime
) -> None:
    """For the owner's plot of what callers wanted and nobody had free (services/reports/busy.py)."""
    began = session.scalars(select(Call.started_at).where(Call.id == call_id)).one()
    at_ms = max(0, (now - began) // timedelta(milliseconds=1))
    detail = {"start": f"{start:%Y-%m-%dT%H:%M}", "service": want.service_id, "person": want.resource_id}
    add_call_event(rows, call_id, kind=CallEventKind.TURNED_AWAY, at_ms=at_ms, now=now, detail=detail)


def held_with(session: Session, call_id: int) -> int | None:
    """With whom this call holds a time: who was named to the caller is who it will be."""
    return session.scalars(select(SlotHold.resource_id).where(SlotHold.call_id == call_id)).one_or_none()


def release_hold(session: Session, call_id: int) -> None:
    """Give back what this call holds. Raises UnknownCall."""
    bind_by_call(session, call_id)
    session.execute(delete(SlotHold).where(SlotHold.call_id == call_id))


def lock_calendar(session: Session) -> SessionRows:
    """Queue behind everyone who is changing this business's calendar, until the transaction ends."""
    session.scalars(select(Business.id).with_for_update(key_share=True)).one()
    return SessionRows(session)


def policy_of_session(session: Session) -> Policy:
    return policy_of(session.scalars(select(BusinessSettings)).one())


def around(start: datetime) -> tuple[datetime, datetime]:
    """A span wide enough to hold every neighbour of a slot, whatever zone a naive start is in."""
    middle = start.replace(tzinfo=UTC) if start.tzinfo is None else start
    return middle - _REACH, middle + _REACH
