"""The caller's sound as it was sent, and when the next stream takes over (C3). Pure.

One recogniser stream hears at most five minutes. The next one is opened before, in a pause if one comes, and owns
everything after the last final: that much sound is played into it again. A stream that fails is replaced the same way.
Times are milliseconds of the sound sent, which is the call's time line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.audio.g711 import BYTES_PER_MS

ROTATE_AFTER_MS = 200_000
ROTATE_AT_LAST_MS = 285_000  # Google ends a stream at 305 s
PAUSE_MS = 300
LEAD_MS = 200  # before the last final: a word that begins there is not cut
KEPT_MS = 30_000
UNREPORTED_MS = 3_000  # the recogniser may not have said anything yet of the last of it
MOST_REPLAYED_BYTES = 8_000  # in one request


@dataclass(slots=True)
class CallSound:
    """One per call. rotate_after_ms: differs from call to call, so that calls that began together do not all replace
    their stream together."""

    rotate_after_ms: int = ROTATE_AFTER_MS
    at_ms: int = 0
    base_ms: int = 0  # the first sample of the stream under way
    voice_end_ms: int = 0  # the last loud sound
    _quiet_ms: int = 0
    _kept: deque[tuple[int, bytes]] = field(default_factory=deque)

    @property
    def quiet_ms(self) -> int:
        """How long nobody has spoken."""
        return self._quiet_ms

    def sent(self, sound: bytes, loud: bool) -> None:
        """The next piece goes to the stream."""
        ms = len(sound) // BYTES_PER_MS
        self._kept.append((self.at_ms, sound))
        self.at_ms += ms
        while self._kept and self._kept[0][0] < self.at_ms - KEPT_MS:
            self._kept.popleft()
        if loud:
            self._quiet_ms, self.voice_end_ms = 0, self.at_ms
        else:
            self._quiet_ms += ms

    def should_rotate(self, has_open_interim: bool, turn_waits: bool) -> bool:
        """Whether the next stream should take over now."""
        age_ms = self.at_ms - self.base_ms
        if age_ms >= ROTATE_AT_LAST_MS:
            return True
        in_pause = self._quiet_ms >= PAUSE_MS and not has_open_interim and not turn_waits
        return age_ms >= self.rotate_after_ms and in_pause

    def rotate(self, settled_ms: int, has_open_interim: bool, *, in_pause: bool) -> Sequence[bytes]:
        """The next stream begins: what it is played first, in pieces for one request each. in_pause: the one before
        works and has heard all of it; else nobody knows what it heard."""
        begins_ms = max(settled_ms - LEAD_MS, self.at_ms - KEPT_MS)
        if in_pause and not has_open_interim and self._quiet_ms >= PAUSE_MS:
            begins_ms = max(begins_ms, self.at_ms - UNREPORTED_MS)
        again = [(start, sound) for start, sound in self._kept if start + len(sound) // BYTES_PER_MS > begins_ms]
        self.base_ms = again[0][0] if again else self.at_ms
        joined = b"".join(sound for _, sound in again)
        return [joined[at : at + MOST_REPLAYED_BYTES] for at in range(0, len(joined), MOST_REPLAYED_BYTES)]
