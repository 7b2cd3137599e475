"""Faults of a script, each carried out once at its moment of the session."""

from __future__ import annotations

from typing import Protocol

from aiohttp import WSMsgType

from sandbox.realtime.line import Line
from sandbox.realtime.script import Fault
from sandbox.realtime.wire import Event, error
from services.sockets.frames import CLOSE_GOING_AWAY

EXPIRED_MESSAGE = "Your session hit the maximum duration of 60 minutes."
_NEVER = float("inf")


class Sender(Protocol):
    """What a fault needs of its session."""

    line: Line

    def send(self, event: Event) -> None: ...
    def end(self) -> None: ...


class Faults:
    """`audio_at_ms` is when the next fault on the caller's sound is due, so that an append need only compare."""

    def __init__(self, faults: list[Fault]) -> None:
        self._left = list(faults)
        self.audio_at_ms = self._next_on_audio()

    def at_session_update(self, session: Sender) -> bool:
        """Whether a fault took the place of session.updated."""
        return self._carry_out(session, [fault for fault in self._left if fault.when == "session_update"])

    def at_audio(self, session: Sender, ms: float) -> None:
        """So much of the caller's sound was appended."""
        due = [fault for fault in self._left if fault.when == "audio" and fault.after_ms <= ms]
        self._carry_out(session, due)
        self.audio_at_ms = self._next_on_audio()

    def at_answer(self, session: Sender, nth: int, sent_ms: float) -> None:
        """So much of the sound of the nth response was sent."""
        if self._left:
            due = [f for f in self._left if f.when == "answer" and f.nth == nth and f.after_ms <= sent_ms]
            self._carry_out(session, due)

    def _carry_out(self, session: Sender, due: list[Fault]) -> bool:
        for fault in due:
            self._left.remove(fault)
            carry_out(fault, session)
        return bool(due)

    def _next_on_audio(self) -> float:
        return min((fault.after_ms for fault in self._left if fault.when == "audio"), default=_NEVER)


def carry_out(fault: Fault, session: Sender) -> None:
    """Do what the fault says, now."""
    line = session.line
    if fault.do == "error":
        session.send(error(fault.code, fault.message, kind="server_error"))
    elif fault.do == "garbage":
        line.send(b'{"type": "response.output_audio.delta", "delta": ')
    elif fault.do == "unknown":
        session.send({"type": "session.weather_report", "outlook": "cloudy"})
    elif fault.do == "binary":
        line.send(b"\x00\x01\x02\x03", WSMsgType.BINARY)
    elif fault.do == "mute":
        line.mute()
    elif fault.do == "expire":
        expire(session)
    elif fault.do == "close":
        line.close(fault.close_code, fault.message)
        session.end()
    else:
        line.drop()
        session.end()


def expire(session: Sender) -> None:
    """The session's limit: an error event, then close 1001."""
    session.send(error("session_expired", EXPIRED_MESSAGE))
    session.line.close(CLOSE_GOING_AWAY, EXPIRED_MESSAGE)
    session.end()
