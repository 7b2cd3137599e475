"""Google's sound without its wrapping: a WAV header is read, never played (C7). Pure.

One synthesised piece may come with a header or without one, and a stream may cut the header anywhere. Playing it is the
click before a sentence.
"""

from __future__ import annotations

import struct

_RIFF, _FORMAT, _DATA = b"RIFF", b"fmt ", b"data"
_MULAW, _MONO, _RATE_HZ = 7, 1, 8000
_UNKNOWN_SIZE = 0xFFFFFFF0  # a stream's writer did not know how long it would be
_LONGEST_HEADER = 4096


class BadSound(Exception):
    """What came is no 8 kHz mu-law; the message says what it is."""


class SoundReader:
    """For one piece of sound that comes in any number of parts."""

    def __init__(self) -> None:
        self._waiting: bytes | None = b""  # not decided yet what it is; None: the sound has begun
        self._left: int | None = None  # bytes of sound still to come, None: all that comes

    def feed(self, data: bytes) -> bytes:
        """The sound in it, perhaps none yet. Raises BadSound."""
        if self._waiting is not None:
            self._waiting += data
            begins = self._begins(self._waiting)
            if begins is None:
                return b""
            data, self._waiting = self._waiting[begins:], None
        if self._left is None:
            return data
        sound = data[: self._left]
        self._left -= len(sound)
        return sound

    def finish(self) -> bytes:
        """The whole is there: what was too short to be told from a header is sound."""
        waiting, self._waiting = self._waiting, None
        return b"" if waiting is None or waiting.startswith(_RIFF) else waiting

    def _begins(self, data: bytes) -> int | None:
        """Where the sound begins; None when more is needed to know."""
        if not data.startswith(_RIFF[: len(data)]):
            return 0
        if len(data) < 12:
            return None
        at = 12
        while len(data) >= at + 8:
            name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
            at += 8
            if name == _DATA:
                self._left = size if 0 < size < _UNKNOWN_SIZE else None
                return at
            if name == _FORMAT and len(data) >= at + 16:
                _check(data, at)
            at += size + size % 2
            if at > _LONGEST_HEADER:
                raise BadSound("a WAV file without sound")
        return None


def sound_of(data: bytes) -> bytes:
    """The sound of one whole piece. Raises BadSound."""
    reader = SoundReader()
    return reader.feed(data) + reader.finish()


def _check(data: bytes, at: int) -> None:
    kind, channels, rate_hz = struct.unpack_from("<HHI", data, at)
    if (kind, channels, rate_hz) != (_MULAW, _MONO, _RATE_HZ):
        raise BadSound(f"WAV of format {kind}, {channels} channels, {rate_hz} Hz")
