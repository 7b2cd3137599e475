"""Scripts make the sandbox's model late, wrong, silent or broken, on request and exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sandbox import coded_audio
from sandbox.realtime import RunningServer, Script, running_server, wait_until
from tests.patience import PATIENCE_S
from tests.sandbox.realtime_client import SILENCE, RealtimeClient, connected, mulaw_session

VOICE = coded_audio.encode(4000, 0, 1000)
VAD = {"create_response": False, "interrupt_response": False}


def commit(client: RealtimeClient) -> str:
    client.append(VOICE)
    client.send("input_audio_buffer.commit")
    return str(client.until("input_audio_buffer.committed")["item_id"])


def transcripts(client: RealtimeClient, count: int) -> list[dict[str, Any]]:
    prefix = "conversation.item.input_audio_transcription."
    found: list[dict[str, Any]] = [e for e in client.seen if e["type"] in (prefix + "completed", prefix + "failed")]
    while len(found) < count:
        event = client.receive()
        if event["type"] in (prefix + "completed", prefix + "failed"):
            found.append(event)
    return found


def test_answers_follow_the_script_and_the_last_one_repeats_under_new_numbers() -> None:
    script = {"answers": [{"text": "Hello!", "length_ms": 100}, {"text": "Yes.", "length_ms": 200}], "first_number": 5}
    with running_server(scripts=[script]) as server, connected(server, mulaw_session()) as client:
        for _ in range(3):
            client.send("response.create")
            client.until("response.done")
    found = [(run.answer, run.end_ms) for run in coded_audio.runs(client.sound)]
    assert found == [(5, 100), (6, 200), (7, 200)]


def test_a_session_gets_the_script_that_its_instructions_name() -> None:
    scripts: list[Script | dict[str, Any]] = [
        {"answers": [{"text": "first"}]},
        {"match": "clinic", "times": 0, "answers": [{"text": "clinic"}]},
        {"answers": [{"text": "second"}]},
    ]
    said = []
    with running_server(scripts=scripts) as server:
        for instructions in ("an office", "a clinic", "an office", "another clinic", "an office"):
            with connected(server, mulaw_session(instructions)) as client:
                client.send("response.create", response={"output_modalities": ["text"]})
                said.append(client.until("response.output_text.done")["text"])
    assert said == ["first", "clinic", "second", "clinic", "This is an answer."]


def test_transcripts_come_late_out_of_order_failed_twice_or_never() -> None:
    script = {
        "transcripts": [
            {"text": "one", "after_next": True},
            {"text": "two", "delay_ms": 5},
            {"failed": "audio_unintelligible"},
            {"never": True},
            {"text": "five", "twice": True, "deltas": False},
        ]
    }
    with running_server(scripts=[script]) as server, connected(server, mulaw_session()) as client:
        items = [commit(client)]
        items.append(commit(client))
        transcripts(client, 2)
        items += [commit(client), commit(client), commit(client)]
        found = transcripts(client, 5)
    names = [(items.index(event["item_id"]), event.get("transcript")) for event in found]
    assert names == [(1, "two"), (0, "one"), (2, None), (4, "five"), (4, "five")]
    assert found[2]["error"]["code"] == "audio_unintelligible"


def test_turns_can_be_scheduled_on_audio_time() -> None:
    script = {"vad": [{"start_ms": 500, "end_ms": 1500}, {"start_ms": 2000, "end_ms": 2600}]}
    with running_server(scripts=[script]) as server, connected(server, mulaw_session(vad=VAD)) as client:
        client.append(SILENCE * 8 * 3000)
        found = [client.until(f"input_audio_buffer.{kind}") for kind in ("speech_started", "speech_stopped") * 2]
    assert [event.get("audio_start_ms", event.get("audio_end_ms")) for event in found] == [200, 1500, 1700, 2600]


def test_a_response_can_fail_stall_or_never_end() -> None:
    script = {
        "answers": [
            {"status": "failed", "error_code": "insufficient_quota"},
            {"length_ms": 2000, "rate": 0, "stall_at_ms": 500},
            {"length_ms": 300, "rate": 0, "never_done": True},
            {"text": "fine", "length_ms": 100},
        ]
    }
    with running_server(scripts=[script]) as server, connected(server, mulaw_session()) as client:
        client.send("response.create")
        failed = client.until("response.done")["response"]
        client.send("response.create")
        client.until("response.output_audio.delta")
        client.send("response.cancel")
        stalled = client.until("response.done")["response"]
        stalled_ms = len(client.sound) / 8
        client.send("response.create")
        client.until("response.output_audio.delta")
        client.send("response.cancel")
        client.until("response.done")
    assert (failed["status"], failed["status_details"]["error"]["code"]) == ("failed", "insufficient_quota")
    assert failed["output"] == []
    assert stalled["status"] == "cancelled"
    assert 500 <= stalled_ms < 2000


def test_one_response_may_hold_several_items() -> None:
    answer = {"text": "Let me look.", "length_ms": 400, "also": [{"text": "Nine is free.", "length_ms": 600}]}
    with running_server(scripts=[{"answers": [answer]}]) as server, connected(server, mulaw_session()) as client:
        client.send("response.create")
        output = client.until("response.done")["response"]["output"]
    assert [item["content"][0]["transcript"] for item in output] == ["Let me look.", "Nine is free."]
    assert coded_audio.runs(client.sound) == [coded_audio.Run(0, 0, 1000, 0)]


def test_the_server_may_insist_on_another_format_or_send_one_nobody_agreed_on() -> None:
    insisting = {"output_format": "audio/pcm", "answers": [{"length_ms": 500, "rate": 0}]}
    lying = {"answers": [{"length_ms": 500, "rate": 0, "format": "audio/pcm"}]}
    for script, shown in ((insisting, "audio/pcm"), (lying, "audio/pcmu")):
        with running_server(scripts=[script]) as server, connected(server) as client:
            assert client.configure(mulaw_session())["audio"]["output"]["format"]["type"] == shown
            client.send("response.create")
            client.until("response.done")
            assert len(client.sound) == pytest.approx(500 * 48, rel=0.02)


def test_the_old_event_names_can_be_asked_for() -> None:
    script = {"old_names": True, "answers": [{"length_ms": 200}]}
    with (
        running_server(scripts=[script]) as server,
        connect(f"{server.realtime_url}?model=m", additional_headers={"Authorization": "Bearer k"}) as socket,
    ):
        for event in ({"type": "session.update", "session": mulaw_session()}, {"type": "response.create"}):
            socket.send(orjson.dumps(event).decode())
        kinds = set()
        while "response.done" not in kinds:
            kinds.add(orjson.loads(socket.recv(timeout=PATIENCE_S))["type"])
    assert {"response.audio.delta", "response.audio_transcript.done", "conversation.item.created"} <= kinds
    assert "response.output_audio.delta" not in kinds


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"when": "audio", "after_ms": 500, "do": "drop"}, None),
        ({"when": "audio", "after_ms": 500, "do": "close", "close_code": 1011}, 1011),
        ({"when": "audio", "after_ms": 500, "do": "expire"}, 1001),
        ({"when": "session_update", "do": "drop"}, None),
    ],
)
def test_the_connection_ends_when_the_script_says_so(fault: dict[str, Any], code: int | None) -> None:
    with running_server(scripts=[{"faults": [fault]}]) as server, connected(server) as client:
        client.send("session.update", session=mulaw_session())
        if fault["when"] == "audio":
            client.append(VOICE[:4000])
        assert client.close_code() == code
        assert server.sessions[0].wait_closed() == (code or 1006)
    expired = [event["error"]["code"] for event in client.seen if event["type"] == "error"]
    assert expired == (["session_expired"] if fault["do"] == "expire" else [])


def test_the_connection_can_break_in_the_middle_of_an_answer() -> None:
    faults = [{"when": "answer", "nth": 1, "after_ms": 400, "do": "drop"}]
    script = {"answers": [{"length_ms": 100}, {"length_ms": 4000, "rate": 4}], "faults": faults}
    with running_server(scripts=[script, {}]) as server, connected(server, mulaw_session()) as client:
        client.send("response.create")
        client.until("response.done")
        client.send("response.create")
        assert client.close_code() is None
        with connected(server, mulaw_session()) as again:
            again.send("response.create")
            again.until("response.done")
    assert len(server.sessions) == 2


def test_strange_messages_can_be_put_into_the_stream() -> None:
    faults = [
        {"when": "audio", "after_ms": ms, "do": do} for ms, do in ((100, "garbage"), (200, "binary"), (300, "error"))
    ]
    with running_server(scripts=[{"faults": faults}]) as server, connected(server, mulaw_session()) as client:
        client.append(VOICE)
        assert b"delta" in raw(client)
        assert raw(client) == b"\x00\x01\x02\x03"
        assert client.error()["code"] == "server_error"
        server.sessions[0].send({"type": "session.weather_report"})
        assert b"weather" in raw(client)


def raw(client: RealtimeClient) -> bytes:
    message = client.receive_raw()
    return message.encode() if isinstance(message, str) else message


def test_a_mute_server_keeps_the_connection_and_says_nothing() -> None:
    faults = [{"when": "session_update", "do": "mute"}]
    with running_server(scripts=[{"faults": faults}]) as server, connected(server) as client:
        client.send("session.update", session=mulaw_session())
        server.sessions[0].wait_received("session.update")
        with pytest.raises(TimeoutError):
            client.receive(timeout_s=0.2)
        assert server.sessions[0].is_open


def test_handshakes_are_refused_and_delayed_in_order() -> None:
    scripts: list[Script | dict[str, Any]] = [
        {"handshake": {"status": 429}, "times": 2},
        {"handshake": {"delay_ms": 200}, "answers": [{"text": "at last"}]},
    ]
    with running_server(scripts=scripts) as server:
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused, connected(server):
                pass
            assert refused.value.response.status_code == 429
        began = time.monotonic()
        with connected(server, mulaw_session()) as client:
            assert time.monotonic() - began >= 0.2
            client.send("response.create", response={"output_modalities": ["text"]})
            assert client.until("response.output_text.done")["text"] == "at last"


def test_a_session_ends_at_its_limit() -> None:
    with running_server(scripts=[{"session_limit_ms": 50}]) as server, connected(server, mulaw_session()) as client:
        assert client.error()["code"] == "session_expired"
        assert client.close_code() == 1001


def test_faults_happen_on_the_spot_too() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        server.sessions[0].do(Script.model_validate({"faults": [{"when": "audio", "do": "expire"}]}).faults[0])
        assert client.close_code() == 1001
        assert server.sessions[0].wait_closed() == 1001


def test_records_keep_what_was_received_and_sent() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.append(VOICE)
        client.send("response.create", event_id="ask")
        client.until("response.done")
        record = server.sessions[0]
        assert record.wait_received("response.create")["event_id"] == "ask"
        record.wait_audio_ms(1000)
        assert bytes(record.received_audio) == VOICE
        assert (record.append_count, record.delta_bytes) == (50, 16000)
        assert record.headers["authorization"] == "Bearer test"
        assert record.is_open
    assert record.wait_closed() == 1000


def post(url: str, body: Any, method: str = "POST") -> Any:
    request = urllib.request.Request(url, data=orjson.dumps(body), method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return orjson.loads(answer.read())


def test_another_process_controls_it_over_http(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_bytes(orjson.dumps([{"match": "office", "answers": [{"text": "from the file"}]}]))
    command = [sys.executable, "-m", "sandbox.realtime", "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = int(line.split("127.0.0.1:")[1].split("/")[0])
            control = f"http://127.0.0.1:{port}/control"
            server = Remote(f"ws://127.0.0.1:{port}/v1/realtime")
            post(f"{control}/scripts", {"match": "clinic", "script": {"answers": [{"text": "posted"}]}})
            said = {}
            for place in ("clinic", "office"):
                with connected(server, mulaw_session(f"a {place}")) as client:  # type: ignore[arg-type]
                    client.send("response.create", response={"output_modalities": ["text"]})
                    said[place] = client.until("response.output_text.done")["text"]
            seen = post(f"{control}/sessions?match=clinic&events=1", None, "GET")
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(f"{control}/scripts", {"answers": [{"txet": "misspelt"}]})
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=PATIENCE_S)
    assert said == {"clinic": "posted", "office": "from the file"}
    assert len(seen) == 1
    assert "response.create" in [one["event"]["type"] for one in seen[0]["received"]]
    assert refused.value.code == 400
    assert code == 0


class Remote:
    """Where a server in another process listens."""

    def __init__(self, realtime_url: str) -> None:
        self.realtime_url = realtime_url


def test_a_taken_port_is_said_in_one_line() -> None:
    with running_server() as server:
        command = [sys.executable, "-m", "sandbox.realtime", "--port", str(server.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(server.port) in done.stderr


def test_waiting_gives_up_with_its_reason() -> None:
    with pytest.raises(TimeoutError, match="a pig that flies"):
        wait_until(lambda: False, timeout_s=0.01, what="a pig that flies")


def test_many_sessions_stay_apart() -> None:
    with running_server(scripts=[{"times": 0, "answers": [{"length_ms": 400}]}]) as server:
        heard = [talk(server, number) for number in range(5)]
    assert heard == [[(0, 400), (1, 400)]] * 5


def talk(server: RunningServer, number: int) -> list[tuple[int, int]]:
    with connected(server, mulaw_session(f"session {number}")) as client:
        for _ in range(2):
            client.send("response.create")
            client.until("response.done")
        return [(run.answer, run.end_ms) for run in coded_audio.runs(client.sound)]
