"""Who is right when an appointment and its event differ: case by case, and under any interleaving of edits on both
sides with requests that arrive late, twice or without an answer (K5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.calendar_sync.core.events import ForeignEvent, Mark, Span, Version
from services.calendar_sync.core.merging import (
    Act,
    Agreed,
    Decision,
    Unseen,
    agreed_by_writing,
    agreed_on,
    cannot_follow,
    decide,
)

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
ID = "acal1"


def hour(n: int) -> Span:
    start = datetime(2027, 3, 2, 9, 0, tzinfo=UTC) + timedelta(hours=n)
    return Span(start, start + timedelta(minutes=30))


def seen(span: Span, written: Version | None, etag: str = "e1", *, cancelled: bool = False) -> ForeignEvent:
    return ForeignEvent(ID, span, etag, cancelled=cancelled, mark=Mark("u", 1, written))


A, B, C = hour(0), hour(1), hour(2)
AGREED = Agreed(Version(0, A), "e1", 0)


def test_a_new_appointment_is_written() -> None:
    assert decide(Version(0, A), Unseen.NOT_READ, None, NOW) == Decision(Act.WRITE, A)


def test_what_both_have_is_left_alone() -> None:
    assert decide(Version(0, A), seen(A, Version(0, A)), AGREED, NOW).act is Act.NOTHING


def test_an_edit_that_moves_nothing_is_only_noted() -> None:
    decision = decide(Version(0, A), seen(A, Version(0, A), "e2"), AGREED, NOW)
    assert decision == Decision(Act.AGREE, A, "e2")


def test_a_move_in_the_calendar_moves_the_appointment() -> None:
    assert decide(Version(0, A), seen(B, Version(0, A), "e2"), AGREED, NOW) == Decision(Act.FOLLOW, B, "e2")


def test_a_deletion_in_the_calendar_cancels_the_appointment() -> None:
    assert decide(Version(0, A), Unseen.DELETED, AGREED, NOW) == Decision(Act.FOLLOW, None)
    tombstone = seen(A, Version(0, A), "e2", cancelled=True)
    assert decide(Version(0, A), tombstone, AGREED, NOW) == Decision(Act.FOLLOW, None, "e2")


def test_an_undone_deletion_restores_it() -> None:
    gone = Agreed(Version(1, None), "e2", 0)
    assert decide(Version(1, None), seen(A, Version(0, A), "e3"), gone, NOW) == Decision(Act.FOLLOW, A, "e3")


def test_a_move_here_is_written_over_what_was_agreed_on() -> None:
    assert decide(Version(1, B), Unseen.NOT_READ, AGREED, NOW) == Decision(Act.WRITE, B, "e1")


def test_a_cancelled_appointment_takes_its_event_away() -> None:
    assert decide(Version(1, None), Unseen.NOT_READ, AGREED, NOW) == Decision(Act.WRITE, None, "e1")


@pytest.mark.parametrize("theirs", [seen(C, Version(0, A), "e2"), Unseen.DELETED])
def test_where_both_changed_the_callers_appointment_stays_and_the_owner_is_told(theirs: ForeignEvent | Unseen) -> None:
    decision = decide(Version(1, B), theirs, AGREED, NOW)
    assert (decision.act, decision.span, decision.conflict) == (Act.WRITE, B, True)


def test_a_cancelled_appointment_stays_cancelled_although_its_event_was_moved() -> None:
    assert decide(Version(1, None), seen(C, Version(0, A), "e2"), AGREED, NOW) == Decision(
        Act.WRITE, None, "e2", conflict=True
    )


def test_both_moved_to_the_same_time_is_no_conflict() -> None:
    assert not decide(Version(1, B), seen(B, Version(0, A), "e2"), AGREED, NOW).conflict


def test_a_lost_answer_is_found_in_the_event_itself() -> None:
    assert decide(Version(1, B), seen(B, Version(1, B), "e2"), AGREED, NOW) == Decision(Act.AGREE, B, "e2")


def test_a_move_after_a_lost_answer_is_followed_and_no_conflict() -> None:
    assert decide(Version(1, B), seen(C, Version(1, B), "e3"), AGREED, NOW) == Decision(Act.FOLLOW, C, "e3")


def test_an_event_that_arrives_after_its_appointment_was_cancelled_is_taken_away() -> None:
    never_arrived = Agreed(Version(1, None), "")
    late = decide(Version(1, None), seen(A, Version(0, A), "e1"), never_arrived, NOW)
    assert late == Decision(Act.WRITE, None, "e1")


def test_what_is_missing_without_a_deletion_is_written_again_and_told() -> None:
    assert decide(Version(0, A), Unseen.MISSING, AGREED, NOW) == Decision(Act.WRITE, A, conflict=True)
    assert decide(Version(0, A), Unseen.MISSING, None, NOW) == Decision(Act.WRITE, A)
    assert decide(Version(1, None), Unseen.MISSING, AGREED, NOW).act is Act.AGREE


def test_what_is_over_is_left_alone() -> None:
    after = A.end + timedelta(minutes=1)
    for theirs in (Unseen.DELETED, Unseen.MISSING, seen(C, Version(0, A), "e2")):
        assert decide(Version(0, A), theirs, AGREED, after).act is Act.NOTHING


# -- any interleaving -------------------------------------------------------------------------------------------


@dataclass
class Event:
    """As the calendar holds it; span is kept when it is deleted."""

    span: Span
    etag: int
    written: Version | None
    deleted: bool = False


@dataclass
class Request:
    """On its way to the calendar. `answer` is None until it was carried out; "" for a deletion, "412" for a refusal."""

    decision: Decision
    ours: Version
    link_version: int
    answer: str | None = None


@dataclass
class Calendar:
    """One calendar with one event of ours in it: what Google does with ids, ETags and deletions."""

    event: Event | None = None
    etags: int = 0

    def carry_out(self, request: Request) -> str:
        decision, event = request.decision, self.event
        if decision.span is None:
            if event is None or event.deleted:
                return ""
            if decision.etag and decision.etag != str(event.etag):
                return "412"
            event.deleted, event.etag = True, self.next()
            return ""
        if not decision.etag:
            if event is not None:
                return "412"  # 409: an event with this id is there, or was
        elif event is None or decision.etag != str(event.etag):
            return "412"
        self.event = Event(decision.span, self.next(), request.ours)
        return str(self.event.etag)

    def next(self) -> int:
        self.etags += 1
        return self.etags

    def look(self) -> ForeignEvent | Unseen:
        event = self.event
        if event is None:
            return Unseen.MISSING
        return ForeignEvent(ID, event.span, str(event.etag), cancelled=event.deleted, mark=Mark("u", 1, event.written))


@dataclass
class Ours:
    version: Version
    agreed: Agreed | None = None
    link_version: int = 0
    told: int = 0
    refuses: set[Span] = field(default_factory=set)


SPANS = st.integers(0, 5).map(hour)


class Interleaving(RuleBasedStateMachine):
    """An appointment, its event, and everything that can happen between them in any order."""

    @initialize(span=SPANS)
    def begin(self, span: Span) -> None:
        self.ours = Ours(Version(0, span))
        self.calendar = Calendar()
        self.requests: list[Request] = []
        self.readings: list[tuple[int, ForeignEvent | Unseen]] = []
        self.chosen: list[Span | None] = [span]  # values that either side ever had
        # As nobody but the test can know it: who has changed since both last had the same.
        self.edited_here, self.edited_there = True, False
        self.same: Span | None = None
        self.mark_was_dropped = False

    # our side

    @rule(span=SPANS)
    def we_move(self, span: Span) -> None:
        self.we_change(span)

    @rule()
    def we_cancel(self) -> None:
        self.we_change(None)

    def we_change(self, span: Span | None) -> None:
        if span != self.ours.version.span:
            self.ours.version = Version(self.ours.version.sequence + 1, span)
            self.chosen.append(span)
            self.edited_here = True

    @rule(span=SPANS)
    def a_time_is_taken_by_somebody_else(self, span: Span) -> None:
        if self.ours.version.span != span:
            self.ours.refuses ^= {span}

    # their side

    @precondition(lambda self: self.calendar.event is not None)
    @rule(span=SPANS, drops_the_mark=st.booleans())
    def they_move(self, span: Span, drops_the_mark: bool) -> None:
        event = self.calendar.event
        assert event is not None
        written = None if drops_the_mark else event.written
        self.calendar.event = Event(span, self.calendar.next(), written)
        self.mark_was_dropped |= drops_the_mark
        self.they_changed()

    @precondition(lambda self: self.calendar.event is not None and not self.calendar.event.deleted)
    @rule()
    def they_delete(self) -> None:
        event = self.calendar.event
        assert event is not None
        self.calendar.event = replace(event, deleted=True, etag=self.calendar.next())
        self.they_changed()

    def they_changed(self) -> None:
        self.chosen.append(self.theirs())
        self.edited_there = self.theirs() != self.same

    @precondition(lambda self: self.calendar.event is not None)
    @rule()
    def they_change_a_word(self) -> None:
        assert self.calendar.event is not None
        self.calendar.event = replace(self.calendar.event, etag=self.calendar.next())

    # between

    @rule()
    def a_writer_begins(self) -> None:
        decision = decide(self.ours.version, Unseen.NOT_READ, self.ours.agreed, NOW)
        self.act_on(decision, Unseen.NOT_READ)

    @precondition(lambda self: any(each.answer is None for each in self.requests))
    @rule(data=st.data())
    def a_request_arrives(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from([each for each in self.requests if each.answer is None]))
        self.carry_out(request)

    def carry_out(self, request: Request) -> None:
        request.answer = self.calendar.carry_out(request)
        if request.answer != "412":
            self.same, self.edited_there = request.decision.span, False
            self.edited_here = request.ours != self.ours.version  # it may come late

    @precondition(lambda self: any(each.answer is not None for each in self.requests))
    @rule(data=st.data(), lost=st.booleans())
    def an_answer_comes_back_or_is_lost(self, data: st.DataObject, lost: bool) -> None:
        request = data.draw(st.sampled_from([each for each in self.requests if each.answer is not None]))
        self.requests.remove(request)
        if not lost:
            self.take_answer(request)

    @rule()
    def somebody_reads(self) -> None:
        self.readings.append((self.ours.link_version, self.calendar.look()))

    @precondition(lambda self: self.readings)
    @rule(data=st.data(), again=st.booleans())
    def a_reading_comes_in(self, data: st.DataObject, again: bool) -> None:
        reading = data.draw(st.sampled_from(self.readings))
        if not again:
            self.readings.remove(reading)
        version, what = reading
        if version == self.ours.link_version:  # else somebody was faster, and it is read again
            self.act_on(decide(self.ours.version, what, self.ours.agreed, NOW), what)

    # what our own code does with it

    def take_answer(self, request: Request) -> None:
        if request.link_version != self.ours.link_version:
            return
        if request.answer == "412":
            what = self.calendar.look()
            self.act_on(decide(self.ours.version, what, self.ours.agreed, NOW), what)
            return
        written = Version(request.ours.sequence, request.decision.span)
        self.agree(agreed_by_writing(written, request.answer or "", self.ours.agreed))

    def act_on(self, decision: Decision, what: ForeignEvent | Unseen) -> None:
        if decision.act is Act.FOLLOW:
            if decision.span in self.ours.refuses:
                decision = cannot_follow(self.ours.version, decision)
            else:
                self.ours.version = Version(self.ours.version.sequence + 1, decision.span)
                self.same, self.edited_here = decision.span, False
                self.edited_there = self.theirs() != self.same
                self.agree(agreed_on(self.ours.version, decision.etag, what, self.ours.agreed))
                return
        if decision.act is Act.AGREE:
            self.agree(agreed_on(self.ours.version, decision.etag, what, self.ours.agreed))
        elif decision.act is Act.WRITE:
            self.ours.told += decision.conflict
            self.requests.append(Request(decision, self.ours.version, self.ours.link_version))

    def agree(self, agreed: Agreed) -> None:
        self.ours.agreed = agreed
        self.ours.link_version += 1
        if self.theirs() == self.ours.version.span:  # each may have come there by itself
            self.same, self.edited_here, self.edited_there = self.theirs(), False, False

    def settle(self) -> None:
        """Nobody edits any more: what is on its way arrives, then it is read and written until all is quiet."""
        for request in self.requests:
            if request.answer is None:
                self.carry_out(request)
        self.requests.clear()
        self.readings.clear()
        for _ in range(8):
            what = self.calendar.look()
            decision = decide(self.ours.version, what, self.ours.agreed, NOW)
            if decision.act is Act.NOTHING:
                return
            self.act_on(decision, what)
            requests, self.requests = self.requests, []
            for request in requests:
                self.carry_out(request)
                self.take_answer(request)
        raise AssertionError("no end")

    @rule()
    def all_is_quiet(self) -> None:
        self.requests = [each for each in self.requests if each.answer is None]  # these answers were lost
        on_its_way, told = bool(self.requests), self.ours.told
        ours, theirs = self.ours.version.span, self.theirs()
        edited_here, edited_there = self.edited_here, self.edited_there
        self.settle()
        after = self.ours.version.span
        assert self.theirs() == after, "both sides have the same"
        assert after in self.chosen, "nobody invents a time"
        if not on_its_way and not edited_there:
            assert after == ours, "what only we changed stays"
        if not on_its_way and not edited_here and theirs not in self.ours.refuses and not self.mark_was_dropped:
            assert after == theirs, "what only they changed is followed"
        if not on_its_way and edited_there and after != theirs and not self.mark_was_dropped:
            assert self.ours.told > told, "whoever is overruled hears of it"
        self.same, self.edited_here, self.edited_there = after, False, False

    def theirs(self) -> Span | None:
        event = self.calendar.event
        return None if event is None or event.deleted else event.span

    def teardown(self) -> None:
        if hasattr(self, "ours"):
            self.settle()
            assert self.theirs() == self.ours.version.span


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(
    max_examples=300, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
