"""Whether a dialogue came out as its author demands: rows, TwiML and [SERVER] facts in, complaints out. Pure.

Nothing here looks at how anything was worded. What the author left out is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import permutations
from typing import Literal

from bench.conversations.dialogue import Booked, Dialogue, Expect, LeadWanted, Moved, moment
from bench.conversations.facts import Ask, Fact
from bench.conversations.names import same_name

State = Literal["open", "ended", "transferred", "message", "turned away"]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ASKED = {"date": {Ask.WHEN, Ask.PICK}, "name": {Ask.NAME}, "phone": {Ask.PHONE, Ask.OWN_NUMBER}}
_ASKED |= {"service": {Ask.SERVICE}, "person": {Ask.PERSON}}


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """`start`: wall clock of the business. `stands`: booked or done; else it is cancelled."""

    id: int
    start: datetime
    stands: bool
    name: str = ""
    service: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """What the call's lead holds; `more` is everything but name and number."""

    name: str = ""
    phone: str = ""
    more: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.phone or self.more)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call left behind. `own` and `taken` are the appointments before it, of the customer and of other people;
    `after` all of the business's when it was wrapped up."""

    state: State
    turns_said: int
    facts: Sequence[Fact] = ()
    own: Sequence[AppointmentRow] = ()
    taken: Sequence[AppointmentRow] = ()
    after: Sequence[AppointmentRow] = ()
    leads: Sequence[LeadRow] = ()
    recorded: bool = False
    """A spoken message was recorded."""


@dataclass(slots=True)
class _Changes:
    """What the call did to the calendar."""

    booked: list[AppointmentRow]
    moved: list[tuple[datetime, AppointmentRow]]
    cancelled: list[AppointmentRow]
    undone: list[AppointmentRow]  # booked and cancelled again in this call


def judge(dialogue: Dialogue, outcome: Outcome) -> list[str]:
    """Everything that is not as the author demands, [] when all is."""
    expect = dialogue.expect
    return [
        *_call(dialogue, outcome),
        *_calendar(expect, outcome),
        *_lead(expect.lead, outcome),
        *_asked(expect, outcome.facts),
        *_offered(expect, outcome.facts),
        *_told(expect, outcome.facts),
    ]


# -- the line --------------------------------------------------------------------------------------------------------


def _call(dialogue: Dialogue, outcome: Outcome) -> Iterator[str]:
    """A transfer before the last turn is too early, unless a transfer is the dialogue's point; an end always is."""
    expected, turns = dialogue.expect.call, len(dialogue.turn)
    if outcome.turns_said < turns and not (outcome.state == expected and expected in ("transferred", "message")):
        yield f"{outcome.state} before turn {outcome.turns_said + 1} of {turns}"
    elif expected is not None and outcome.state != expected:
        yield f"the call is {outcome.state}, not {expected}"


# -- the calendar ----------------------------------------------------------------------------------------------------


def _calendar(expect: Expect, outcome: Outcome) -> Iterator[str]:
    after = {row.id: row for row in outcome.after}
    for row in outcome.taken:
        if after.get(row.id) is None or not after[row.id].stands or after[row.id].start != row.start:
            yield f"somebody else's appointment of {_words(row.start)} was changed"
    changes = _changes(expect, outcome)
    if expect.booked is not None:
        yield from _booked(expect.booked, changes.booked)
    if expect.moved is not None:
        wanted = sorted((moment(one.from_), moment(one.to)) for one in expect.moved)
        made = sorted((old, row.start) for old, row in changes.moved)
        if wanted != made:
            yield f"moved {_moves(made)} instead of {_moves(wanted)}"
        yield from _about_moved(expect.moved, changes.moved)
    if expect.cancelled is not None:
        times = sorted(moment(one.at) for one in expect.cancelled)
        rows = [*changes.cancelled, *(row for row in changes.undone if row.start in times)]
        found = sorted(row.start for row in rows)
        if times != found:
            yield f"cancelled {_times(found)} instead of {_times(times)}"
        for one in expect.cancelled:
            of_time = [row for row in rows if row.start == moment(one.at)]
            if of_time and not any(one.fits_about(row.service, row.who) for row in of_time):
                yield f"cancelled {_about(of_time[0])} instead of {one.about()}"


def _about_moved(wanted: Sequence[Moved], made: Sequence[tuple[datetime, AppointmentRow]]) -> Iterator[str]:
    for one in wanted:
        rows = [row for old, row in made if old == moment(one.from_)]
        if rows and not any(one.fits_about(row.service, row.who) for row in rows):
            yield f"moved to {_about(rows[0])} instead of {one.about()}"


def _changes(expect: Expect, outcome: Outcome) -> _Changes:
    """A cancelled appointment and a new one are a move where the author demands that move."""
    after = {row.id: row for row in outcome.after}
    known = {row.id for row in (*outcome.own, *outcome.taken)}
    new = [row for row in outcome.after if row.id not in known]
    changes = _Changes([row for row in new if row.stands], [], [], [row for row in new if not row.stands])
    for row in outcome.own:
        now = after.get(row.id)
        if now is None or not now.stands:
            changes.cancelled.append(row)
        elif (now.start, now.who) != (row.start, row.who):
            changes.moved.append((row.start, now))
    for move in expect.moved or ():
        old, to = moment(move.from_), moment(move.to)
        instead = next((row for row in changes.booked if row.start == to), None)
        gone = next((row for row in changes.cancelled if row.start == old), None)
        if gone is not None and instead is not None:
            changes.cancelled.remove(gone)
            changes.booked.remove(instead)
            changes.moved.append((old, instead))
    return changes


def _booked(wanted: Sequence[Booked], found: Sequence[AppointmentRow]) -> Iterator[str]:
    if len(wanted) == len(found) and any(
        all(_fits(one, row) for one, row in zip(wanted, order, strict=True)) for order in permutations(found)
    ):
        return
    names = ", ".join(f"{_words(row.start)} ({row.name}){_about(row)}" for row in found) or "nothing"
    yield f"booked {names} instead of {', '.join(one.words() for one in wanted) or 'nothing'}"


def _fits(wanted: Booked, row: AppointmentRow) -> bool:
    is_named = wanted.name is None or same_name(wanted.name, row.name)
    return wanted.fits(row.start) and is_named and wanted.fits_about(row.service, row.who)


# -- what was collected ----------------------------------------------------------------------------------------------


def _lead(wanted: bool | LeadWanted | None, outcome: Outcome) -> Iterator[str]:
    leads = [lead for lead in outcome.leads if not lead.is_empty]
    if wanted is None:
        return
    if wanted is False:
        if leads or outcome.recorded:
            yield f"details were recorded: {_leads(leads)}"
    elif wanted is True:
        if not leads and not outcome.recorded:
            yield "no lead or message was recorded"
    elif not any(
        (wanted.name is None or same_name(wanted.name, lead.name)) and wanted.phone in (None, lead.phone)
        for lead in leads
    ):
        demanded = ", ".join(part for part in (wanted.name, wanted.phone) if part)
        yield f"recorded {_leads(leads)} instead of a lead with {demanded}"


# -- what the caller was told ----------------------------------------------------------------------------------------


def _asked(expect: Expect, facts: Sequence[Fact]) -> Iterator[str]:
    for what in expect.never_asked:
        asking = next((fact for fact in facts if fact.ask in _ASKED[what]), None)
        if asking is not None:
            yield f"was asked for the {what} ({asking.kind})"


def _offered(expect: Expect, facts: Sequence[Fact]) -> Iterator[str]:
    for form in expect.never_offered:
        wrong = [start for fact in facts for start in fact.offered if _matches(form, start)]
        if wrong:
            yield f"was offered {_times(wrong[:3])}, which is {form!r}"


def _matches(form: str, start: datetime) -> bool:
    kind, _, value = form.partition(" ")
    if kind == "before":
        return start.time() < time.fromisoformat(value)
    if kind == "after":
        return start.time() > time.fromisoformat(value)
    if kind == "weekday":
        return _WEEKDAYS[start.weekday()] == value
    return start.date() == date.fromisoformat(value)


def _told(expect: Expect, facts: Sequence[Fact]) -> Iterator[str]:
    told = {start for fact in facts for start in fact.moments}
    for text in expect.said_times:
        if moment(text) not in told:
            yield f"was never told of {text}"
    for name in expect.said_names:
        if not any(fact.names(name) for fact in facts):
            yield f"was never told of {name}"
    for text in expect.not_told:
        if moment(text) in told:
            yield f"was told of {text}"


# -- in words --------------------------------------------------------------------------------------------------------


def _words(start: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M}"


def _about(row: AppointmentRow) -> str:
    about = ", ".join(filter(None, (row.service, row.who)))
    return f" {about}" if about else ""


def _times(starts: Sequence[datetime]) -> str:
    return ", ".join(_words(start) for start in starts) or "nothing"


def _moves(moves: Sequence[tuple[datetime, datetime]]) -> str:
    return ", ".join(f"{_words(old)} to {_words(new)}" for old, new in moves) or "nothing"


def _leads(leads: Sequence[LeadRow]) -> str:
    return "; ".join(f"{lead.name or '–'}, {lead.phone or '–'}" for lead in leads) or "nothing"
