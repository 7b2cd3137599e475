"""`python -m app.commands.backup` and `restore`, as an operator runs them (O5, D3)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.migration import migrate
from services.db.models import Call, Customer
from services.db.tenancy import bind_business
from services.privacy.erasure import Who, erase_person, erase_sound
from tests.places import ROOT
from tests.services.db.fixtures import new_postgres_database
from tests.services.privacy.kept import NAME, WORDS, add_appointment, add_call
from tests.serving import SECRET_KEY, environment

PASSPHRASE = "correct horse battery"
CALLER, OTHER = "+972501234567", "+972527654321"
KEYS = Keyring([SECRET_KEY.encode()])


def run(name: str, url: str, *arguments: object, said: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"app.commands.{name}", *map(str, arguments)]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment(url, **changes), input=said, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A business with two people who called."""
    if request.param == "sqlite":
        yield from filled(f"sqlite:///{tmp_path}/source.db")
        return
    with new_postgres_database() as url:
        yield from filled(url)


def filled(url: str) -> Iterator[Database]:
    database = Database(url, keys=KEYS)
    migrate(database)
    now = datetime.now(UTC)
    database.write(
        lambda s: create_business(s, name="Clinic", numbers=["+97231110001"], prompt="", settings={}, now=now)
    )
    for number, sid in ((CALLER, "CA-one"), (OTHER, "CA-two")):
        call_id = add_call(database, 1, number, now - timedelta(days=2), sid)
        days = 1 if number == CALLER else 2
        add_appointment(database, 1, number, now + timedelta(days=days), now - timedelta(days=2), call_id)
    yield database
    database.dispose()


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def callers(url: str) -> list[str]:
    database = Database(url, keys=KEYS)
    try:
        return database.read(lambda s: list(bind_business(s, 1).scalars(select(Call.caller).order_by(Call.id))))
    finally:
        database.dispose()


def test_one_command_backs_up_and_one_restores_encrypted(source: Database, tmp_path: Path) -> None:
    file, target = tmp_path / "backup", f"sqlite:///{tmp_path}/target.db"
    done = run("backup", url_of(source), file, "--encrypt", BACKUP_PASSPHRASE=PASSPHRASE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "encrypted" in done.stdout
    assert file.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.glob("backup*")] == ["backup"], "nothing is left of the way there"
    for secret in (NAME, WORDS, CALLER):
        assert secret.encode() not in file.read_bytes()

    done = run("restore", target, file, said=f"{PASSPHRASE}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "calls 2" in done.stdout
    assert "app.commands.erasures repeat" in done.stdout
    assert callers(target) == [CALLER, OTHER]


def test_who_was_erased_after_the_backup_is_erased_again_by_the_restore(source: Database, tmp_path: Path) -> None:
    """(D3) … although a call went on when the backup was made."""
    file, erasures, target = tmp_path / "backup", tmp_path / "erasures", f"sqlite:///{tmp_path}/target.db"
    source.write(lambda s: setattr(bind_business(s, 1).get_one(Call, 1), "wrapped_up_at", None))
    assert run("backup", url_of(source), file).returncode == 0
    source.write(lambda s: setattr(bind_business(s, 1).get_one(Call, 1), "wrapped_up_at", datetime.now(UTC)))
    now = datetime.now(UTC)
    erase_sound(source, 1, CALLER, now)
    source.write(lambda s: erase_person(bind_business(s, 1), CALLER, KEYS, Who(None, "owner"), now, keeps_coming=False))
    assert run("erasures", url_of(source), "save", erasures).returncode == 0

    done = run("restore", target, file, "--erasures", erasures)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 erasures looked at, people found in 1 businesses" in done.stdout
    assert callers(target) == ["", OTHER]
    restored = Database(target, keys=KEYS)

    def customers(session: Session) -> list[str]:
        return list(bind_business(session, 1).scalars(select(Customer.phone).order_by(Customer.phone)))

    assert CALLER not in restored.read(customers)
    restored.dispose()


def test_a_list_of_erasures_that_is_none_stops_before_anything_is_written(source: Database, tmp_path: Path) -> None:
    file, target = tmp_path / "backup", tmp_path / "target.db"
    assert run("backup", url_of(source), file).returncode == 0
    (tmp_path / "list").write_text('{"a": 1}\n')
    done = run("restore", f"sqlite:///{target}", file, "--erasures", tmp_path / "list")
    assert (done.returncode, done.stderr) == (1, "Not done: this is not a list that `save` wrote\n")
    assert not target.exists()


@pytest.fixture(scope="module")
def sealed_backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sealed")
    for database in filled(f"sqlite:///{directory}/source.db"):
        done = run("backup", url_of(database), directory / "backup", "--encrypt", BACKUP_PASSPHRASE=PASSPHRASE)
        assert done.returncode == 0, done.stderr
    return directory / "backup"


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("wrong", "the passphrase is not the one of this backup"),
        ("cut", "the file was changed, or its end is missing"),
        ("header", "the file ends too early"),
        ("bit", "the file was changed, or its end is missing"),
        ("text", "this is no backup of the assistant"),
        ("empty", "this is no backup of the assistant"),
        ("missing", "No such file or directory"),
        ("key", "sealed under another SECRET_KEY"),
    ],
)
def test_what_cannot_be_restored_is_said_in_a_line_and_writes_nothing(
    sealed_backup: Path, tmp_path: Path, what: str, line: str
) -> None:
    whole = sealed_backup.read_bytes()
    file, target = tmp_path / "backup", tmp_path / "target.db"
    content = {
        "cut": whole[:-1],
        "header": whole[:60],
        "bit": whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:],
        "text": b"SELECT 1;\n",
        "empty": b"",
    }
    if what != "missing":
        file.write_bytes(content.get(what, whole))
    changes = {"SECRET_KEY": "another-secret-of-another-machine"} if what == "key" else {}
    said = "not the right one\n" if what == "wrong" else f"{PASSPHRASE}\n"
    done = run("restore", f"sqlite:///{target}", file, said=said, **changes)
    assert done.returncode == 1
    assert done.stderr.startswith("Not done: ")
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not target.exists()


def test_without_the_key_everything_else_is_restored_when_that_is_wished(sealed_backup: Path, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/target.db"
    changes = {"SECRET_KEY": "another-secret-of-another-machine", "BACKUP_PASSPHRASE": PASSPHRASE}
    done = run("restore", target, sealed_backup, "--without-key", **changes)
    assert (done.returncode, done.stderr) == (0, "")
    assert callers(target) == [CALLER, OTHER]
    # … and with it under its other name, nothing has to be wished.
    again = f"sqlite:///{tmp_path}/again.db"
    done = run("restore", again, sealed_backup, SECRET_KEY_PREVIOUS=SECRET_KEY, **changes)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_backup_can_be_looked_through_without_a_database(sealed_backup: Path, tmp_path: Path) -> None:
    done = run("restore", f"sqlite:///{tmp_path}/target.db", sealed_backup, "--check", BACKUP_PASSPHRASE=PASSPHRASE)
    assert done.returncode == 0
    assert "recording_chunks 2" in done.stdout
    assert "restored" not in done.stdout
    assert not (tmp_path / "target.db").exists()


def test_a_restore_over_something_is_refused(sealed_backup: Path, source: Database) -> None:
    done = run("restore", url_of(source), sealed_backup, BACKUP_PASSPHRASE=PASSPHRASE)
    assert done.returncode == 1
    assert "the database is not empty" in done.stderr
    assert callers(url_of(source)) == [CALLER, OTHER]


@pytest.mark.parametrize(
    ("url", "changes", "line"),
    [
        ("sqlite:///{tmp}/source.db", {"BACKUP_PASSPHRASE": "too short"}, "BACKUP_PASSPHRASE=(hidden) is not accepted"),
        ("sqlite:///{tmp}/source.db", {}, "a passphrase has at least 12 characters"),
        ("postgresql://nobody@127.0.0.1:1/nothing", {"BACKUP_PASSPHRASE": PASSPHRASE}, "OperationalError"),
        ("sqlite:///{tmp}/bare.db", {"BACKUP_PASSPHRASE": PASSPHRASE}, "the database has no tables yet"),
    ],
)
def test_a_backup_that_cannot_be_made_leaves_no_file(
    tmp_path: Path, url: str, changes: dict[str, str], line: str
) -> None:
    migrate(Database(f"sqlite:///{tmp_path}/source.db"))
    done = run("backup", url.format(tmp=tmp_path), tmp_path / "backup", "--encrypt", said="short\n", **changes)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("backup*"))


def test_a_later_backup_takes_the_place_of_one_of_its_name_only_when_it_is_whole(
    source: Database, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    assert run("backup", url_of(source), file).returncode == 0
    before = file.read_bytes()
    assert run("backup", f"sqlite:///{tmp_path}/bare.db", file).returncode == 1
    assert file.read_bytes() == before
    assert run("backup", url_of(source), file, "--encrypt", BACKUP_PASSPHRASE=PASSPHRASE).returncode == 0
    assert file.read_bytes() != before
