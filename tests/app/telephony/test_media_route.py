"""The media socket as Twilio opens it: signature, token, one use; drain and resume; admission. gevent and threads."""

from __future__ import annotations

import base64
import json
import socket as socket_module
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.realtime import RunningServer as Model
from services.db.models import CallStatus
from tests.app.telephony.test_webhooks import new_sid, ring, row, token_of, verbs
from tests.conftest import ServerMaker
from tests.patience import PATIENCE_S
from tests.serving import OFFICE, PUBLIC_BASE, RunningServer, sign, wait_until

MEDIA = "/ws/twilio-media"
WSS = PUBLIC_BASE.replace("https", "wss") + MEDIA
SILENCE = base64.b64encode(b"\xff" * 160).decode()


@pytest.fixture(params=["gevent", "gthread"])
def worker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def upgrade(server: RunningServer, *, path: str = MEDIA, signed_for: str | None = WSS) -> Iterator[ClientConnection]:
    headers = {"X-Twilio-Signature": sign(signed_for, {})} if signed_for else {}
    url = server.url.replace("http", "ws") + path
    with connect(url, additional_headers=headers, compression=None, open_timeout=PATIENCE_S) as socket:
        yield socket


def start(sid: str, token: str) -> list[str]:
    """The first two messages of a stream."""
    details = {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    return [
        json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}),
        json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": details}),
    ]


def close_code(socket: ClientConnection) -> int:
    """How the server closes, whatever it sends before."""
    with pytest.raises(ConnectionClosed) as closed:
        deque(iter(partial(socket.recv, timeout=PATIENCE_S), None), maxlen=0)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def begin_call(server: RunningServer, socket: ClientConnection, sid: str, number: str = OFFICE) -> None:
    """Ring, start the stream and wait for the greeting's first sound."""
    for message in start(sid, token_of(ring(server, sid, number))):
        socket.send(message)
    assert json.loads(socket.recv(timeout=PATIENCE_S))["event"] in {"media", "mark"}


def live(server: RunningServer, sid: str) -> bool:
    call = row(server, sid)
    return call is not None and call.status is CallStatus.LIVE


@pytest.mark.parametrize("path", [MEDIA, f"{MEDIA}/"])
@pytest.mark.parametrize("signed_for", [WSS, f"{WSS}/", WSS.replace(".com/", ".com:443/")])
def test_an_upgrade_signed_over_the_wss_url_is_accepted_in_every_spelling(
    server: RunningServer, path: str, signed_for: str
) -> None:
    with upgrade(server, path=path, signed_for=signed_for) as socket:
        assert socket.response is not None
        assert socket.response.status_code == 101
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


@pytest.mark.parametrize("path", [MEDIA, f"{MEDIA}/"])
@pytest.mark.parametrize("signed_for", [None, WSS.replace("wss", "https"), WSS.replace("phone", "other"), f"{WSS}?a=1"])
def test_an_upgrade_without_twilios_signature_gets_403_before_the_101(
    server: RunningServer, path: str, signed_for: str | None
) -> None:
    with pytest.raises(InvalidStatus) as refused, upgrade(server, path=path, signed_for=signed_for):
        pass
    assert refused.value.response.status_code == 403


def test_a_plain_request_for_the_socket_is_refused(server: RunningServer) -> None:
    assert server.get(MEDIA).status == 403


@pytest.mark.parametrize("wrong", ["missing", "garbage", "of another call", "damaged", "used"])
def test_a_stream_without_a_valid_token_is_closed_1008_and_no_model_is_called(
    server: RunningServer, model: Model, wrong: str
) -> None:
    sid, other = new_sid(), new_sid()
    token = token_of(ring(server, sid))
    if wrong == "used":
        with upgrade(server) as first:
            for message in start(sid, token):
                first.send(message)
            wait_until(lambda: live(server, sid))
    wait_until(lambda: "assistant_live_calls 0.0" in server.get("/metrics").body)
    sessions = len(model.sessions)
    given = {"missing": "", "garbage": "x", "of another call": token_of(ring(server, other)), "damaged": token[:-1]}
    with upgrade(server) as socket:
        for message in start(sid, given.get(wrong, token)):
            socket.send(message)
        assert close_code(socket) == 1008
    assert len(model.sessions) == sessions
    assert wrong == "used" or not live(server, sid)
    assert "Traceback" not in server.logs()


def test_a_call_is_answered_and_its_row_follows_it(server: RunningServer) -> None:
    sid = new_sid()
    with upgrade(server) as socket:
        begin_call(server, socket, sid)
        assert live(server, sid)
        assert "assistant_live_calls 1.0" in server.get("/metrics").body
        socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": sid}}))
        assert close_code(socket) == 1000
    call = row(server, sid)
    assert call is not None
    assert (call.status, call.end_reason) == (CallStatus.ENDED, "caller_hangup")
    wait_until(lambda: "assistant_live_calls 0.0" in server.get("/metrics").body)
    assert 'assistant_calls_ended_total{reason="caller_hangup"}' in server.get("/metrics").body
    assert verbs(server.post("/webhook/resume_call", {"CallSid": sid})) == ["Hangup"]
    server.wait_log(f"[{sid}] [CALL_METRICS] stt_utterances=")


def test_at_sigterm_a_live_call_is_let_go_and_another_server_goes_on_with_it(
    make_server: ServerMaker, model: Model, worker: str
) -> None:
    server = make_server(worker=worker, OPENAI_REALTIME_URL=model.realtime_url)
    successor = make_server(worker=worker, database_url=server.database_url, OPENAI_REALTIME_URL=model.realtime_url)
    sids = [new_sid() for _ in range(3)]
    with upgrade(server) as a, upgrade(server) as b, upgrade(server) as c:
        for sid, socket in zip(sids, (a, b, c), strict=True):
            begin_call(server, socket, sid)
        server.terminate()
        assert [close_code(socket) for socket in (a, b, c)] == [1001, 1001, 1001]
    assert server.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in server.logs()
    for sid in sids:
        answer = successor.post("/webhook/resume_call", {"CallSid": sid, "CallStatus": "in-progress"})
        assert verbs(answer) == ["Connect", "Redirect"]
    with upgrade(successor) as socket:
        for message in start(sids[-1], token_of(answer)):
            socket.send(message)
        wait_until(lambda: live(successor, sids[-1]))


def test_above_its_limit_a_worker_sends_new_calls_to_the_fallback(
    make_server: ServerMaker, model: Model, worker: str
) -> None:
    server = make_server(worker=worker, OPENAI_REALTIME_URL=model.realtime_url, MAX_CALLS_PER_WORKER="1")
    first, second, third = new_sid(), new_sid(), new_sid()
    with upgrade(server) as stranger, upgrade(server) as socket:
        begin_call(server, socket, first)  # a socket that is nobody's call takes no place
        refused = ring(server, second, OFFICE)
        assert verbs(refused) == ["Play", "Record", "Hangup"]
        assert ring(server, second, OFFICE).body == refused.body
        assert verbs(ring(server, first, OFFICE)) == ["Connect", "Redirect"]
        call = row(server, second)
        assert call is not None
        assert (call.end_reason, call.ended_at) == ("overload", None), "over when the message is (L10)"
        stranger.close()
    wait_until(lambda: "assistant_live_calls 0.0" in server.get("/metrics").body)
    assert ring(server, second, OFFICE).body == refused.body
    assert verbs(ring(server, third, OFFICE)) == ["Connect", "Redirect"]


def test_nonsense_on_one_socket_leaves_another_call_alone(server: RunningServer) -> None:
    sid = new_sid()
    with upgrade(server) as good:
        begin_call(server, good, sid)
        for nonsense in ("{", "[]", '{"event":7}', b"\x00\xff", "x" * 70_000, '{"event":"media"}'):
            with upgrade(server) as bad:
                bad.send(nonsense)
                bad.send(nonsense)
        with upgrade(server) as bad:
            bad.socket.shutdown(socket_module.SHUT_RDWR)
        for _ in range(5):
            media = {"track": "inbound", "chunk": "1", "timestamp": "1", "payload": SILENCE}
            good.send(json.dumps({"event": "media", "streamSid": "MZ1", "media": media}))
        assert json.loads(good.recv(timeout=PATIENCE_S))["event"] in {"media", "mark"}
        assert live(server, sid)
    assert "Traceback" not in server.logs()


def test_a_stream_that_reaches_a_full_worker_finds_its_place_at_another(make_server: ServerMaker, model: Model) -> None:
    """The webhook was answered where there was room; which worker gets the socket is nobody's choice (W11)."""
    full = make_server(OPENAI_REALTIME_URL=model.realtime_url, MAX_CALLS_PER_WORKER="1")
    free = make_server(database_url=full.database_url, OPENAI_REALTIME_URL=model.realtime_url)
    first, second = new_sid(), new_sid()
    with upgrade(full) as live_call, upgrade(full) as refused, upgrade(free) as taken:
        begin_call(full, live_call, first)
        answer = ring(free, second, OFFICE)
        for message in start(second, token_of(answer)):
            refused.send(message)
        assert close_code(refused) == 1008
        again = free.post("/webhook/resume_call", {"CallSid": second, "CallStatus": "in-progress"})
        assert verbs(again) == ["Connect", "Redirect"]
        for message in start(second, token_of(again)):
            taken.send(message)
        wait_until(lambda: live(free, second))
        assert "assistant_live_calls 1.0" in full.get("/metrics").body
