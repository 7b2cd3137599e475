"""A Realtime model on this machine: the GA protocol over a websocket, the chat endpoint beside it, and no
account.

As a process of its own: `python -m sandbox.realtime --port 8765`. In a test:

    with running_server(scripts=[{"answers": [{"text": "Hello!", "length_ms": 1500}]}]) as server:
        ...connect to server.realtime_url...
        server.sessions[0].wait_received("response.cancel")

What the model does is said by a script (`sandbox.realtime.script`), or it really listens and speaks (`--brain
conversation`).
"""

from __future__ import annotations

from sandbox.realtime.chat import ChatAnswer
from sandbox.realtime.record import SessionRecord, wait_until
from sandbox.realtime.running import RunningServer, running_server
from sandbox.realtime.script import Fault, Handshake, Script, ScriptedAnswer, Transcript, Turn
from sandbox.realtime.server import Options, RealtimeServer

__all__ = [
    "ChatAnswer",
    "Fault",
    "Handshake",
    "Options",
    "RealtimeServer",
    "RunningServer",
    "Script",
    "ScriptedAnswer",
    "SessionRecord",
    "Transcript",
    "Turn",
    "running_server",
    "wait_until",
]
