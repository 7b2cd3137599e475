"""Keep people who were erased from coming back with a backup (D3).

python -m app.commands.erasures save FILE     write the list of erasures beside the backups: keyed hashes, no numbers
python -m app.commands.erasures repeat FILE   after a restore, before calls are taken: erase the same people again

Save the list after each erasure or at least with each backup, and before a restore if the old database still answers.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from app.database import keyring, open_database
from app.settings import SettingsError, load_settings
from services.audit.trail import Act, record
from services.db.database import Database, DatabaseUnavailable
from services.db.encryption import Keyring
from services.db.migration import migrate
from services.db.models import AuditKind
from services.privacy.erasure import SavedErasure, StillCalling, repeat_erasures, saved_erasures

_FIELDS = SavedErasure.__slots__


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["save", "repeat"])
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        database = open_database(settings)
        migrate(database)
        if options.what == "save":
            _save(database, options.file)
        else:
            repeat(database, keyring(settings), read_list(options.file))
    except (SettingsError, DatabaseUnavailable, OSError, ValueError) as error:
        sys.exit(f"Not done: {error}")
    except StillCalling:
        sys.exit("Not done: somebody who was erased is on the line. Repeat it when the call is over")


def _save(database: Database, file: Path) -> None:
    found = saved_erasures(database)
    rows = [{name: getattr(one, name) for name in _FIELDS} for one in found]
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o600)
    draft.write_text("".join(json.dumps(row, default=datetime.isoformat) + "\n" for row in rows))
    draft.replace(file)
    sys.stdout.write(f"{len(rows)} erasures saved\n")


def read_list(file: Path) -> list[SavedErasure]:
    """What `save` wrote. Raises OSError, ValueError."""
    return [_read(line) for line in file.read_text().splitlines() if line.strip()]


def repeat(database: Database, keys: Keyring, saved: list[SavedErasure]) -> None:
    """Erase the same people again and say so. Raises StillCalling, DatabaseUnavailable."""
    now = datetime.now(UTC)
    found = repeat_erasures(database, keys, saved, now)
    for business_id, counts in found.items():
        act = Act(AuditKind.ERASURES_REPEATED, now, "command line", business_id=business_id, detail=counts)
        database.write(partial(_tell, act=act))
        sys.stdout.write(f"business {business_id}: {', '.join(f'{kind} {n}' for kind, n in counts.items())}\n")
    sys.stdout.write(f"{len(saved)} erasures looked at, people found in {len(found)} businesses\n")


def _tell(session: Session, act: Act) -> None:
    record(session, act)


def _read(line: str) -> SavedErasure:
    row = json.loads(line)
    if not isinstance(row, dict) or set(row) != set(_FIELDS):
        raise ValueError("this is not a list that `save` wrote")
    return SavedErasure(**{**row, "erased_at": datetime.fromisoformat(row["erased_at"])})


if __name__ == "__main__":
    main()
