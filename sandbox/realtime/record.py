"""What a session received and sent, for tests to look at and wait for. Written by the server's loop, read by
any thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.realtime.items import Item
from sandbox.realtime.script import Fault
from sandbox.realtime.wire import Event
from services.audio.g711 import BYTES_PER_MS
from services.sockets.frames import CLOSE_ABNORMAL

T = TypeVar("T")
_MOST_EVENTS = 50_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An event and when it passed, on this machine's monotonic clock in seconds."""

    at_s: float
    event: Event


def wait_until(look: Callable[[], T], timeout_s: float = 5.0, what: str = "") -> T:
    """The first true value `look` gives; raises TimeoutError with `what` when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while not (value := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s: {what or look}")
        time.sleep(0.003)
    return value


@dataclass(slots=True)
class SessionRecord:
    """One connection. Appends are only counted; of audio deltas the sound itself is left out (`delta_bytes`
    stands there).
    """

    id: str
    model: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    keeps_events: bool = True
    keeps_audio_bytes: int = 0
    opened_s: float = field(default_factory=time.monotonic)
    received: list[Seen] = field(default_factory=list, repr=False)
    sent: list[Seen] = field(default_factory=list, repr=False)
    received_audio: bytearray = field(default_factory=bytearray, repr=False)
    """The caller's sound as it was appended, raw, up to `keeps_audio_bytes`."""
    append_count: int = 0
    append_bytes: int = 0
    delta_count: int = 0
    delta_bytes: int = 0
    session: Event = field(default_factory=dict, repr=False)
    """The effective session, as session.updated shows it."""
    items: list[Item] = field(default_factory=list, repr=False)
    closed_s: float | None = None
    close_code: int | None = None
    """What ended it: the close code either side sent, 1006 for a connection that broke."""
    do: Callable[[Fault], None] = field(default=lambda fault: None, repr=False)
    """Let a fault happen now (its `when` is not looked at); from any thread."""
    send: Callable[[Event], None] = field(default=lambda event: None, repr=False)
    """Send any event now, from any thread."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is still there."""
        return self.closed_s is None

    @property
    def instructions(self) -> str:
        """The session's instructions."""
        return str(self.session.get("instructions") or "")

    def received_of(self, kind: str) -> list[Event]:
        """Client events of a type, in order."""
        return [seen.event for seen in list(self.received) if seen.event.get("type") == kind]

    def sent_of(self, kind: str) -> list[Event]:
        """Server events of a type, in order."""
        return [seen.event for seen in list(self.sent) if seen.event.get("type") == kind]

    def wait_received(self, kind: str, count: int = 1, timeout_s: float = 5.0) -> Event:
        """The `count`-th client event of this type; raises TimeoutError."""
        return self._wait(self.received_of, kind, count, timeout_s)

    def wait_audio_ms(self, ms: float, timeout_s: float = 10.0) -> None:
        """Until this much of the caller's mu-law sound was appended."""
        wait_until(lambda: self.append_bytes >= ms * BYTES_PER_MS, timeout_s, f"{ms} ms appended")

    def wait_closed(self, timeout_s: float = 5.0) -> int:
        """Until the connection is gone; its close code."""
        wait_until(lambda: self.closed_s is not None, timeout_s, "connection closed")
        return int(self.close_code or CLOSE_ABNORMAL)

    def heard(self, data: bytes) -> None:
        """Count an append."""
        self.append_count += 1
        self.append_bytes += len(data)
        if len(self.received_audio) < self.keeps_audio_bytes:
            self.received_audio += data

    def note_received(self, event: Event) -> None:
        """Keep a client event."""
        if self.keeps_events and len(self.received) < _MOST_EVENTS:
            self.received.append(Seen(time.monotonic(), event))

    def note_sent(self, event: Event) -> None:
        """Keep a server event, its sound only as a length."""
        delta = event.get("delta") if event["type"].endswith("audio.delta") else None
        if delta is not None:
            self.delta_count += 1
            self.delta_bytes += len(delta) * 3 // 4 - delta.count("=", -2)
        if not self.keeps_events or len(self.sent) >= _MOST_EVENTS:
            return
        if delta is not None:
            event = {key: value for key, value in event.items() if key != "delta"}
            event["delta_bytes"] = len(delta) * 3 // 4 - delta.count("=", -2)
        self.sent.append(Seen(time.monotonic(), event))

    def summary(self, *, events: bool = False) -> Event:
        """This record as JSON for other processes; with `events` everything that was received and sent."""
        shown: dict[str, Any] = {
            "id": self.id,
            "model": self.model,
            "opened_s": self.opened_s,
            "closed_s": self.closed_s,
            "close_code": self.close_code,
            "append_count": self.append_count,
            "append_bytes": self.append_bytes,
            "delta_count": self.delta_count,
            "delta_bytes": self.delta_bytes,
            "session": self.session,
            "items": [{**item.wire, "audio_ms": item.audio_ms} for item in self.items],
        }
        if events:
            shown["received"] = [{"at_s": seen.at_s, "event": seen.event} for seen in list(self.received)]
            shown["sent"] = [{"at_s": seen.at_s, "event": seen.event} for seen in list(self.sent)]
        return shown

    def _wait(self, of: Callable[[str], list[Event]], kind: str, count: int, timeout_s: float) -> Event:
        what = f"{kind} number {count}"
        wait_until(lambda: len(of(kind)) >= count, timeout_s, what)
        return of(kind)[count - 1]
