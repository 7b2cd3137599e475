"""The reference for CPU and latency: a bare paced relay between Twilio and the model, as lean as asyncio gets.

picows (frames in C) on uvloop. It passes the caller's payloads on as they come, cuts the model's audio into 20 ms
frames and sends them on absolute deadlines. It does not listen, log, count, keep marks or follow turns: it is what
the transport alone costs, not a product.

    python bare_relay.py --model ws://127.0.0.1:9000/v1/realtime     # prints "listening PORT"
"""

from __future__ import annotations

import argparse
import asyncio
from binascii import a2b_base64, b2a_base64
from collections.abc import Coroutine
from typing import Any

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

FRAME_BYTES, FRAME_S = 160, 0.02
APPEND = b'{"type":"input_audio_buffer.append","audio":"%b"}'
SESSION = orjson.dumps(
    {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "instructions": "You answer the phone.",
            "output_modalities": ["audio"],
            "audio": {
                "input": {"format": {"type": "audio/pcmu"}, "turn_detection": {"type": "server_vad"}},
                "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
            },
        },
    }
)


class Model(WSListener):
    """The model's side of a call: audio in, cut into frames, kept until due."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._call.model = transport
        transport.send(WSMsgType.TEXT, SESSION)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        event = orjson.loads(frame.get_payload_as_memoryview())
        if event["type"] == "response.output_audio.delta":
            self._call.play(a2b_base64(event["delta"]))
        elif event["type"] == "input_audio_buffer.speech_started":
            self._call.clear()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._call.end()


class Call(WSListener):
    """The caller's side, and the pacing."""

    def __init__(self, model_url: str, tasks: set[asyncio.Task[Any]]) -> None:
        self.model: WSTransport | None = None
        self._model_url = model_url
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._twilio: WSTransport | None = None
        self._head = self._clear = b""
        self._queue = bytearray()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._twilio = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = orjson.loads(frame.get_payload_as_memoryview())
        event = message["event"]
        if event == "media":
            if self.model is not None:
                self.model.send(WSMsgType.TEXT, APPEND % message["media"]["payload"].encode())
        elif event == "start":
            sid = orjson.dumps(message["start"]["streamSid"])
            self._head = b'{"event":"media","streamSid":' + sid + b',"media":{"payload":"'
            self._clear = b'{"event":"clear","streamSid":' + sid + b"}"
            self._spawn(ws_connect(lambda: Model(self), self._model_url))
        elif event == "stop":
            self.end()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.end()

    def play(self, audio: bytes) -> None:
        self._queue += audio
        if self._timer is None:
            self._due = self._loop.time()
            self._send_due()

    def clear(self) -> None:
        if self._queue and self._twilio is not None:
            self._queue.clear()
            self._twilio.send(WSMsgType.TEXT, self._clear)

    def end(self) -> None:
        self._queue.clear()
        for transport in (self.model, self._twilio):
            if transport is not None:
                transport.disconnect()
        self.model = self._twilio = None

    def _send_due(self) -> None:
        if not self._queue or self._twilio is None:
            self._timer = None
            return
        audio = bytes(self._queue[:FRAME_BYTES])
        del self._queue[:FRAME_BYTES]
        self._twilio.send(WSMsgType.TEXT, self._head + b2a_base64(audio, newline=False) + b'"}}')
        self._due += FRAME_S
        self._timer = self._loop.call_at(self._due, self._send_due)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(model_url: str, port: int) -> None:
    tasks: set[asyncio.Task[Any]] = set()
    server = await ws_create_server(lambda _request: Call(model_url, tasks), "127.0.0.1", port)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the model's websocket URL")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    uvloop.run(serve(options.model, options.port))
