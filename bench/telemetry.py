"""What traces cost a worker, off and on: `python -m bench.telemetry` (O4). The table of docs/telemetry.md.

On: a collector on this machine that takes everything, and one that never answers.
"""

from __future__ import annotations

import socketserver
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.settings import ROOT, load_settings
from app.telemetry.build_info import read_build_info
from app.telemetry.otlp import Collector
from app.telemetry.outside import make_traces
from app.telemetry.traces import BATCH_SPANS, Span, StreamTrace
from app.telephony.call_deps import WorkerDeps
from bench.markdown import table
from services.calls.context import CallContext, ResumeState, TurnRecord

TURNS = 20_000
BATCHES = 200
RECORD = TurnRecord(1, "agent", "words", heard_ms=900, total_ms=1000, latency={"total": 800.0, "model": 500.0})


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


class _NeverAnswers(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        threading.Event().wait()


def a_call() -> CallContext:
    """As much of a call as a trace looks at."""
    call = CallContext.__new__(CallContext)
    known = {"call_sid": "CA" + "0" * 32, "business_id": 1, "is_test": False, "language": "he", "answer_languages": ()}
    for name, value in {**known, "resume": ResumeState()}.items():
        object.__setattr__(call, name, value)
    return call


def microseconds(act: Callable[[TurnRecord], None]) -> float:
    """Of one turn, the median of several runs. Numbers differ, so that none is taken for a repetition."""
    runs = []
    for run in range(5):
        records = [
            TurnRecord(run * TURNS + seq, "agent", "words", heard_ms=900, latency=RECORD.latency)
            for seq in range(TURNS)
        ]
        began = time.perf_counter()
        for record in records:
            act(record)
        runs.append((time.perf_counter() - began) / TURNS * 1e6)
    return statistics.median(runs)


def off() -> float:
    """A turn's way through a worker without a collector."""
    deps = WorkerDeps.__new__(WorkerDeps)
    deps.__dict__["_trace"] = None
    return microseconds(deps.turn_over)


def on(url: str) -> float:
    """The call's share with a collector at `url`; what finds no place in line is lost."""
    traces = make_traces(load_settings(otel_exporter_otlp_endpoint=url), read_build_info())
    assert traces is not None
    traces.start()
    return microseconds(traces.stream(a_call()).turn)


def batch_ms(url: str) -> float:
    """Processor time of one full request: what the worker's loop spends on it, in pieces."""
    spans: list[Span] = []
    told = StreamTrace(a_call(), time.time_ns(), time.time_ns, spans.append)
    for seq in range(BATCH_SPANS):
        told.turn(TurnRecord(seq, "agent", "", heard_ms=900, latency=RECORD.latency))
    collector = Collector(url, {}, {"service.name": "bench", "service.version": "0"})
    collector.send(spans)
    began = time.thread_time()
    for _ in range(BATCHES):
        assert collector.send(spans)
    return (time.thread_time() - began) / BATCHES * 1000


def start_of_a_worker(environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and MiB of a process that has made the app."""
    code = "import app.factory as f, resource; f.create_app(f.load_settings()); "
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    seconds, sizes = [], []
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "SECRET_KEY": "0" * 32, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(time.perf_counter() - began)
        sizes.append(float(done.stdout))
    return statistics.median(seconds), statistics.median(sizes)


def main() -> None:
    takes = ThreadingHTTPServer(("127.0.0.1", 0), _Takes)
    dead = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _NeverAnswers)
    for server in (takes, dead):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    alive_url, dead_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in (takes, dead))
    without_s, without_mib = start_of_a_worker({})
    with_s, with_mib = start_of_a_worker({"OTEL_EXPORTER_OTLP_ENDPOINT": alive_url})
    rows = [
        ["a turn", f"{off():.2f} µs", f"{on(alive_url):.0f} µs", f"{on(dead_url):.0f} µs"],
        ["a frame", "nothing", "nothing", "nothing"],
        [f"a request of {BATCH_SPANS} spans, processor time", "–", f"{batch_ms(alive_url):.1f} ms", "–"],
        ["start of a worker", f"{without_s:.1f} s", f"{with_s:.1f} s", ""],
        ["memory of a worker", f"{without_mib:.0f} MiB", f"{with_mib:.0f} MiB", ""],
    ]
    print(table(["", "off", "on", "on, the collector is dead"], rows))


if __name__ == "__main__":
    main()
