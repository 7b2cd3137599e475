"""An encrypted stream under a passphrase: scrypt, then AES-256-GCM over pieces of 64 KiB.

The pieces are numbered in their nonces and the last one says that it is the last (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár): none can be left out, moved, added or cut off without being noticed. The header holds
a word that only the right passphrase makes, so that a wrong one is told from a damaged file.
"""

from __future__ import annotations

import hmac
import io
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"call assistant backup, encrypted, 1\n"
_SALT_BYTES, _CHECK_BYTES, _KEY_BYTES, _TAG_BYTES = 16, 32, 32, 16
_PIECE_BYTES = 64 * 1024
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}  # 128 MiB and about half a second for each guess
_LAST = 1
_CUT_OFF = "the file ends too early"


class Damaged(Exception):
    """The file cannot be read to its end as it was written; the message says what is wrong, for the operator."""


class WrongPassphrase(Exception):
    """The passphrase is not the one that the file was encrypted with."""


class SealingWriter(io.RawIOBase):
    """Writes what it is given to `out`, encrypted. Close it: the last piece is written then. `out` stays open."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        super().__init__()
        salt = os.urandom(_SALT_BYTES)
        self._cipher, check = _keys(passphrase, salt)
        self._out, self._waiting, self._number = out, bytearray(), 0
        out.write(MAGIC + salt + check)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self._waiting += view
        while len(self._waiting) > _PIECE_BYTES:  # what may be the last piece waits for `close`
            self._seal(bytes(self._waiting[:_PIECE_BYTES]), 0)
            del self._waiting[:_PIECE_BYTES]
        return view.nbytes

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), _LAST)
        super().close()

    def _seal(self, piece: bytes, last: int) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads what a SealingWriter wrote; `source` stands behind MAGIC. Raises WrongPassphrase, Damaged, also later."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        super().__init__()
        salt, check = source.read(_SALT_BYTES), source.read(_CHECK_BYTES)
        if len(check) < _CHECK_BYTES:
            raise Damaged(_CUT_OFF)
        self._cipher, expected = _keys(passphrase, salt)
        if not hmac.compare_digest(check, expected):
            raise WrongPassphrase
        self._source, self._number, self._plain = source, 0, memoryview(b"")
        self._next = self._fetch()
        if not self._next:
            raise Damaged(_CUT_OFF)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        if not self._plain and self._next:
            self._open()
        size = min(len(target), len(self._plain))
        target[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def _open(self) -> None:
        sealed, self._next = self._next, self._fetch()
        last = 0 if self._next else _LAST
        try:
            self._plain = memoryview(self._cipher.decrypt(_nonce(self._number, last), sealed, None))
        except InvalidTag:
            raise Damaged("the file was changed, or its end is missing") from None
        self._number += 1

    def _fetch(self) -> bytes:
        return self._source.read(_PIECE_BYTES + _TAG_BYTES)


def _keys(passphrase: str, salt: bytes) -> tuple[AESGCM, bytes]:
    """The cipher, and the word that shows the passphrase to be right."""
    derived = Scrypt(salt, _KEY_BYTES + _CHECK_BYTES, **_SCRYPT).derive(passphrase.encode())
    return AESGCM(derived[:_KEY_BYTES]), hmac.digest(derived[_KEY_BYTES:], MAGIC + salt, "sha256")


def _nonce(number: int, last: int) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
