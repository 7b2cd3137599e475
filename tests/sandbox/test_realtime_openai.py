"""The openai package's own clients talk to the sandbox: Realtime over its websocket, structured output, models."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, ValidationError

from sandbox import coded_audio
from sandbox.realtime import RunningServer, running_server
from tests.sandbox.realtime_client import SILENCE

VOICE = coded_audio.encode(4000, 0, 1000)


class Appointment(BaseModel):
    intent: Literal["none", "hours_info", "ask", "book"]
    date: str | None = None
    confidence: float


def client_of(server: RunningServer, **options: Any) -> OpenAI:
    return OpenAI(api_key="k", base_url=server.base_url, timeout=5, max_retries=0, **options)


def ask(client: OpenAI) -> Any:
    messages: Any = [{"role": "user", "content": "Tomorrow at ten, please."}]
    done = client.chat.completions.parse(model="gpt-6-luna", messages=messages, response_format=Appointment)
    return done.choices[0].message


def test_the_packages_realtime_client_holds_a_conversation() -> None:
    script = {
        "answers": [{"text": "Hello, how can I help?", "length_ms": 800}, {"text": "At nine.", "length_ms": 600}],
        "transcripts": [{"text": "When do you open?", "delay_ms": 0}],
    }
    with running_server(scripts=[script]) as server:
        said, heard = asyncio.run(converse(server.base_url))
    assert said == ["agent: Hello, how can I help?", "caller: When do you open?", "agent: At nine."]
    assert [(run.answer, run.end_ms) for run in coded_audio.runs(heard)] == [(0, 800), (1, 600)]


async def converse(base_url: str) -> tuple[list[str], bytes]:
    said: list[str] = []
    heard = b""
    client = AsyncOpenAI(api_key="k", base_url=base_url)
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        detection: Any = {"type": "server_vad", "interrupt_response": True}
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcmu"},
                        "transcription": {"model": "gpt-transcribe"},
                        "turn_detection": detection,
                    },
                    "output": {"format": {"type": "audio/pcmu"}},
                },
            }
        )
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_audio.delta":
                heard += base64.b64decode(event.delta)
            elif event.type == "response.output_audio_transcript.done":
                said.append(f"agent: {event.transcript}")
            elif event.type == "conversation.item.input_audio_transcription.completed":
                said.append(f"caller: {event.transcript}")
            elif event.type == "response.done":
                if len(said) > 1:
                    return said, heard
                sound = SILENCE * 4000 + VOICE + SILENCE * 8000
                for at in range(0, len(sound), 160):
                    frame = base64.b64encode(sound[at : at + 160]).decode()
                    await connection.input_audio_buffer.append(audio=frame)
    return said, heard


def test_structured_output_is_parsed_by_the_package() -> None:
    with running_server() as server:
        server.add_chat({"content": {"intent": "book", "date": "2026-11-22", "confidence": 0.9}, "match": "Tomorrow"})
        client = client_of(server)
        assert ask(client).parsed == Appointment(intent="book", date="2026-11-22", confidence=0.9)
        assert ask(client).parsed == Appointment(intent="none", date=None, confidence=0.0)  # made up: the emptiest
        schema = server.chat_requests[0]["response_format"]["json_schema"]
    assert schema["strict"] is True


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 429}, openai.RateLimitError),
        ({"status": 500}, openai.InternalServerError),
        ({"status": 401}, openai.AuthenticationError),
        ({"content": "{}", "finish_reason": "length"}, openai.LengthFinishReasonError),
        ({"content": "{}", "finish_reason": "content_filter"}, openai.ContentFilterFinishReasonError),
        ({"content": {"intent": "dance"}}, ValidationError),
        ({"content": "I would rather not."}, ValidationError),
        ({"delay_ms": 2000}, openai.APITimeoutError),
    ],
)
def test_every_way_to_fail_reaches_the_caller_as_its_own_error(answer: dict[str, Any], error: type[Exception]) -> None:
    with running_server() as server:
        server.add_chat(answer)
        client = client_of(server).with_options(timeout=0.3 if "delay_ms" in answer else 5)
        with pytest.raises(error):
            ask(client)


def test_a_refusal_is_no_answer() -> None:
    with running_server() as server:
        server.add_chat({"refusal": "I cannot help with that."})
        message = ask(client_of(server))
    assert message.parsed is None
    assert message.refusal == "I cannot help with that."


def test_models_are_listed_with_their_announced_end() -> None:
    with running_server() as server:
        ends = {model.id: getattr(model, "shutdown_date", None) for model in client_of(server).models.list()}
    assert ends["gpt-realtime-2.1"] is None
    assert ends["gpt-realtime"] == "2027-01-20"
