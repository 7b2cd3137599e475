"""Everything into one file and back, on both databases and from one to the other (O5)."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.backup.archive import parts, writing
from services.backup.columns import decode
from services.backup.contents import Contents, Reader
from services.backup.dump import dump
from services.backup.load import DoesNotFit, NotEmpty, load
from services.backup.sealing import Damaged
from services.calls.recordings import recording_of, sound_of
from services.db.database import Database, migration_engine
from services.db.encryption import Keyring
from services.db.migration import differences, downgrade, migrate
from services.db.models import (
    Base,
    Business,
    Call,
    CallStatus,
    OutboxMessage,
    OutboxStatus,
)
from services.db.schema_fit import SchemaMismatch, schema_of_code
from services.db.tenancy import bind_business, unscoped
from tests.places import ROOT
from tests.services.backup.rows import fill
from tests.services.db.fixtures import new_postgres_database
from tests.services.privacy.kept import SOUND, add_call

NOW = datetime(2027, 3, 2, 8, 0, tzinfo=UTC)
KINDS = ("sqlite", "postgresql")
KEYS = Keyring([b"a-secret-for-tests-only-0123456789"])

MakeDatabase = Callable[[str], Database]


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[MakeDatabase]:
    """`new_database("sqlite")`: one without any table."""
    with ExitStack() as stack:
        count = 0

        def make(kind: str) -> Database:
            nonlocal count
            count += 1
            file = f"sqlite:///{tmp_path}/new{count}/calls.db"
            url = file if kind == "sqlite" else stack.enter_context(new_postgres_database())
            found = Database(url, keys=KEYS)
            stack.callback(found.dispose)
            return found

        yield make


def back_up(database: Database, file: Path) -> Contents:
    with file.open("wb") as out, writing(out, None, NOW.timestamp()) as archive:
        return dump(database, archive, version="0.1.0", now=NOW)


def restore(database: Database, file: Path) -> Contents:
    return load(database, partial(parts, file, None))


def rows_of(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Each table's rows as values that do not depend on the database they came from."""
    reader = Reader(parts(file, None))
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in reader.head.tables}
    for table, lines in reader.rows():
        for line in lines:
            row = decode(line, reader.head.tables[table], "postgresql")
            kinds = {column.name: column.kind for column in reader.head.tables[table]}
            found[table].append({name: _plain(value, kinds[name]) for name, value in row.items()})
    return found


def _plain(value: Any, kind: str) -> Any:
    """PostgreSQL writes the spaces and the order inside JSON its own way."""
    if kind == "json" and value is not None:
        return orjson.loads(value)
    return round(value, 6) if isinstance(value, Decimal) else value


@pytest.mark.parametrize(("source", "target"), [*product(KINDS, KINDS)])
def test_every_value_of_every_table_comes_back(
    new_database: MakeDatabase, tmp_path: Path, source: str, target: str
) -> None:
    first, second = new_database(source), new_database(target)
    migrate(first)
    fill(first)
    contents = back_up(first, tmp_path / "one")
    assert contents.end.rows == dict.fromkeys(contents.head.tables, 2)
    assert set(contents.head.tables) == set(Base.metadata.tables)
    assert contents.end.keys == KEYS.names

    restore(second, tmp_path / "one")
    assert differences(second) == []
    back_up(second, tmp_path / "two")
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert two["outbox"] != one["outbox"], "a message that waited is looked after by its receiver's side"
    assert two["calls"] != one["calls"], "a call that went on is over"
    for settled in ("outbox", "calls"):
        del one[settled], two[settled]
    assert two == one


@pytest.mark.parametrize("kind", KINDS)
def test_a_restored_database_goes_on_counting_and_keeps_its_rules(
    new_database: MakeDatabase, tmp_path: Path, kind: str
) -> None:
    first, second = new_database("sqlite"), new_database(kind)
    migrate(first)
    fill(first)
    back_up(first, tmp_path / "one")
    restore(second, tmp_path / "one")
    made = second.write(lambda s: _new_call(s).id)
    assert made == 3
    with pytest.raises(DBAPIError, match="audit"), migration_engine(second.url).begin() as connection:
        connection.execute(text("UPDATE audit_events SET actor = 'nobody'"))


def _new_call(session: Session) -> Call:
    bind_business(session, 1)
    call = Call(call_sid="CA-new", caller="", dialled="", language="he", started_at=NOW, stream_nonce="")
    session.add(call)
    session.flush()
    return call


@pytest.mark.parametrize("kind", KINDS)
def test_recordings_are_heard_after_a_restore_with_the_same_key(
    new_database: MakeDatabase, tmp_path: Path, kind: str
) -> None:
    first, second = new_database(kind), new_database(kind)
    migrate(first)
    business_id = first.write(_business)
    call_id = add_call(first, business_id, "+972501234567", NOW - timedelta(hours=1), "CA-kept")
    back_up(first, tmp_path / "one")
    restore(second, tmp_path / "one")

    def sound(session: Session) -> tuple[bytes, bytes] | None:
        bind_business(session, business_id)
        recording = recording_of(session, call_id)
        assert recording is not None
        return sound_of(session, recording.pieces[0].chunk_id)

    assert second.read(sound) == (SOUND, SOUND)


def _business(session: Session) -> int:
    return create_business(session, name="Clinic", numbers=["+97231110001"], prompt="", settings={}, now=NOW).id


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_shows_one_instant_while_others_write(
    new_database: MakeDatabase, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_database(kind), new_database(kind)
    migrate(first)
    business_id = first.write(_business)
    written = 0

    def write_meanwhile(*_arguments: object) -> None:
        nonlocal written
        written += 1
        add_call(first, business_id, "+972501234567", NOW, f"CA-{written}")

    with (tmp_path / "one").open("wb") as out, writing(out, None, 0) as archive:
        add = archive.add
        monkeypatch.setattr(archive, "add", lambda name, content: (write_meanwhile(), add(name, content)))
        contents = dump(first, archive, version="0.1.0", now=NOW)
    assert written > 3
    assert contents.end.rows["calls"] == 0 == contents.end.rows["turns"]
    restore(second, tmp_path / "one")


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_an_older_schema_is_made_as_it_is_and_brought_up_to_date_when_it_is_restored(
    new_database: MakeDatabase, tmp_path: Path, kind: str
) -> None:
    first, second = new_database(kind), new_database(kind)
    migrate(first)
    first.write(_business)
    downgrade(first, "0015")
    contents = back_up(first, tmp_path / "one")
    assert contents.head.schema == "0015"
    assert "erasures" not in contents.head.tables

    migrate(second)  # a server was started on it: tables, and nothing in them
    restore(second, tmp_path / "one")
    assert differences(second) == []
    assert second.read(_names) == ["Clinic"]


def _names(session: Session) -> list[str]:
    with unscoped(session, "all of a test's"):
        return [row.name for row in session.scalars(select(Business))]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_under_way_is_settled(new_database: MakeDatabase, tmp_path: Path, kind: str) -> None:
    first, second = new_database(kind), new_database(kind)
    migrate(first)
    fill(first)
    back_up(first, tmp_path / "one")
    restore(second, tmp_path / "one")

    def look(session: Session) -> tuple[list[Any], list[Any]]:
        with unscoped(session, "all of a test's"):
            calls = [(call.status, call.ended_at) for call in session.scalars(select(Call).order_by(Call.id))]
            query = select(OutboxMessage).order_by(OutboxMessage.id)
            return calls, [(row.status, row.claimed_at) for row in session.scalars(query)]

    calls, messages = second.read(look)
    assert calls[1] == (CallStatus.ENDED, NOW), "one that went on"
    assert calls[0][1] != NOW, "one that was over keeps its end"
    assert messages == [(OutboxStatus.SENDING, NOW)] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_restored_over_rows_that_are_there(new_database: MakeDatabase, tmp_path: Path, kind: str) -> None:
    first = new_database(kind)
    migrate(first)
    first.write(_business)
    back_up(first, tmp_path / "one")
    with pytest.raises(NotEmpty, match=r"table .* has rows"):
        restore(first, tmp_path / "one")
    assert first.read(_names) == ["Clinic"]


def changed(file: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy whose parts went through `change`; None leaves one out."""
    target = file.with_name("changed")
    with target.open("wb") as out, writing(out, None, 0) as archive:
        for name, content in parts(file, None):
            if (new := change(name, content)) is not None:
                archive.add(name, new)
    return target


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["cut", "rows", "end", "format", "newer", "no_json", "column", "bit", "other"])
def test_of_a_file_that_is_not_whole_or_not_ours_nothing_is_written(
    new_database: MakeDatabase, tmp_path: Path, kind: str, what: str
) -> None:
    first, second = new_database("sqlite"), new_database(kind)
    migrate(first)
    fill(first)
    file = tmp_path / "one"
    back_up(first, file)
    whole = file.read_bytes()
    error: type[Exception] = Damaged
    if what == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif what == "bit":
        file.write_bytes(whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:])
    elif what == "other":
        file.write_bytes(gzip.compress(_tar_of("readme.txt", b"x")))
    elif what == "rows":
        file = changed(file, lambda name, content: None if "turns" in name else content)
    elif what == "end":
        file = changed(file, lambda name, content: None if name == "end.json" else content)
    elif what == "format":
        file = changed(file, lambda _name, content: content.replace(b'"format": 1', b'"format": 2'))
    elif what == "no_json":
        file = changed(file, lambda name, content: content[:-2] if "turns" in name else content)
    elif what == "column":
        error = DoesNotFit
        file = changed(file, lambda _name, content: content.replace(b'"heard_ms"', b'"herd_ms"'))
    else:
        error = SchemaMismatch
        newest = schema_of_code().encode()
        file = changed(file, lambda _name, content: content.replace(b'"' + newest + b'"', b'"9999"'))
    with pytest.raises(error):
        restore(second, file)
    with second.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def _tar_of(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_a_backup_is_a_tar_that_any_tool_opens(new_database: MakeDatabase, tmp_path: Path) -> None:
    database = new_database("sqlite")
    migrate(database)
    database.write(_business)
    back_up(database, tmp_path / "one.tar.gz")
    with tarfile.open(tmp_path / "one.tar.gz") as tar:
        names = tar.getnames()
    assert names[0] == "backup.json"
    assert names[-1] == "end.json"
    assert "rows/businesses/000001.jsonl" in names


def test_a_large_table_goes_in_several_parts(
    new_database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.backup.dump._PART_BYTES", 100)
    first, second = new_database("sqlite"), new_database("sqlite")
    migrate(first)
    fill(first)
    back_up(first, tmp_path / "one")
    assert [name for name, _ in parts(tmp_path / "one", None) if "/calls/" in name] == [
        "rows/calls/000001.jsonl",
        "rows/calls/000002.jsonl",
    ]
    assert restore(second, tmp_path / "one").end.rows["calls"] == 2


def test_a_foreign_key_that_leads_nowhere_is_refused(new_database: MakeDatabase, tmp_path: Path) -> None:
    """(O5) SQLite looks at them when all is written."""
    first, second = new_database("sqlite"), new_database("sqlite")
    migrate(first)
    fill(first)
    back_up(first, tmp_path / "one")
    file = changed(
        tmp_path / "one",
        lambda name, content: (
            None
            if "/customers/" in name
            else content.replace(b'"customers":2', b'"customers":0').replace(b'"customers": 2', b'"customers": 0')
        ),
    )
    with pytest.raises(RuntimeError, match="foreign keys"):
        restore(second, file)


def test_the_documents_name_the_commands() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for command in ("app.commands.backup", "app.commands.restore", "app.commands.erasures"):
        assert command in page
