"""Which passwords are taken (S4)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.passwords import LONGEST, SHORTEST, Weakness, weakness_of

OWN = ["dana.levi@harbour-accounting.co.il", "Dana Levi", "Harbour Accounting", "חיוך בריא"]


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("a good long password", None),
        ("seven quiet green boats", None),
        ("kX3-pq9_Zt7u", None),
        ("ארבע סירות ירוקות בים", None),
        # Two words more than one's own.
        ("harbour kettle giraffe", None),
        ("aaaaaaaaaa", Weakness.COMMON),
        ("1234567890", Weakness.COMMON),
        ("qwertyuiop", Weakness.COMMON),
        ("P@ssw0rd123", Weakness.COMMON),
        ("p@$$w0rd!!", Weakness.COMMON),
        ("dr@g0nball12", Weakness.COMMON),
        ("4@8({[<3694@8({[<369", None),
        ("0501234567", Weakness.COMMON),
        ("abcabcabcabcabc", Weakness.COMMON),
        ("iloveyou2026", Weakness.COMMON),
        (OWN[0], Weakness.OWN_WORDS),
        (OWN[0].upper(), Weakness.OWN_WORDS),
        ("Harbour2026!", Weakness.OWN_WORDS),
        ("levi.dana.1", Weakness.OWN_WORDS),
        ("חיוך בריא 26", Weakness.OWN_WORDS),
        ("x" * (SHORTEST - 1), Weakness.SHORT),
        ("", Weakness.SHORT),
        ("seven quiet green boats " * 11, Weakness.LONG),
    ],
)
def test_a_password_is_taken_or_refused_for_its_reason(password: str, weakness: Weakness | None) -> None:
    assert weakness_of(password, OWN) is weakness


@settings(max_examples=40)
@given(st.text(max_size=LONGEST + 20), st.lists(st.text(max_size=30), max_size=3))
def test_no_text_breaks_the_reading(password: str, own: list[str]) -> None:
    weakness = weakness_of(password, own)
    if not SHORTEST <= len(password) <= LONGEST:
        assert weakness is not None
