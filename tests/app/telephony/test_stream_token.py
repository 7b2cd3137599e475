"""The one-time stream token: genuine, in time and for this call, or nothing (W4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.telephony.stream_token import MAX_CHARS, StreamToken, mint, verify

SECRET = b"one secret"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SID = "CA" + "0123456789abcdef" * 2
NONCE = "n0nce_-" * 5
TOKEN = mint(SECRET, SID, 7, NONCE, NOW + timedelta(seconds=60))

words = st.text("abcXYZ019_-", min_size=1, max_size=64)


@given(sid=words, business=st.integers(1, 2**63), nonce=words, seconds=st.integers(1, 10**6))
def test_a_token_says_what_was_put_into_it(sid: str, business: int, nonce: str, seconds: int) -> None:
    token = mint(SECRET, sid, business, nonce, NOW + timedelta(seconds=seconds))
    assert verify(SECRET, token, sid, NOW) == StreamToken(sid, business, nonce)
    assert len(f"token{token}") < MAX_CHARS
    assert token.isascii()


def test_the_same_arguments_give_the_same_token() -> None:
    assert mint(SECRET, SID, 7, NONCE, NOW + timedelta(seconds=60)) == TOKEN


def test_a_token_is_of_no_use_after_its_time() -> None:
    assert verify(SECRET, TOKEN, SID, NOW + timedelta(seconds=59)) is not None
    assert verify(SECRET, TOKEN, SID, NOW + timedelta(seconds=60)) is None


def test_a_token_of_another_call_or_another_key_is_refused() -> None:
    assert verify(SECRET, TOKEN, "CA" + "f" * 32, NOW) is None
    assert verify(b"another secret", TOKEN, SID, NOW) is None


@given(at=st.integers(0, len(TOKEN) - 1), character=st.characters(codec="utf-8"))
def test_a_token_with_any_character_changed_is_refused(at: int, character: str) -> None:
    damaged = TOKEN[:at] + character + TOKEN[at + 1 :]
    assert (verify(SECRET, damaged, SID, NOW) is None) == (damaged != TOKEN)


@given(st.text(max_size=600))
def test_garbage_is_refused_without_an_exception(garbage: str) -> None:
    assert verify(SECRET, garbage, SID, NOW) is None


@pytest.mark.parametrize(("sid", "nonce"), [("CA.1", "n"), ("CA1", "n.x"), ("", "n"), ("CA1", ""), ("קול", "n")])
def test_parts_that_could_be_read_two_ways_are_not_signed(sid: str, nonce: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        mint(SECRET, sid, 1, nonce, NOW)
