"""What a stored password costs who wants to guess it; asked in another process, for tests hash cheaply (S4)."""

from __future__ import annotations

import subprocess
import sys

from argon2 import PasswordHasher

from tests.places import ROOT


def test_a_password_is_hashed_with_argon2id_at_the_librarys_full_cost() -> None:
    code = "from services.accounts import users; print(users.hash_password('a good long password'), users._NOBODY)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for stored in done.stdout.split():  # nobody's too: a log-in with an unknown address takes as long
        assert stored.startswith("$argon2id$")
        assert not PasswordHasher().check_needs_rehash(stored)
