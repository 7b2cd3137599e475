"""The fake REST API, spoken to by the official client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from sandbox.twilio.caller import Caller
from sandbox.twilio.rest import FakeTwilioRest, Fault
from sandbox.twilio.result import CallResult
from tests.sandbox.voice_server import STREAM_TWIML, StreamPeer, VoiceServer, voice_server

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret"


def client_for(rest: FakeTwilioRest, token: str = TOKEN) -> Client:
    client = Client(ACCOUNT, token, http_client=TwilioHttpClient(timeout=5))
    client.api.base_url = rest.base
    return client


def with_rest(work: Callable[[Client, FakeTwilioRest], Any], token: str = TOKEN, **fields: Any) -> Any:
    """Run blocking client code against the API."""

    async def run() -> Any:
        rest = FakeTwilioRest(ACCOUNT, TOKEN, **fields)
        async with rest.serving():
            return await asyncio.to_thread(work, client_for(rest, token), rest)

    return asyncio.run(run())


def call_with_command(command: Callable[[Client, str], Any]) -> tuple[CallResult, VoiceServer]:
    """A streaming call in which the server uses the REST API after the first frame."""

    async def run() -> tuple[CallResult, VoiceServer]:
        rest = FakeTwilioRest(ACCOUNT, TOKEN)
        server = VoiceServer({"/webhook/incoming_call": STREAM_TWIML})
        async with voice_server(server), rest.serving():
            public = {"public_base": "https://calls.example", "verb_time_scale": 0.0}
            caller = rest.add(Caller(server.base, frm="+1", to="+2", **public))  # type: ignore[arg-type]

            async def talk(peer: StreamPeer) -> None:
                await peer.next("media")
                await asyncio.to_thread(command, client_for(rest), caller.call_sid)
                await peer.until_closed()

            server.talk = talk
            return await caller.run(), server

    return asyncio.run(run())


def test_hanging_up_by_rest_stops_the_stream_and_ends_the_call() -> None:
    result, server = call_with_command(lambda client, sid: client.calls(sid).update(status="completed"))
    assert server.peers[0].messages[-1]["event"] == "stop"
    assert (result.ended_by, result.state) == ("rest", "completed")


def test_new_twiml_by_rest_replaces_the_stream() -> None:
    twiml = "<Response><Say>one moment</Say><Hangup/></Response>"
    result, server = call_with_command(lambda client, sid: client.calls(sid).update(twiml=twiml))
    assert server.peers[0].messages[-1]["event"] == "stop"
    assert result.verbs == ["Connect", "Say", "Hangup"]


def test_a_new_url_by_rest_is_asked_for_its_twiml() -> None:
    url = "https://calls.example/elsewhere"
    result, server = call_with_command(lambda client, sid: client.calls(sid).update(url=url))
    assert len(server.posts("/elsewhere")) == 1
    assert result.error.startswith("11200")


def refusal(work: Callable[[Client, FakeTwilioRest], Any], token: str = TOKEN, **fields: Any) -> int:
    with pytest.raises(TwilioRestException) as refused:
        with_rest(work, token, **fields)
    return refused.value.code


def test_a_call_that_is_over_answers_21220() -> None:
    async def finished(rest: FakeTwilioRest) -> None:
        caller = rest.add(Caller("http://127.0.0.1:1", frm="+1", to="+2", call_sid="CAdone"))
        await caller.run()

    def hang_up(client: Client, rest: FakeTwilioRest) -> Any:
        asyncio.run(finished(rest))
        return client.calls("CAdone").update(status="completed")

    assert refusal(hang_up) == 21220


def test_unknown_calls_and_wrong_tokens_are_refused() -> None:
    assert refusal(lambda client, rest: client.calls("CAx").update(status="completed")) == 20404
    assert refusal(lambda client, rest: client.calls("CAx").fetch(), token="wrong") == 20003


def test_messages_are_kept_and_can_be_looked_up() -> None:
    def send(client: Client, rest: FakeTwilioRest) -> tuple[Any, Any, Any]:
        sent = client.messages.create(to="+972501234567", from_="+97239990001", body="נקבע תור")
        found = client.messages.list(to="+972501234567")
        return sent, found, rest.sms_to("+972501234567")

    sent, found, kept = with_rest(send)
    assert [m.sid for m in found] == [sent.sid] == [m.sid for m in kept]
    assert found[0].body == kept[0].body == "נקבע תור"


def test_a_message_without_a_proper_number_is_refused() -> None:
    assert refusal(lambda client, rest: client.messages.create(to="050", from_="+1", body="x")) == 21211


def test_faults_are_injected_once_each() -> None:
    def send(client: Client, rest: FakeTwilioRest) -> list[str]:
        rest.faults.extend([Fault("error", 503), Fault("lost_answer")])
        outcomes = []
        for _ in range(3):
            try:
                client.messages.create(to="+972501234567", from_="+97239990001", body="x")
                outcomes.append("sent")
            except TwilioRestException as error:
                outcomes.append(str(error.status))
            except OSError as error:
                outcomes.append(type(error).__name__)
        return [*outcomes, str(len(rest.messages))]

    assert with_rest(send) == ["503", "ConnectionError", "sent", "2"]
