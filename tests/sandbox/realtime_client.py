"""A plain client of the sandbox's Realtime server for tests: every event it gets must parse with the openai
package's types.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from sandbox.realtime import RunningServer
from tests.patience import PATIENCE_S

Event = dict[str, Any]

_EVENTS: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
SILENCE = b"\xff"
MULAW = {"type": "audio/pcmu"}


def mulaw_session(instructions: str = "You answer the phone.", vad: Event | None = None) -> Event:
    """A GA session as the product configures it; `vad` are the fields of its server VAD, None turns it off."""
    audio_input: Event = {"format": MULAW, "transcription": {"model": "gpt-transcribe"}, "turn_detection": None}
    if vad is not None:
        audio_input["turn_detection"] = {"type": "server_vad", **vad}
    return {
        "type": "realtime",
        "instructions": instructions,
        "audio": {"input": audio_input, "output": {"format": MULAW, "voice": "marin"}},
    }


class RealtimeClient:
    """Sends events, collects what comes; `seen` keeps everything in order, `sound` the deltas of all answers."""

    def __init__(self, socket: Connection) -> None:
        self._socket = socket
        self.seen: list[Event] = []
        self.sound = b""

    def send(self, kind: str, **fields: Any) -> None:
        """Send one client event."""
        self._socket.send(orjson.dumps({"type": kind, **fields}).decode())

    def send_raw(self, message: str | bytes) -> None:
        """Send a frame as it stands."""
        self._socket.send(message)

    def append(self, sound: bytes) -> None:
        """Append sound in 20 ms frames, as fast as it goes."""
        for at in range(0, len(sound), 160):
            self.send("input_audio_buffer.append", audio=base64.b64encode(sound[at : at + 160]).decode())

    def receive_raw(self, timeout_s: float = PATIENCE_S) -> str | bytes:
        """The next frame as it stands, unchecked."""
        return self._socket.recv(timeout=timeout_s)

    def receive(self, timeout_s: float = PATIENCE_S) -> Event:
        """The next event, checked against the openai package's types."""
        event: Event = orjson.loads(self._socket.recv(timeout=timeout_s))
        parsed = _EVENTS.validate_python(event)
        assert parsed.type == event["type"]
        self.seen.append(event)
        if event["type"] == "response.output_audio.delta":
            self.sound += base64.b64decode(event["delta"], validate=True)
        return event

    def until(self, kind: str, timeout_s: float = PATIENCE_S) -> Event:
        """The next event of this type; what comes before it is collected."""
        while (event := self.receive(timeout_s))["type"] != kind:
            pass
        return event

    def error(self) -> Event:
        """The body of the next error event."""
        found: Event = self.until("error")["error"]
        return found

    def kinds(self) -> list[str]:
        """Types of everything seen, runs of deltas as one."""
        kinds: list[str] = []
        for event in self.seen:
            if not (kinds and kinds[-1] == event["type"] and event["type"].endswith(".delta")):
                kinds.append(event["type"])
        return kinds

    def configure(self, session: Event) -> Event:
        """session.update, and the effective session from session.updated."""
        self.send("session.update", session=session)
        effective: Event = self.until("session.updated")["session"]
        return effective

    def close_code(self, timeout_s: float = PATIENCE_S) -> int | None:
        """Read to the end; the close code, None when the connection broke without one."""
        try:
            while True:
                self.receive(timeout_s)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@contextmanager
def connected(
    server: RunningServer, session: Event | None = None, headers: dict[str, str] | None = None
) -> Iterator[RealtimeClient]:
    """A client that has seen session.created and, when a session is given, configured it."""
    given = {"Authorization": "Bearer test", **(headers or {})}
    with connect(f"{server.realtime_url}?model=gpt-realtime-2.1", additional_headers=given) as socket:
        client = RealtimeClient(socket)
        client.until("session.created")
        if session is not None:
            client.configure(session)
        yield client
