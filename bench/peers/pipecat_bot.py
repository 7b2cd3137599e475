"""A pipecat bot on a Twilio stream, wired as pipecat's documentation wires one: its FastAPI transport, its Twilio
serializer, its OpenAI Realtime service with the server's turn detection, its context aggregators.

All calls run in one process, as they do in the other servers of this bench. What a phone call has no use for is off
(RTVI, metrics, debug logs), and sound leaves in frames of 20 ms as from the others, not in pipecat's usual 40 ms. Its
service always speaks 24 kHz PCM, so mu-law is resampled both ways.

    python pipecat_bot.py --model ws://127.0.0.1:9000/v1/realtime     # prints "listening PORT"
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.realtime.events import AudioConfiguration, AudioInput, SessionProperties, TurnDetection
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

LINE_HZ = 8000


async def stream_sid(twilio: WebSocket) -> str:
    """From the stream's `start`, the second message."""
    while True:
        message = json.loads(await twilio.receive_text())
        if message["event"] == "start":
            sid: str = message["start"]["streamSid"]
            return sid


def bot(twilio: WebSocket, sid: str, model_url: str) -> PipelineWorker:
    serializer = TwilioFrameSerializer(sid, params=TwilioFrameSerializer.InputParams(auto_hang_up=False))
    transport = FastAPIWebsocketTransport(
        twilio,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=2, serializer=serializer
        ),
    )
    service = OpenAIRealtimeLLMService(
        api_key="none",
        base_url=model_url,
        settings=OpenAIRealtimeLLMService.Settings(
            # The fake model cannot read its tags in resampled sound: the stream's name tells it whose call this is.
            system_instruction=f"You answer the phone. This is stream {sid}.",
            session_properties=SessionProperties(
                audio=AudioConfiguration(input=AudioInput(turn_detection=TurnDetection()))
            ),
        ),
    )
    # Named although the service proposes the same: else a turn detector's model is loaded for each call, and dropped.
    turns = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    context = LLMContextAggregatorPair(LLMContext(), user_params=turns)
    steps = [transport.input(), context.user(), service, transport.output(), context.assistant()]
    params = PipelineParams(audio_in_sample_rate=LINE_HZ, audio_out_sample_rate=LINE_HZ)
    worker = PipelineWorker(Pipeline(steps), params=params, enable_rtvi=False)

    @transport.event_handler("on_client_disconnected")
    async def hung_up(_transport: Any, _twilio: Any) -> None:
        await worker.cancel()

    return worker


def application(model_url: str) -> FastAPI:
    app = FastAPI()

    @app.websocket("/ws/twilio-media")
    async def call(twilio: WebSocket) -> None:
        await twilio.accept()
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(bot(twilio, await stream_sid(twilio), model_url))
        await runner.run()

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the model's websocket URL")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(application(options.model), log_level="warning"))
    server.run(sockets=[listener])
