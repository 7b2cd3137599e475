"""The installation's database, with the keys of its sealed columns. The web app and every command open it here."""

from __future__ import annotations

from app.settings import Settings
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.slow_reads import Aside, in_place


def open_database(settings: Settings, aside: Aside = in_place) -> Database:
    """Connections are opened at first use. What was sealed with an earlier SECRET_KEY can be read. aside: see
    Database."""
    return Database(settings.database_url, keys=keyring(settings), aside=aside)


def keyring(settings: Settings) -> Keyring:
    """The keys that sealed columns, and the marks of erased numbers, are made with."""
    return Keyring([settings.signing_key, *settings.previous_keys])
