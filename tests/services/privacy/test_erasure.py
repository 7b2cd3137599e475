"""One person of a business: found by any spelling, erased once and for good, also after a restore (D3)."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.commands import erasures as command
from services.appointments.customers import ERASED
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.models import Appointment, AppointmentStatus, Base, Call, Customer, Erasure
from services.db.tenancy import bind_business, unscoped
from services.privacy.erasure import (
    ComingAppointments,
    StillCalling,
    Who,
    erase_person,
    erase_sound,
    repeat_erasures,
    saved_erasures,
)
from services.privacy.person import find_person, read_number
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import tidy
from tests.services.privacy.kept import (
    CITY,
    NAME,
    SOUND,
    WORDS,
    add_appointment,
    add_call,
    add_lead,
    add_texts,
    count,
    the_call,
)

CALLER, OTHER = "+972501112233", "+972502223344"
KEYS = Keyring([b"the installation's secret"])
OWNER = Who(7, "owner@clinic.test")
LATER = NOW + timedelta(days=2)


@pytest.fixture
def known(cast: Cast) -> int:
    """A person of the clinic with a past and a coming appointment, who also called the office; the call's id."""
    for minutes in (300, 302):
        tidy(cast.database, NOW + timedelta(minutes=minutes))
    database, clinic = cast.database, cast.clinic.id
    call_id = add_call(database, clinic, CALLER, NOW, "CA-theirs")
    add_lead(database, clinic, call_id, CALLER, NOW)
    add_appointment(database, clinic, CALLER, NOW + timedelta(hours=2), NOW, call_id)
    add_appointment(database, clinic, CALLER, NOW + timedelta(days=9), NOW, call_id)
    add_texts(database, clinic, CALLER, NOW)
    add_call(database, clinic, OTHER, NOW, "CA-another")
    add_call(database, cast.office.id, CALLER, NOW, "CA-office-too")
    return call_id


def erase(database: Database, business_id: int, *, keeps_coming: bool | None = False) -> Erasure:
    recorded = erase_sound(database, business_id, CALLER, LATER)

    def work(session: Session) -> Erasure:
        bind_business(session, business_id)
        return erase_person(session, CALLER, KEYS, OWNER, LATER, keeps_coming=keeps_coming, recorded=recorded)

    return database.write(work)


def stands_in(database: Database, business_id: int, *words: str) -> set[str]:
    """Tables of the business in which one of the words still stands."""

    def read(session: Session) -> set[str]:
        found = set()
        with unscoped(session, "test"):
            for table in Base.metadata.sorted_tables:
                if "business_id" not in table.c:
                    continue
                rows = session.execute(text(f"SELECT * FROM {table.name} WHERE business_id = {business_id}")).all()
                if any(word in str(tuple(row)) for row in rows for word in words):
                    found.add(table.name)
        return found

    return database.read(read)


def read(database: Database, business_id: int, query: object) -> list[object]:
    return list(database.read(lambda s: bind_business(s, business_id).scalars(query).all()))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "written",
    [
        "+972501112233",
        "050-111-2233",
        "0501112233",
        " 050 111 22 33",
        "972501112233",
        "(050) 111-2233",
        "00972501112233",
    ],
)
def test_one_number_is_found_however_it_is_written(written: str) -> None:
    assert read_number(written) == CALLER


@pytest.mark.parametrize("written", ["", "Zipporah", "12", "+", "%", "050-111"])
def test_what_is_no_number_finds_nobody(written: str) -> None:
    assert read_number(written) is None


def test_everything_about_a_person_is_found(cast: Cast, known: int) -> None:
    found = cast.database.read(lambda s: find_person(bind_business(s, cast.clinic.id), CALLER, LATER))
    assert found.counts == {
        "calls": 1, "turns": 2, "events": 2, "recordings": 1, "messages": 1,
        "leads": 1, "customers": 1, "appointments": 1, "coming": 1, "outbox": 2, "texts": 1, "stops": 1,
    }  # fmt: skip
    stranger = cast.database.read(lambda s: find_person(bind_business(s, cast.clinic.id), "+972509999999", LATER))
    assert not stranger.is_known


def test_a_call_from_another_telephone_in_which_they_booked_is_theirs_too(cast: Cast, known: int) -> None:
    from_work = add_call(cast.database, cast.clinic.id, OTHER, NOW, "CA-from-work")
    add_lead(cast.database, cast.clinic.id, from_work, CALLER, NOW)
    erase(cast.database, cast.clinic.id)
    call = the_call(cast.database, cast.clinic.id, from_work)
    assert (call.caller, call.summary) == (OTHER, "")


def test_nothing_of_them_is_left_and_nothing_of_others_is_gone(cast: Cast, known: int) -> None:
    database, clinic = cast.database, cast.clinic.id
    receipt = erase(database, clinic)
    assert receipt.counts == {
        "calls": 1, "turns": 2, "events": 2, "recordings": 1, "messages": 1,
        "leads": 1, "customers": 1, "appointments": 1, "coming": 1, "outbox": 2, "texts": 1, "stops": 1,
    }  # fmt: skip
    assert not stands_in(database, clinic, CALLER, CALLER[1:], "CA-theirs", CITY)
    assert stands_in(database, clinic, NAME, WORDS) == {"turns", "calls", "server_events", "call_events", "outbox"}
    assert the_call(database, clinic, known).metrics == {"barge_in_events": 1}
    names = {row.caller for row in read(database, clinic, select(Call))}  # type: ignore[attr-defined]
    assert names == {"", OTHER, "+972501234567"}
    assert CALLER in {row.caller for row in read(database, cast.office.id, select(Call))}  # type: ignore[attr-defined]


def test_the_calendar_stays_true(cast: Cast, known: int) -> None:
    erase(cast.database, cast.clinic.id)
    rows = read(cast.database, cast.clinic.id, select(Appointment).order_by(Appointment.starts_at))
    past, coming = rows
    assert isinstance(past, Appointment)
    assert isinstance(coming, Appointment)
    assert (past.status, coming.status) == (AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED)
    assert past.starts_at == NOW + timedelta(hours=2)
    assert {row.customer.phone for row in (past, coming)} == {ERASED}
    assert not any((past.name, past.service, past.notes))


def test_what_becomes_of_coming_appointments_must_be_said(cast: Cast, known: int) -> None:
    with pytest.raises(ComingAppointments):
        erase(cast.database, cast.clinic.id, keeps_coming=None)
    kept = erase(cast.database, cast.clinic.id, keeps_coming=True)
    assert kept.keeps_coming
    assert "coming" not in kept.counts
    customers = read(cast.database, cast.clinic.id, select(Customer).where(Customer.phone == CALLER))
    assert [(row.name, row.city) for row in customers] == [(NAME, "")]  # type: ignore[attr-defined]
    assert erase(cast.database, cast.clinic.id, keeps_coming=True).id == kept.id
    assert "coming" in erase(cast.database, cast.clinic.id, keeps_coming=False).counts
    assert not stands_in(cast.database, cast.clinic.id, CALLER)


def test_erasing_twice_is_one_act(cast: Cast, known: int) -> None:
    first = erase(cast.database, cast.clinic.id)
    assert erase(cast.database, cast.clinic.id, keeps_coming=None).id == first.id
    assert count(cast.database, cast.clinic.id, Erasure) == 1


def test_a_receipt_does_not_tell_who_it_was(cast: Cast, known: int) -> None:
    receipt = erase(cast.database, cast.clinic.id)
    assert len(receipt.number_mark) == 64
    assert receipt.number_mark not in Keyring([b"another secret"]).marks(CALLER)
    assert (receipt.user_id, receipt.actor, receipt.erased_at) == (7, "owner@clinic.test", LATER)


def test_nobody_is_erased_while_on_the_line(cast: Cast, known: int) -> None:
    def reopen(session: Session) -> None:
        bind_business(session, cast.clinic.id).get_one(Call, known).ended_at = None

    cast.database.write(reopen)
    with pytest.raises(StillCalling):
        erase(cast.database, cast.clinic.id)
    assert stands_in(cast.database, cast.clinic.id, CITY)


def test_much_sound_goes_piece_by_piece(cast: Cast, known: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.calls.context import SoundChunk
    from services.calls.recordings import add_chunk

    for number in range(2, 250):
        chunk = SoundChunk(0, number, number, 8, SOUND[:8], b"")
        cast.database.write_rows(cast.clinic.id, partial(add_chunk, call_id=known, chunk=chunk, now=NOW))
    assert erase(cast.database, cast.clinic.id).counts["recordings"] == 1
    assert not stands_in(cast.database, cast.clinic.id, "CA-theirs")


def test_a_backup_does_not_bring_them_back(
    cast: Cast, known: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is saved, the rows come back, and the same people go again; who called since then stays."""
    database, clinic = cast.database, cast.clinic.id
    erase(database, clinic)
    saved = saved_erasures(database)

    def restore(session: Session) -> None:
        bind_business(session, clinic)
        session.delete(session.scalars(select(Erasure)).one())

    database.write(restore)
    again = add_call(database, clinic, CALLER, NOW, "CA-of-the-backup")
    add_lead(database, clinic, again, CALLER, NOW)
    add_appointment(database, clinic, CALLER, NOW + timedelta(days=20), NOW, again)
    since = add_call(database, clinic, CALLER, LATER + timedelta(hours=1), "CA-since")
    found = repeat_erasures(database, KEYS, saved, LATER + timedelta(hours=2))
    assert found[clinic]["calls"] == 1
    assert found[clinic]["coming"] == 1
    assert the_call(database, clinic, again).caller == ""
    assert the_call(database, clinic, since).caller == CALLER
    assert count(database, clinic, Erasure) == 1
    assert not repeat_erasures(database, KEYS, saved, LATER + timedelta(hours=2))
    assert not repeat_erasures(database, Keyring([b"x", b"y"]), saved, LATER + timedelta(hours=2))


def test_the_list_is_a_file_beside_the_backup(cast: Cast, known: int, tmp_path: Path) -> None:
    erase(cast.database, cast.clinic.id)
    file = tmp_path / "erasures"
    command._save(cast.database, file)
    (line,) = file.read_text().splitlines()
    assert json.loads(line)["business_id"] == cast.clinic.id
    assert CALLER[1:] not in line
    assert file.stat().st_mode & 0o777 == 0o600
    assert [command._read(line)] == saved_erasures(cast.database)
    again = add_call(cast.database, cast.clinic.id, CALLER, NOW, "CA-of-the-backup")
    # The new key is another, the old one is known still.
    command.repeat(cast.database, Keyring([b"newer", b"the installation's secret"]), command.read_list(file))
    assert the_call(cast.database, cast.clinic.id, again).caller == ""
