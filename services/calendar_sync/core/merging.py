"""Which side is right: what to do about an appointment and its event in somebody's calendar. Pure.

Both sides change without asking, answers get lost, readings are late. So nothing here looks at who said what first:
there is the state that both agreed on last, the appointment as it is now, and the event as it was last seen. Who
differs from what was agreed on has changed. If one has, the other follows; if both have, the appointment that a caller
was told stays, and the owner is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from services.calendar_sync.core.events import ForeignEvent, Span, Version

NEVER = -1


class Act(StrEnum):
    """NOTHING: both are as they should be, and that is written down. AGREE: both are, and it has to be written down.
    FOLLOW: our appointment becomes what the event is. WRITE: the event becomes what our appointment is."""

    NOTHING = "nothing"
    AGREE = "agree"
    FOLLOW = "follow"
    WRITE = "write"


class Unseen(Enum):
    """What is known of an event that was not shown. NOT_READ: nobody looked. DELETED: the calendar says so.
    MISSING: it is not there, and nothing says that anybody deleted it."""

    NOT_READ = "not_read"
    DELETED = "deleted"
    MISSING = "missing"


Seen = ForeignEvent | Unseen


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides were last. etag: the event's then; "" when it was not there. arrived: the sequence of the newest
    state of ours that is known to have stood in the event."""

    version: Version
    etag: str = ""
    arrived: int = NEVER


@dataclass(frozen=True, slots=True)
class Decision:
    """span: what both will be, None for "not there". etag: the version of the event that this is about, "" for none.
    conflict: both had changed, or the event was lost: the owner is told."""

    act: Act
    span: Span | None = None
    etag: str = ""
    conflict: bool = False


def decide(ours: Version, seen: Seen, agreed: Agreed | None, now: datetime) -> Decision:
    """What to do about one appointment in one calendar.

    ours: the appointment as it is now; its span is None when it is cancelled, or another person's by now.
    """
    if ours.span is not None and ours.span.end <= now:
        return Decision(Act.NOTHING)  # what is over is nobody's to change any more: calendars are tidied up
    base = _base(seen, agreed)
    theirs, etag = _theirs(seen, agreed)
    we_changed = base is None or ours.sequence > base.sequence or ours.span != base.span
    if seen is Unseen.MISSING and ours.span is not None:
        return Decision(Act.WRITE, ours.span, conflict=base is not None and base.span is not None)
    they_changed = theirs != base.span if base is not None else seen not in (Unseen.NOT_READ, Unseen.MISSING)
    if they_changed and not we_changed:
        return Decision(Act.FOLLOW, theirs, etag)
    both_gone = theirs is None and ours.span is None
    if not we_changed or both_gone or _is_written(ours, seen):
        known = agreed_on(Version(ours.sequence, ours.span), etag, seen, agreed)
        return Decision(Act.NOTHING if agreed == known else Act.AGREE, ours.span, etag)
    return Decision(Act.WRITE, ours.span, etag, conflict=they_changed and theirs != ours.span)


def cannot_follow(ours: Version, decision: Decision) -> Decision:
    """What to do instead of FOLLOW when the time is taken, or none that an appointment can have."""
    return Decision(Act.WRITE, ours.span, decision.etag, conflict=True)


def agreed_on(version: Version, etag: str, seen: Seen, before: Agreed | None) -> Agreed:
    """What is written down when both sides are `version`. seen: the event as it was looked at."""
    written = _written(seen)
    known = NEVER if before is None else before.arrived
    return Agreed(version, etag, known if written is None else max(known, written.sequence))


def agreed_by_writing(version: Version, etag: str, before: Agreed | None) -> Agreed:
    """What is written down when the calendar has confirmed `version`."""
    known = NEVER if before is None else before.arrived
    return Agreed(version, etag, known if version.span is None else max(known, version.sequence))


def _base(seen: Seen, agreed: Agreed | None) -> Version | None:
    """What was agreed on last. A state of ours that stands in the event and that we never heard of again has arrived
    late, or its answer was lost: then that one. None: nothing is known to have stood there, and something does."""
    written = _written(seen)
    if agreed is None or (written is not None and written.sequence > agreed.arrived):
        return written
    is_alive = isinstance(seen, ForeignEvent) and not seen.cancelled
    return None if is_alive and agreed.arrived == NEVER else agreed.version


def _written(seen: Seen) -> Version | None:
    return seen.mark.written if isinstance(seen, ForeignEvent) and seen.mark is not None else None


def _theirs(seen: Seen, agreed: Agreed | None) -> tuple[Span | None, str]:
    """The time of the event, as far as we know it, and the version of the event that says so."""
    if isinstance(seen, ForeignEvent):
        return (None if seen.cancelled else seen.span), seen.etag
    if seen is Unseen.NOT_READ and agreed is not None:
        return agreed.version.span, agreed.etag
    return None, ""


def _is_written(ours: Version, seen: Seen) -> bool:
    """Whether this very state of ours stands in the event: the answer to our writing was lost."""
    return isinstance(seen, ForeignEvent) and not seen.cancelled and _written(seen) == ours and seen.span == ours.span
