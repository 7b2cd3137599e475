"""A call's recording as a WAV file that is never whole in memory: left the caller, right the agent, 16-bit at 8 kHz.

Browsers play linear sound everywhere, mu-law not.
"""

from __future__ import annotations

import audioop
import io
import struct
import wave
from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from services.audio import g711
from services.audio.g711 import MULAW_SILENCE, PCM_WIDTH, SAMPLE_RATE_HZ
from services.calls.recordings import Piece, Recording

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHANNELS = 2
FRAME_BYTES = CHANNELS * PCM_WIDTH
HEADER_BYTES = 44
_SILENCE = bytes([MULAW_SILENCE])
_SILENCE_BYTES = 1 << 16

Sound = Callable[[int], tuple[bytes, bytes] | None]


class _Stretch(NamedTuple):
    """Stereo sound in hand, and where in the file it stands."""

    start: int
    sound: bytes


class RecordingWav(io.RawIOBase):
    """Reads like a file and seeks like one. `sound` gives (caller, agent) of a row, None when it is gone by now."""

    def __init__(self, recording: Recording, sound: Sound) -> None:
        self.length = HEADER_BYTES + recording.samples * FRAME_BYTES
        self._pieces = recording.pieces
        self._starts = [_offset(piece.start) for piece in recording.pieces]
        self._sound = sound
        self._at = 0
        self._stretch = _Stretch(0, _header(recording.samples))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """At most one stretch at a time; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._at >= self.length:
            return 0
        start, sound = self._stretch
        if not start <= self._at < start + len(sound):
            start, sound = self._stretch = self._load()
        part = sound[self._at - start :][: len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _load(self) -> _Stretch:
        """The stretch that holds the current position: the header, a piece, or silence up to the next piece."""
        if self._at < HEADER_BYTES:
            return _Stretch(0, _header((self.length - HEADER_BYTES) // FRAME_BYTES))
        index = bisect_right(self._starts, self._at) - 1
        if index >= 0:
            piece, start = self._pieces[index], self._starts[index]
            if self._at < start + piece.samples * FRAME_BYTES:
                return _Stretch(start, self._stereo(piece))
        following = self._starts[index + 1]
        return _Stretch(self._at, bytes(min(following - self._at, _SILENCE_BYTES)))

    def _stereo(self, piece: Piece) -> bytes:
        caller, agent = self._sound(piece.chunk_id) or (b"", b"")
        left, right = (_side(each, piece) for each in (caller, agent))
        return audioop.add(audioop.tostereo(left, PCM_WIDTH, 1, 0), audioop.tostereo(right, PCM_WIDTH, 0, 1), PCM_WIDTH)


def mono_wav(mulaw: bytes) -> bytes:
    """8 kHz mu-law as a WAV file: one channel, 16-bit at 8 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(PCM_WIDTH)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.writeframes(g711.decode(mulaw))
    return file.getvalue()


def _side(mulaw: bytes, piece: Piece) -> bytes:
    """Linear samples of the piece's stretch of one side, silent where the side is over."""
    wanted = mulaw[piece.skipped : piece.skipped + piece.samples]
    return g711.decode(wanted.ljust(piece.samples, _SILENCE))


def _offset(sample: int) -> int:
    return HEADER_BYTES + sample * FRAME_BYTES


def _header(samples: int) -> bytes:
    size = samples * FRAME_BYTES
    form = (1, CHANNELS, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * FRAME_BYTES, FRAME_BYTES, 8 * PCM_WIDTH)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, *form, b"data", size)
