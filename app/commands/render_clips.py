"""`python -m app.commands.render_clips --business NUMBER|--all`: record a business's fixed sentences in its own voice.

What a worker does by itself when the settings change (services/clips/jobs.py), at once and for many: the configured
engine says each sentence and the sound is stored with the business. For a new model behind the same name, or a
business that was never saved in the pages.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cascade import make_cascade
from app.database import open_database
from app.model import make_recorder
from app.settings import Settings, SettingsError, load_settings
from app.worker.native_thread import prepare_grpc
from services.audio.g711 import SAMPLE_RATE_HZ
from services.clips.recorder import NotRecorded
from services.db.database import Database, DatabaseUnavailable
from services.db.models import Business, BusinessNumber
from services.db.tenancy import unscoped
from services.engines.interface import EngineUnavailable


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--business", metavar="NUMBER", help="the business that this telephone number belongs to")
    which.add_argument("--all", action="store_true", help="every active business")
    arguments = parser.parse_args()
    try:
        settings = load_settings()
        return _render_all(settings, open_database(settings), arguments.business)
    except (SettingsError, DatabaseUnavailable) as error:
        sys.exit(str(error))


def _render_all(settings: Settings, database: Database, number: str | None) -> int:
    """0 when every sentence was recorded."""
    found = database.read(lambda session: _businesses(session, number))
    if not found:
        sys.exit(f"no active business has the number {number}" if number else "there is no business")
    recorder = make_recorder(settings, database, lambda: datetime.now(UTC), make_cascade(settings, prepare_grpc))
    failed = False
    for business_id, name in found:
        try:
            clips = recorder.make_all(business_id)
        except (EngineUnavailable, NotRecorded) as error:
            sys.stderr.write(f"{name}: not recorded: {error}\n")
            failed = True
            continue
        lengths = ", ".join(f"{column} {len(clip) / SAMPLE_RATE_HZ:.1f} s" for column, clip in clips.items())
        sys.stdout.write(f"{name}: {lengths}\n")
    return int(failed)


def _businesses(session: Session, number: str | None) -> list[tuple[int, str]]:
    query = select(Business.id, Business.name).where(Business.is_active).order_by(Business.id)
    if number is not None:
        query = query.join(BusinessNumber, BusinessNumber.business_id == Business.id).where(
            BusinessNumber.e164 == number
        )
    with unscoped(session, "an operator's command for one or all businesses"):
        return [(row.id, row.name) for row in session.execute(query)]


if __name__ == "__main__":
    sys.exit(main())
