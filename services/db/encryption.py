"""Encryption at rest (S8): sound and stored secrets are sealed with AES-256-GCM under a key derived from SECRET_KEY.

The key is named in every sealed value. So after a change of SECRET_KEY what was sealed before stays readable through
SECRET_KEY_PREVIOUS, until `python -m app.commands.encrypt` has sealed it anew. Values from before there was encryption
are read as they are. A seal is bound to the column it was made for: it cannot be read as another one's value.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

# What sound cannot begin with: these are full-scale bangs beside each other.
_MAGIC = b"\x00\x80\x00sealed1"
_TEXT_MAGIC = "sealed1:"
_NAME_BYTES = 4
_NONCE_BYTES = 12  # drawn at random: good for some 2^32 values under one key, which is centuries of sound


class NotReadable(Exception):
    """A sealed value whose key is not known, or that was changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class _Key:
    name: bytes
    cipher: AESGCM
    marks: bytes  # for `Keyring.mark`


class Keyring:
    """Keys derived from the installation's secrets. secrets: the newest first, which seals; the others only open."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [_derive(secret) for secret in secrets]

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """42 bytes longer than `plain`. purpose: what `open` must name as well."""
        newest, nonce = self._keys[0], os.urandom(_NONCE_BYTES)
        return _MAGIC + newest.name + nonce + newest.cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, stored: bytes, purpose: str) -> bytes:
        """What was sealed; a value that never was comes back as it is. Raises NotReadable."""
        if not is_sealed(stored):
            return stored
        rest = memoryview(stored)[len(_MAGIC) :]
        name, nonce, body = rest[:_NAME_BYTES], rest[_NAME_BYTES:][:_NONCE_BYTES], rest[_NAME_BYTES + _NONCE_BYTES :]
        for key in self._keys:
            if key.name == name:
                try:
                    return key.cipher.decrypt(nonce, body, purpose.encode())
                except InvalidTag:
                    raise NotReadable("a sealed value was changed") from None
        raise NotReadable("sealed under another SECRET_KEY: set the old one as SECRET_KEY_PREVIOUS")

    @property
    def newest_prefix(self) -> bytes:
        """How every value begins that is sealed under the key that seals now."""
        return _MAGIC + self._keys[0].name

    @property
    def names(self) -> frozenset[str]:
        """Of all known keys; they tell nothing about them."""
        return frozenset(key.name.hex() for key in self._keys)

    def mark(self, text: str) -> str:
        """A keyed hash of a text, 64 hexadecimal digits: the same text has the same one, and without the key nobody
        can try texts against it."""
        return hmac.digest(self._keys[0].marks, text.encode(), "sha256").hex()

    def marks(self, text: str) -> frozenset[str]:
        """The text's marks under every key that is known."""
        return frozenset(hmac.digest(key.marks, text.encode(), "sha256").hex() for key in self._keys)


def _derive(secret: bytes) -> _Key:
    def derived(info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=info).derive(secret)

    cipher = AESGCM(derived(b"encryption at rest", 32))
    return _Key(derived(b"name of the key", _NAME_BYTES), cipher, derived(b"marks of numbers", 32))


def is_sealed(stored: bytes) -> bool:
    """Whether this is a sealed value, whatever its key."""
    return stored.startswith(_MAGIC)


def name_of_key(stored: bytes) -> str | None:
    """Under which key a value is sealed (Keyring.names); None for one that is not."""
    return stored[len(_MAGIC) :][:_NAME_BYTES].hex() if is_sealed(stored) else None


def as_stored(text: str) -> bytes:
    """The bytes of a text column's value."""
    return b64decode(text.removeprefix(_TEXT_MAGIC)) if text.startswith(_TEXT_MAGIC) else text.encode()


def keyring_of(dialect: Dialect) -> Keyring | None:
    """The keys of the database this dialect belongs to (services.db.database sets them)."""
    found: Keyring | None = getattr(dialect, "keyring", None)
    return found


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that are sealed in the database and plain in the program. purpose: the same for the column's whole life.

    A database that was opened without keys (a tool's, a test's) writes them plain and cannot read sealed ones.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        keys = keyring_of(dialect)
        return value if value is None or keys is None else keys.seal(value, self.purpose)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else opened(bytes(value), self.purpose, dialect)


class SealedText(TypeDecorator[str]):
    """A text that is sealed in the database, as SealedBytes are. Nobody can search for it."""

    impl = Text
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        keys = keyring_of(dialect)
        if value is None or keys is None:
            return value
        return _TEXT_MAGIC + b64encode(keys.seal(value.encode(), self.purpose)).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else opened(as_stored(value), self.purpose, dialect).decode()


def opened(stored: bytes, purpose: str, dialect: Dialect) -> bytes:
    """What is in a stored value. Raises NotReadable."""
    if not is_sealed(stored):
        return stored
    keys = keyring_of(dialect)
    if keys is None:
        raise NotReadable("the database was opened without keys")
    return keys.open(stored, purpose)
