"""A call in progress is ended or handed over by somebody who watches it, whichever worker carries it."""

from __future__ import annotations

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from services.calls.events import request_action
from services.db.models import Call, NextStep
from tests.app.telephony.test_media_route import SILENCE, begin_call, upgrade
from tests.app.telephony.test_webhooks import new_sid, row
from tests.patience import PATIENCE_S
from tests.serving import RunningServer, wait_until


def ask(server: RunningServer, sid: str, action: str) -> None:
    call = row(server, sid)
    assert call is not None
    asked = server.database.write(
        lambda s: request_action(s, business_id=call.business_id, call_id=call.id, action=action)
    )
    assert asked


def hold_the_line(socket: ClientConnection) -> None:
    """Be a silent caller who hears everything to its end, until the stream is closed."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.send(json.dumps({"event": "media", "media": {"track": "inbound", "payload": SILENCE}}))
            message = json.loads(socket.recv(timeout=0.02))
        except TimeoutError:
            continue
        except ConnectionClosed:
            return
        if message["event"] == "mark":
            socket.send(json.dumps({"event": "mark", "mark": message["mark"]}))
    raise AssertionError("the stream was not closed")


def ended(server: RunningServer, sid: str) -> Call:
    def found() -> Call | None:
        call = row(server, sid)
        return call if call is not None and call.ended_at is not None else None

    call = wait_until(found, 30, "the call has ended")
    assert call is not None
    return call


def decided(server: RunningServer, sid: str) -> Call:
    def found() -> Call | None:
        call = row(server, sid)
        return call if call is not None and call.end_reason else None

    call = wait_until(found, 30, "what comes next is decided")
    assert call is not None
    return call


@pytest.mark.parametrize(
    ("action", "reason", "steps"),
    [
        ("end", "ended_by_staff", {NextStep.HANG_UP}),
        # By the hours of the office; over when the transfer or the message is (L10).
        ("hand_over", "hand_over", {NextStep.DIAL, NextStep.VOICEMAIL}),
    ],
)
def test_a_live_call_does_what_was_asked_of_it_once(
    server: RunningServer, action: str, reason: str, steps: set[NextStep]
) -> None:
    sid = new_sid()
    with upgrade(server) as socket:
        begin_call(server, socket, sid)
        ask(server, sid, action)
        hold_the_line(socket)
    call = decided(server, sid)
    assert call.end_reason == reason
    assert call.requested_action is None
    assert call.next_step in steps
    assert (call.ended_at is not None) == (action == "end")


def test_another_call_of_the_worker_is_left_alone(server: RunningServer) -> None:
    sid, other = new_sid(), new_sid()
    with upgrade(server) as socket, upgrade(server) as neighbour:
        begin_call(server, socket, sid)
        begin_call(server, neighbour, other)
        ask(server, sid, "end")
        hold_the_line(socket)
        ended(server, sid)
        untouched = row(server, other)
        assert untouched is not None
        assert untouched.ended_at is None
