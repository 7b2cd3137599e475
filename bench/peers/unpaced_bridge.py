"""What most sample code does: a bridge of FastAPI and plain json that hands everything on as it comes.

No pacing (Twilio holds whatever the model has sent), no listening, no store. A mark after each piece of sound says what
Twilio has played; when the model hears the caller, what Twilio still holds is cleared and the answer is truncated.

    python unpaced_bridge.py --model ws://127.0.0.1:9000/v1/realtime     # prints "listening PORT"
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import uvicorn
import websockets
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

SESSION = {
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


class Bridge:
    """One call."""

    def __init__(self, twilio: WebSocket, model: Any) -> None:
        self._twilio, self._model = twilio, model
        self._sid = ""
        self._now_ms = 0  # Twilio's clock, from the caller's frames
        self._answer: str | None = None  # the item that Twilio plays
        self._answer_began_ms = 0
        self._unplayed = 0  # marks that have not come back

    async def run(self) -> None:
        """Until either side hangs up; the other is closed by who opened it."""
        await self._model.send(json.dumps(SESSION))
        ways = [asyncio.create_task(self._from_twilio()), asyncio.create_task(self._from_model())]
        done, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in pending:
            way.cancel()
        for way in done:
            way.result()

    async def _from_twilio(self) -> None:
        async for text in self._twilio.iter_text():
            message = json.loads(text)
            event = message["event"]
            if event == "media":
                self._now_ms = int(message["media"]["timestamp"])
                append = {"type": "input_audio_buffer.append", "audio": message["media"]["payload"]}
                await self._model.send(json.dumps(append))
            elif event == "start":
                self._sid = message["start"]["streamSid"]
            elif event == "mark":
                self._unplayed = max(0, self._unplayed - 1)
            elif event == "stop":
                return

    async def _from_model(self) -> None:
        async for text in self._model:
            event = json.loads(text)
            if event["type"] == "response.output_audio.delta":
                if event["item_id"] != self._answer:
                    self._answer, self._answer_began_ms = event["item_id"], self._now_ms
                await self._tell_twilio("media", media={"payload": event["delta"]})
                await self._tell_twilio("mark", mark={"name": "piece"})
                self._unplayed += 1
            elif event["type"] == "input_audio_buffer.speech_started" and self._unplayed:
                await self._interrupt()

    async def _interrupt(self) -> None:
        await self._tell_twilio("clear")
        truncate = {"item_id": self._answer, "content_index": 0, "audio_end_ms": self._now_ms - self._answer_began_ms}
        await self._model.send(json.dumps({"type": "conversation.item.truncate", **truncate}))
        self._unplayed = 0

    async def _tell_twilio(self, event: str, **details: Any) -> None:
        await self._twilio.send_text(json.dumps({"event": event, "streamSid": self._sid, **details}))


def application(model_url: str) -> FastAPI:
    app = FastAPI()

    @app.websocket("/ws/twilio-media")
    async def call(twilio: WebSocket) -> None:
        await twilio.accept()
        with suppress(WebSocketDisconnect, websockets.ConnectionClosed):
            async with websockets.connect(model_url) as model:
                await Bridge(twilio, model).run()

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the model's websocket URL")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(application(options.model), log_level="warning"))
    server.run(sockets=[listener])
