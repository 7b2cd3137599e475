"""Traces as a collector gets them over HTTP: a call is one, a turn a span; a dead collector costs nothing (O4)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog

from app.settings import Settings, SettingsError, load_settings
from app.telemetry import prometheus
from app.telemetry.build_info import BuildInfo
from app.telemetry.outside import make_traces
from app.telemetry.traces import QUEUE_SPANS, Traces, trace_id
from media.metrics import CallMetrics
from sandbox.twilio.scenario import load_scenario
from sandbox.twilio.stage import stage
from services.calls.context import CallContext, ResumeState, TurnRecord
from tests.app.telemetry.receiver import Receiver, receiver
from tests.app.telemetry.test_personal_data import NAME, canaries, found_in
from tests.places import ROOT, SCENARIOS
from tests.serving import wait_until

BUILD = BuildInfo("1.2.3", "c" * 40, "")
SID = "CA" + "7" * 32


def context(generation: int = 0, begins_ms: int = 0) -> CallContext:
    """As much of a call as a trace looks at."""
    blank = CallContext.__new__(CallContext)
    known = {
        "call_sid": SID,
        "business_id": 42,
        "is_test": False,
        "language": "he",
        "answer_languages": ("he", "en"),
        "resume": ResumeState(generation=generation, begins_ms=begins_ms),
    }
    for name, value in known.items():
        object.__setattr__(blank, name, value)
    return blank


def traces_to(got: Receiver, **changes: str) -> Traces:
    settings = Settings(otel_exporter_otlp_endpoint=got.url, **changes)
    traces = make_traces(settings, BUILD)
    assert traces is not None
    return traces


def told_turn(seq: int, role: str = "agent", **changes: object) -> TurnRecord:
    fields: dict[str, object] = {"heard_ms": 900, "total_ms": 1000, "started_ms": 2000, **changes}
    return TurnRecord(seq, role, "סודי מאוד", **fields)  # type: ignore[arg-type]


def test_a_call_arrives_as_one_trace_whose_spans_are_its_turns() -> None:
    with receiver() as got:
        traces = traces_to(got, otel_exporter_otlp_headers="authorization=Bearer%20secret,x-tenant=7")
        traces.start()
        stream = traces.stream(context())
        stream.turn(told_turn(1, "caller", started_ms=500, heard_ms=700))
        latency = {"total": 812.5, "model": 500.0}
        stream.turn(told_turn(2, interrupted=True, latency=latency))
        stream.turn(told_turn(2, interrupted=True, latency=latency))
        stream.ended(CallMetrics(barge_in_events=1, seconds=12.34), "caller_hangup")
        traces.stop(timeout_s=20)
    caller, agent, call = got.spans
    assert {span.trace for span in got.spans} == {trace_id(SID).hex()}
    assert (call.name, call.parent, call.failed) == ("call", "", False)
    assert (caller.name, caller.parent) == ("turn caller", call.span)
    assert (agent.name, agent.parent) == ("turn agent", call.span)
    assert caller.begins_ns - call.begins_ns == 500_000_000
    assert caller.ends_ns - caller.begins_ns == 700_000_000
    assert agent.attributes == {
        "business.id": 42,
        "call.id_hash": trace_id(SID).hex(),
        "call.stream": 0,
        "turn.seq": 2,
        "turn.role": "agent",
        "turn.heard_ms": 900,
        "turn.total_ms": 1000,
        "turn.interrupted": True,
        "answer.total_ms": 812.5,
        "answer.model_ms": 500.0,
    }
    assert call.attributes["call.interruptions"] == 1
    assert call.attributes["call.end_reason"] == "caller_hangup"
    assert got.resources[0]["service.name"] == "ai-call-assistant"
    assert got.resources[0]["service.version"] == "1.2.3"
    assert got.headers[0]["authorization"] == "Bearer secret"
    assert got.headers[0]["x-tenant"] == "7"
    assert "סודי" not in got.text
    assert SID not in got.text


def test_a_stream_on_another_worker_goes_on_in_the_same_trace() -> None:
    with receiver() as got:
        first, second = traces_to(got), traces_to(got)
        for traces in (first, second):
            traces.start()
        first.stream(context()).ended(CallMetrics(), "stream_lost")
        first.stop(timeout_s=20)
        resumed = second.stream(context(generation=1, begins_ms=8000))
        resumed.turn(told_turn(1, started_ms=9000))
        resumed.ended(CallMetrics(), "caller_hangup")
        second.stop(timeout_s=20)
    call, turn, stream = got.spans
    assert len({span.trace for span in got.spans}) == 1
    assert len({span.span for span in got.spans}) == 3
    assert (call.name, call.failed) == ("call", True)
    assert (stream.name, stream.parent) == ("call resumed", call.span)
    assert turn.parent == stream.span
    assert turn.begins_ns - stream.begins_ns == 1_000_000_000, "on the time line of the whole call"


def lost() -> float:
    return prometheus.SPANS_LOST._value.get()


def test_a_collector_that_never_answers_holds_nobody_up_and_its_line_is_bounded() -> None:
    with receiver(hangs=True) as got:
        traces = traces_to(got)
        traces.start()
        stream = traces.stream(context())
        stream.turn(told_turn(0))
        wait_until(lambda: got.asked, what="the collector was asked")
        before, began = lost(), time.monotonic()
        for seq in range(1, QUEUE_SPANS + 501):
            stream.turn(told_turn(seq))
        took_s = time.monotonic() - began
        assert lost() - before == 500
        assert took_s < 2.0, "some 10 µs a span"
        got.release.set()
        traces.stop(timeout_s=60)
        assert len(got.spans) == QUEUE_SPANS + 1, "what found a place arrives once it answers"


def test_a_collector_that_is_not_there_is_told_of_once() -> None:
    answers = iter([False, False, True, True, False])
    sizes: list[int] = []

    def send(spans: object) -> bool:
        sizes.append(len(spans))  # type: ignore[arg-type]
        return next(answers)

    with structlog.testing.capture_logs() as logs:
        traces = Traces(send)
        traces.start()
        stream = traces.stream(context())
        for seq in range(5):
            stream.turn(told_turn(seq))
            wait_until(lambda seq=seq: len(sizes) == seq + 1)
        traces.stop(timeout_s=20)
    said = [line["event"] for line in logs if "collector" in line["event"]]
    assert [("takes none" in line) for line in said] == [True, False, True]


def test_without_its_packages_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    monkeypatch.delitem(sys.modules, "app.telemetry.otlp", raising=False)
    with pytest.raises(SettingsError, match=r"pip install -r requirements-telemetry\.txt"):
        make_traces(Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:1"), BUILD)


@pytest.mark.parametrize("installed", [True, False])
def test_when_it_is_off_nothing_of_it_is_imported_or_needed(seeded_url: str, installed: bool) -> None:
    """Redis's client looks for OpenTelemetry by itself; what tells others of calls is not there."""
    code = (
        "import sys\n"
        + ("" if installed else "sys.modules.update(opentelemetry=None, sentry_sdk=None)\n")
        + "from app.factory import application\n"
        "app = application()\n"
        "ours = ('app.telemetry.otlp', 'app.telemetry.error_reports', 'sentry_sdk', 'opentelemetry.sdk.trace')\n"
        "print([one for one in ours if sys.modules.get(one)])\n"
        "print(app.extensions['assistant'].traces, app.extensions['error_reports'])\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATABASE_URL": seeded_url, "SECRET_KEY": "s" * 32}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["[]", "None None"]


@pytest.mark.parametrize("value", ["collector:4318", "grpc://collector:4317", "http://"])
def test_an_address_that_is_none_refuses_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        load_settings(otel_exporter_otlp_endpoint=value)


@pytest.mark.parametrize("value", ["", "no equals sign", "a=b,c"])
def test_headers_that_are_none_refuse_the_start_and_are_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match=r"OTEL_EXPORTER_OTLP_HEADERS=\(hidden\)"):
        load_settings(otel_exporter_otlp_headers=value)


@pytest.mark.slow
@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_a_whole_call_is_one_trace_with_its_turns_and_nothing_of_anybody(tmp_path: Path, worker: str) -> None:
    """Booked by voice and keys, in a worker of gunicorn: names, numbers and words stay where they are."""
    with receiver() as got:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": got.url, "SENTRY_DSN": got.dsn}
        with stage(tmp_path, environment=environment, worker=worker) as running:
            played = canaries(load_scenario(SCENARIOS / "booking_by_voice_and_keypad.toml"), got.url)
            (report,) = asyncio.run(running.runner().run_all([played]))
            logs = running.logs()
        # What was in line when the worker went is here.
    assert [one["name"] for one in report.stored["appointments"]] == [NAME], report.text()
    assert len({span.trace for span in got.spans}) == 1
    (call,) = [span for span in got.spans if span.name == "call"]
    turns = [span for span in got.spans if span.name.startswith("turn ")]
    assert {span.parent for span in turns} == {call.span}
    assert len(turns) == call.attributes["call.turns"] >= 4
    assert {span.attributes["turn.role"] for span in turns} == {"caller", "agent"}
    assert any(span.attributes.get("answer.total_ms", 0) > 0 for span in turns)
    assert all(call.begins_ns <= span.begins_ns <= call.ends_ns for span in turns)
    assert found_in(got.text) == set()
    assert f"trace={call.trace}" in logs


@pytest.mark.slow
def test_a_call_does_not_notice_a_collector_and_a_server_for_errors_that_never_answer(tmp_path: Path) -> None:
    with receiver(hangs=True) as dead:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": dead.url, "SENTRY_DSN": dead.dsn}
        with stage(tmp_path, environment=environment) as running:
            scenario = load_scenario(SCENARIOS / "booking_by_voice_and_keypad.toml")
            (report,) = asyncio.run(running.runner().run_all([scenario]))
            began = time.monotonic()
        ended_s = time.monotonic() - began
        assert report.passed, report.text()
        assert dead.asked
        assert ended_s < 15, "half a second for each of the two at the end of the worker"
