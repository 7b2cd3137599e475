"""A backup's file: a gzipped tar of JSON lines that any tool can open, or the same encrypted under a passphrase.

`backup.json` says what it is; `rows/TABLE/000001.jsonl` and on hold the rows, a JSON array each, table after table in
an order in which they can be written back; `end.json` counts them. A file without its end is no backup.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from services.backup.sealing import MAGIC, Damaged, SealedReader, SealingWriter

HEAD, END = "backup.json", "end.json"
_GZIP = b"\x1f\x8b"
_LEVEL = 6
_READ_BYTES = 1 << 20


class PassphraseNeeded(Exception):
    """The file is encrypted and no passphrase was given."""


class Archive:
    """Writes the parts of a backup, in their order."""

    def __init__(self, tar: tarfile.TarFile, mtime: float) -> None:
        self._tar, self._mtime = tar, mtime

    def add(self, name: str, content: bytes) -> None:
        part = tarfile.TarInfo(name)
        part.size, part.mtime, part.mode = len(content), self._mtime, 0o600
        self._tar.addfile(part, io.BytesIO(content))


@contextmanager
def writing(out: BinaryIO, passphrase: str | None, mtime: float) -> Iterator[Archive]:
    """An archive that ends up in `out`, complete only if nothing is raised. mtime: of its parts, Unix seconds."""
    with ExitStack() as stack:
        under: BinaryIO = out
        if passphrase is not None:
            under = stack.enter_context(SealingWriter(out, passphrase))  # type: ignore[assignment]
        packed = stack.enter_context(gzip.GzipFile("", "wb", _LEVEL, under, mtime))
        tar = stack.enter_context(tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT))
        yield Archive(tar, mtime)


def is_encrypted(file: Path) -> bool:
    """Raises OSError, and Damaged when it is no backup at all."""
    with file.open("rb") as source:
        return _skip_magic(source)


def parts(file: Path, passphrase: str | None) -> Iterator[tuple[str, bytes]]:
    """Name and content of each part. Raises OSError, PassphraseNeeded, WrongPassphrase, Damaged."""
    with file.open("rb") as source:
        under: BinaryIO = source
        if _skip_magic(source):
            if passphrase is None:
                raise PassphraseNeeded
            under = io.BufferedReader(SealedReader(source, passphrase))
        with gzip.GzipFile("", "rb", fileobj=under) as packed:
            try:
                yield from _parts_of(packed)
            except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
                raise Damaged(f"the file was changed, or its end is missing ({type(error).__name__})") from error


def _parts_of(packed: gzip.GzipFile) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for part in tar:
            content = tar.extractfile(part)
            if content is None:
                raise Damaged(f"{part.name!r} is no part of a backup")
            yield part.name, content.read()
    while packed.read(_READ_BYTES):  # the sum at the end of the file is looked at there
        pass


def _skip_magic(source: BinaryIO) -> bool:
    """Whether the file is encrypted; `source` then stands behind the words that say so, else at the beginning."""
    start = source.read(len(MAGIC))
    if start == MAGIC:
        return True
    if not start.startswith(_GZIP):
        raise Damaged("this is no backup of the assistant")
    source.seek(0)
    return False
