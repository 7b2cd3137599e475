"""A header is read and never played (C7)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engines.google.wav import BadSound, SoundReader, sound_of

SOUND = bytes(range(256)) * 4


def wav(sound: bytes, *, extra: bytes = b"", kind: int = 7, size: int | None = None, behind: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", kind, 1, 8000, 8000, 1, 8) + extra
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    data = b"data" + struct.pack("<I", len(sound) if size is None else size) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(data)) + b"WAVE" + chunks + data + behind


FACT = b"fact" + struct.pack("<II", 4, len(SOUND))
SHAPES = {
    "44 bytes": wav(SOUND),
    "46 bytes": wav(SOUND, extra=b"\0\0"),
    "58 bytes": wav(SOUND, extra=b"\0\0").replace(b"data", FACT + b"data", 1),
    "no size": wav(SOUND, size=0),
    "size not known": wav(SOUND, size=0xFFFFFFFF),
    "something behind it": wav(SOUND, behind=b"LIST\x04\0\0\0abcd"),
    "no header": SOUND,
}


@pytest.mark.parametrize("shape", SHAPES)
@given(size=st.integers(min_value=1, max_value=1500))
def test_every_header_is_taken_off_wherever_it_is_cut(shape: str, size: int) -> None:
    data, reader = SHAPES[shape], SoundReader()
    parts = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert b"".join([*parts, reader.finish()]) == SOUND


def test_a_header_alone_is_no_sound() -> None:
    assert sound_of(wav(b"")) == b""
    assert sound_of(b"RIFF") == b""
    assert sound_of(b"RI") == b"RI"


def test_sound_of_another_kind_is_refused() -> None:
    with pytest.raises(BadSound, match="format 1, 1 channels, 8000 Hz"):
        sound_of(wav(SOUND, kind=1))
