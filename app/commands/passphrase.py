"""The passphrase of a backup: from BACKUP_PASSPHRASE, asked for at a terminal, or one line of what is piped in."""

from __future__ import annotations

import getpass
import sys

from app.settings import SHORTEST_PASSPHRASE, Settings


class Refused(Exception):
    """This passphrase is not taken; the message says why."""


def new_passphrase(settings: Settings) -> str:
    """To encrypt with; whoever types it types it twice. Raises Refused."""
    passphrase = known_passphrase(settings)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters")
    if settings.backup_passphrase is None and sys.stdin.isatty() and getpass.getpass("Again: ") != passphrase:
        raise Refused("the two passphrases are not the same")
    return passphrase


def known_passphrase(settings: Settings) -> str:
    """To decrypt with."""
    if settings.backup_passphrase is not None:
        return settings.backup_passphrase.get_secret_value()
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase of the backup: ")
    return sys.stdin.readline().rstrip("\n")
