"""What goes out of a business, as its pages list it. Runs in a read transaction bound to one business."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from services.accounts.links import LinkKind
from services.db.models import OutboxKind, OutboxMessage, OutboxStatus
from services.reports.people import PAGE_ROWS, Page

# That somebody asked for a new password is no matter of the business which the mail goes out from.
_SHOWN = not_(OutboxMessage.key.startswith(f"{OutboxKind.EMAIL}:{LinkKind.RESET}:"))


def outbox_page(session: Session, status: OutboxStatus | None, number: int) -> Page[OutboxMessage]:
    """Messages, newest first; all states, or one."""
    query = select(OutboxMessage).where(_SHOWN).order_by(OutboxMessage.id.desc())
    if status is not None:
        query = query.where(OutboxMessage.status == status)
    rows = session.scalars(query.offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    return Page(rows[:PAGE_ROWS], number, len(rows) > PAGE_ROWS)


def outbox_counts(session: Session) -> Mapping[OutboxStatus, int]:
    """How many messages are in each state; a state with none is missing."""
    query = select(OutboxMessage.status, func.count()).where(_SHOWN).group_by(OutboxMessage.status)
    return {row[0]: row[1] for row in session.execute(query)}


def outbox_message(session: Session, message_id: int) -> OutboxMessage | None:
    """One of the messages that the pages show."""
    return session.scalars(select(OutboxMessage).where(_SHOWN, OutboxMessage.id == message_id)).one_or_none()
