"""What is known of people goes when its time is over, by each business's own days, once, and the trail says so (D1)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.trail import AuditFilter, audit_rows
from services.db.database import Database
from services.db.models import (
    Appointment,
    AuditEvent,
    AuditKind,
    BusinessSettings,
    Call,
    CallEvent,
    Customer,
    IncomingText,
    Lead,
    OutboxMessage,
    OutboxStatus,
    RecordingChunk,
    RetentionRun,
    ServerEvent,
    Turn,
    VoiceMessage,
)
from services.db.tenancy import bind_business
from services.privacy import retention
from services.privacy.retention import delete_too_old, soon
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import tidy
from tests.services.privacy.kept import add_appointment, add_call, add_lead, add_texts, count, the_call

CALLER = "+972501112233"
EVERYTHING = (Turn, CallEvent, ServerEvent, RecordingChunk, VoiceMessage, Lead, Customer, OutboxMessage, IncomingText)


@pytest.fixture(autouse=True)
def settled(cast: Cast) -> None:
    """The calls that are in progress in the cast are lost, and summed up."""
    for minutes in (300, 302):
        tidy(cast.database, NOW + timedelta(minutes=minutes))


@pytest.fixture
def old(cast: Cast) -> int:
    """A call of the clinic with everything that can come of one; its id."""
    call_id = add_call(cast.database, cast.clinic.id, CALLER, NOW, "CA-old")
    add_lead(cast.database, cast.clinic.id, call_id, CALLER, NOW)
    add_texts(cast.database, cast.clinic.id, CALLER, NOW)
    return call_id


def choose(database: Database, business_id: int, **values: object) -> None:
    def work(s: Session) -> None:
        settings = bind_business(s, business_id).scalars(select(BusinessSettings)).one()
        for name, value in values.items():
            setattr(settings, name, value)

    database.write(work)


def told(database: Database, business_id: int) -> list[AuditEvent]:
    wanted = AuditFilter(kind=AuditKind.DATA_DELETED)
    return list(database.read(lambda s: audit_rows(s, business_id, wanted, limit=50)))


def test_everything_goes_in_its_own_time(cast: Cast, old: int) -> None:
    database, clinic = cast.database, cast.clinic.id
    for days, gone in (
        (29, set()),
        (31, {RecordingChunk, VoiceMessage}),
        (91, {OutboxMessage}),
        (366, {Turn, CallEvent, ServerEvent, Lead, IncomingText}),
        (732, {Customer}),
    ):
        before = {model: count(database, clinic, model) for model in EVERYTHING}
        tidy(database, NOW + timedelta(days=days))
        after = {model: count(database, clinic, model) for model in EVERYTHING}
        assert {model for model in EVERYTHING if before[model] and not after[model]} == gone, days
    assert not any(after.values())
    call = the_call(database, clinic, old)
    assert (call.caller, call.summary, call.draft_booking, call.words_deleted_at is not None) == ("", "", {}, True)
    assert call.outcome == {"result": "lead", "duration_s": 60}
    assert call.metrics == {"barge_in_events": 1}


def test_the_trail_says_how_many_of_what_and_nothing_of_whom(cast: Cast, old: int) -> None:
    tidy(cast.database, NOW + timedelta(days=400))
    (event,) = told(cast.database, cast.clinic.id)
    assert event.detail == {"recording": 1, "message": 1, "transcript": 2, "lead": 1, "outbox": 2, "text": 1}
    assert (event.actor, event.user_id, event.subject) == (retention.ACTOR, None, "")
    tidy(cast.database, NOW + timedelta(days=401))
    assert len(told(cast.database, cast.clinic.id)) == 1, "a turn in which nothing went is not told"


def test_no_limit_and_another_business_keep_theirs(cast: Cast, old: int) -> None:
    other = add_call(cast.database, cast.office.id, CALLER, NOW, "CA-other")
    choose(cast.database, cast.clinic.id, transcript_retention_days=1)
    choose(cast.database, cast.office.id, transcript_retention_days=None, outbox_retention_days=None)
    tidy(cast.database, NOW + timedelta(days=2000))
    assert count(cast.database, cast.clinic.id, Turn) == 0
    assert count(cast.database, cast.office.id, Turn) == 2
    assert count(cast.database, cast.office.id, OutboxMessage) == 2
    assert the_call(cast.database, cast.office.id, other).caller == CALLER


def test_whoever_has_or_had_an_appointment_stays(cast: Cast, old: int) -> None:
    """Whether it is over, coming or a lifetime away."""
    add_appointment(cast.database, cast.clinic.id, CALLER, NOW + timedelta(days=4000), NOW, old)
    tidy(cast.database, NOW + timedelta(days=3000))
    assert (count(cast.database, cast.clinic.id, Customer), count(cast.database, cast.clinic.id, Appointment)) == (1, 1)
    tidy(cast.database, NOW + timedelta(days=5000))
    assert (count(cast.database, cast.clinic.id, Customer), count(cast.database, cast.clinic.id, Appointment)) == (1, 1)


def test_a_call_that_is_going_on_and_a_message_that_waits_are_left_alone(cast: Cast) -> None:
    """However long ago they began."""
    choose(cast.database, cast.clinic.id, transcript_retention_days=1, outbox_retention_days=1)
    call_id = add_call(cast.database, cast.clinic.id, CALLER, NOW, "CA-long")

    def reopen(s: Session) -> None:
        bind_business(s, cast.clinic.id).get_one(Call, call_id).wrapped_up_at = None
        s.scalars(
            select(OutboxMessage).where(OutboxMessage.key == "webhook:call:CA-long")
        ).one().status = OutboxStatus.PENDING

    cast.database.write(reopen)
    delete_too_old(cast.database, cast.clinic.id, lambda: NOW + timedelta(days=9))
    call = the_call(cast.database, cast.clinic.id, call_id)
    assert (call.caller, call.words_deleted_at) == (CALLER, None)
    assert count(cast.database, cast.clinic.id, OutboxMessage) == 1


def test_nothing_but_sound_goes_before_the_owner_had_time_to_choose(cast: Cast, old: int) -> None:
    choose(cast.database, cast.clinic.id, retention_begins_at=NOW + timedelta(days=500))
    tidy(cast.database, NOW + timedelta(days=400))
    assert count(cast.database, cast.clinic.id, RecordingChunk) == 0
    assert count(cast.database, cast.clinic.id, Turn) == 2
    tidy(cast.database, NOW + timedelta(days=501))
    assert count(cast.database, cast.clinic.id, Turn) == 0


def test_workers_at_once_count_every_row_once(cast: Cast) -> None:
    for number in range(12):
        add_call(cast.database, cast.clinic.id, CALLER, NOW, f"CA-{number}")
    later = NOW + timedelta(days=400)
    threads = [threading.Thread(target=tidy, args=(cast.database, later)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (event,) = told(cast.database, cast.clinic.id)
    assert event.detail["recording"] == 12
    assert event.detail["transcript"] == 13  # with the cast's own


def test_a_worker_that_died_in_its_turn_loses_no_figure(cast: Cast, old: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_end_turn", lambda *_args, **_options: None)
    later = NOW + timedelta(days=400)
    tidy(cast.database, later)
    assert not told(cast.database, cast.clinic.id)
    monkeypatch.undo()
    assert delete_too_old(cast.database, cast.clinic.id, lambda: later) == 0, "the turn is taken"
    tidy(cast.database, later + timedelta(minutes=6))
    (event,) = told(cast.database, cast.clinic.id)
    assert event.detail["transcript"] == 2


def test_a_large_backlog_takes_several_rounds_and_is_told_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_DELETIONS_A_ROUND", 2)
    for number in range(25):
        add_call(cast.database, cast.clinic.id, CALLER, NOW, f"CA-{number}")
    later, rounds = NOW + timedelta(days=400), 0
    while not told(cast.database, cast.clinic.id):
        tidy(cast.database, later)
        rounds += 1
        assert rounds < 20
    assert rounds > 2
    assert count(cast.database, cast.clinic.id, Turn) == 0
    assert told(cast.database, cast.clinic.id)[0].detail["transcript"] == 26


def test_new_days_are_kept_to_at_once(cast: Cast, old: int) -> None:
    tidy(cast.database, NOW + timedelta(days=10))
    choose(cast.database, cast.clinic.id, transcript_retention_days=5)
    tidy(cast.database, NOW + timedelta(days=10, minutes=1))
    assert count(cast.database, cast.clinic.id, Turn) == 2
    cast.database.write(lambda s: soon(bind_business(s, cast.clinic.id), NOW + timedelta(days=10, minutes=2)))
    tidy(cast.database, NOW + timedelta(days=10, minutes=2))
    assert count(cast.database, cast.clinic.id, Turn) == 0


def test_while_it_is_nobodys_turn_nothing_is_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count(cast.database, cast.clinic.id, RetentionRun) == 1
    monkeypatch.setattr(cast.database, "write", None)
    tidy(cast.database, NOW + timedelta(hours=6))
