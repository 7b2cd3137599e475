"""Writing down what a person does in the pages: in the transaction that does it, with who asked and from where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import g, request
from flask_login import current_user
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.admin.auth.security import client_address
from services.audit.trail import Act, record, was_recorded
from services.db.models import AuditKind, Base

# A player asks for a recording in many pieces: that is heard once.
_SAME_LISTENING = timedelta(minutes=30)
_LONGEST_VALUE = 200


def note(
    s: Session,
    kind: AuditKind,
    subject: object = "",
    *,
    who: tuple[int | None, str] | None = None,
    business_id: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Record an act of this request. who: (id, address) where nobody is logged in; the business is the page's."""
    user_id, actor = who or (current_user.id, current_user.email)
    place = g.here.business_id if "here" in g else None
    record(
        s,
        Act(
            kind,
            datetime.now(UTC),
            actor,
            user_id,
            business_id=place if business_id is None else business_id,
            subject=str(subject),
            detail=detail or {},
            client_address=client_address(),
        ),
    )


def note_listening(s: Session, call_id: int) -> None:
    """Record that a call's recording is heard, once for the pieces a player asks for."""
    since, subject = datetime.now(UTC) - _SAME_LISTENING, str(call_id)
    kind = AuditKind.RECORDING_HEARD
    if not was_recorded(s, kind=kind, user_id=current_user.id, subject=subject, since=since):
        note(s, kind, call_id)


def note_export(s: Session, file: str) -> None:
    """Record that a file is taken away, with the filter; what was searched for may be a caller's number: it is not."""
    asked = {key: "…" if key == "q" else value for key, value in request.args.items() if value}
    note(s, AuditKind.EXPORTED, file, detail=asked)


def changes_of(row: Base) -> dict[str, object]:
    """What is about to be written of a row: column → [before, after]; secrets and sound only as "changed"."""
    found: dict[str, object] = {}
    for attribute in inspect(row).attrs:
        history = attribute.history
        if not history.has_changes() or attribute.key not in row.__table__.columns:
            continue
        before, after = (next(iter(values or ()), None) for values in (history.deleted, history.added))
        if before != after:
            found[attribute.key] = _shown(attribute.key, before, after)
    return found


def _shown(name: str, before: object, after: object) -> object:
    if name.endswith(("_secret", "_clip")):
        return "changed"
    return [_short(before), _short(after)]


def _short(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
