"""The WAV headers that come before unary LINEAR16, MULAW and ALAW. Pure."""

from __future__ import annotations

import struct

PCM_FORMAT, ALAW_FORMAT, MULAW_FORMAT = 1, 6, 7
_UNKNOWN_SIZE = 0xFFFFFFFF


def header(length: int | None, wave_format: int, rate_hz: int, size: int) -> bytes:
    """A header of 44, 46 or 58 bytes for `length` bytes of mono sound; None: a stream whose length nobody knows yet.

    44: a plain format chunk; 46: one with its extension's length; 58: a fact chunk besides.
    """
    width = 2 if wave_format == PCM_FORMAT else 1
    extension = b"" if size == 44 else struct.pack("<H", 0)
    about = struct.pack("<HHIIHH", wave_format, 1, rate_hz, rate_hz * width, width, 8 * width) + extension
    fact = struct.pack("<4sII", b"fact", 4, (length or 0) // width) if size == 58 else b""
    data = _UNKNOWN_SIZE if length is None else length
    whole = _UNKNOWN_SIZE if length is None else size - 8 + length
    return (
        struct.pack("<4sI4s4sI", b"RIFF", whole, b"WAVE", b"fmt ", len(about))
        + about
        + fact
        + struct.pack("<4sI", b"data", data)
    )
