"""The encrypted stream: what comes out is what went in, or nothing does (O5)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backup import sealing
from services.backup.sealing import MAGIC, Damaged, SealedReader, SealingWriter, WrongPassphrase

PIECE = 64 * 1024


@pytest.fixture(autouse=True)
def cheap_keys() -> Iterator[None]:
    """The same derivation at a thousandth of its cost; its real cost is in every test of the commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT", {"n": 2**4, "r": 8, "p": 1})
        yield


def sealed(plain: bytes, passphrase: str = "correct horse battery") -> bytes:
    out = io.BytesIO()
    with SealingWriter(out, passphrase) as writer:
        writer.write(plain)
    return out.getvalue()


def opened(file: bytes, passphrase: str = "correct horse battery") -> bytes:
    source = io.BytesIO(file)
    assert source.read(len(MAGIC)) == MAGIC
    return io.BufferedReader(SealedReader(source, passphrase)).read()  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_what_was_sealed_is_opened(size: int) -> None:
    plain = bytes(n * 7 % 256 for n in range(size))
    assert opened(sealed(plain)) == plain


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=3 * PIECE // 2), max_size=5))
def test_it_does_not_matter_in_what_portions_it_was_written(portions: list[bytes]) -> None:
    out = io.BytesIO()
    with SealingWriter(out, "x") as writer:
        for portion in portions:
            writer.write(portion)
    assert opened(out.getvalue(), "x") == b"".join(portions)


def test_the_same_text_looks_different_each_time_and_never_like_itself() -> None:
    plain = b"the same words again and again " * 100
    one, other = sealed(plain), sealed(plain)
    assert one != other
    assert b"the same words" not in one


def test_a_wrong_passphrase_is_told_from_a_damaged_file() -> None:
    with pytest.raises(WrongPassphrase):
        opened(sealed(b"x" * 100), "another one")


@cache
def three_pieces() -> bytes:
    return sealed(b"x" * (2 * PIECE + 100))


HEADER = len(MAGIC) + 48


@pytest.mark.parametrize(
    "end", [HEADER - 1, HEADER, HEADER + 10, HEADER + PIECE + 16, HEADER + 2 * (PIECE + 16), -1], ids=str
)
def test_a_file_that_was_cut_off_is_damaged_wherever_it_ends(end: int) -> None:
    with pytest.raises(Damaged):
        opened(three_pieces()[:end])


@pytest.mark.parametrize("place", [HEADER, HEADER + PIECE, HEADER + PIECE + 20, -1])
def test_one_changed_bit_is_noticed(place: int) -> None:
    changed = bytearray(three_pieces())
    changed[place] ^= 1
    with pytest.raises(Damaged):
        opened(bytes(changed))


def test_pieces_that_changed_places_or_were_added_are_noticed() -> None:
    file = three_pieces()
    head, pieces = file[:HEADER], file[HEADER:]
    first, second, rest = pieces[: PIECE + 16], pieces[PIECE + 16 : 2 * (PIECE + 16)], pieces[2 * (PIECE + 16) :]
    for wrong in (second + first + rest, first + rest, pieces + rest, first + second + first + rest):
        with pytest.raises(Damaged):
            opened(head + wrong)
