"""Health, version, metrics, and the way out at SIGTERM; under gevent and under plain threads."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.telemetry.build_info import read_build_info
from services.accounts.seed import seed_demo
from services.db.database import Database
from services.db.migration import migrate
from tests.app.telephony.test_webhooks import RESUME, new_sid, ring, row, verbs
from tests.conftest import ServerMaker
from tests.patience import PATIENCE_S
from tests.services.db.fixtures import new_postgres_database
from tests.serving import CALLER, CLINIC, ROOT, RunningServer, wait_until


class Forwarder:
    """A TCP forwarder in front of a database, that can be cut and mended."""

    def __init__(self, url: str) -> None:
        target = make_url(url)
        self._target = (target.host or "127.0.0.1", target.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self._pairs: list[socket.socket] = []
        there = target.set(host="127.0.0.1", port=self._listener.getsockname()[1])
        self.url = there.render_as_string(hide_password=False)

    def __enter__(self) -> Forwarder:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        self._open = False
        for end in self._pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def mend(self) -> None:
        self._open = True

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self._open:
                    client.close()
                    continue
                server = socket.create_connection(self._target)
                self._pairs += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def test_version_tells_the_build_and_its_state(server: RunningServer) -> None:
    answer = server.get("/version")
    assert answer.status == 200
    found = json.loads(answer.body)
    assert set(found) == {"version", "commit", "started_at", "status"}
    assert found["version"] == read_build_info().version
    assert found["status"] == "ok"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["started_at"])


def test_the_commit_is_the_one_that_is_checked_out() -> None:
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        assert read_build_info().commit == asked.stdout.strip()


def test_a_copy_without_git_says_that_its_commit_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "9.8.7"\n')
    found = read_build_info(tmp_path)
    assert (found.version, found.commit) == ("9.8.7", "unknown")


def test_a_packed_reference_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1"\n')
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n")
    assert read_build_info(tmp_path).commit == "a" * 40
    (tmp_path / ".git" / "HEAD").write_text("b" * 40)
    assert read_build_info(tmp_path).commit == "b" * 40


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_probes_get_a_200(server: RunningServer, path: str) -> None:
    assert server.get(path).status == 200


def test_metrics_are_prometheus_text_with_what_was_counted(server: RunningServer) -> None:
    ring(server, new_sid(), "+97231111111")
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'assistant_calls_total{kind="unknown_number"}' in answer.body
    assert 'assistant_webhooks_total{endpoint="incoming_call",status="200"}' in answer.body
    assert "assistant_live_calls 0.0" in answer.body
    assert "assistant_frames_forwarded_to_realtime_total" in answer.body
    assert CALLER not in answer.body


def test_two_workers_answer_for_each_other_at_metrics(make_server: ServerMaker) -> None:
    server = make_server(WEB_CONCURRENCY="2")
    for _ in range(20):
        ring(server, new_sid(), "+97231111111")
    count = re.search(r'calls_total\{kind="unknown_number"\} ([\d.]+)', server.get("/metrics").body)
    assert count is not None
    assert float(count.group(1)) == 20


@pytest.mark.slow
@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_a_database_that_cannot_be_reached_makes_the_server_unready_but_alive(
    make_server: ServerMaker, worker: str
) -> None:
    with new_postgres_database() as url, Forwarder(url) as forwarder:
        direct = Database(url)
        migrate(direct)
        seed_demo(direct)
        server = make_server(worker=worker, database_url=forwarder.url)
        assert "<Connect" in ring(server, new_sid()).body
        forwarder.cut()
        assert wait_until(lambda: server.get("/readyz").status == 503)
        assert server.get("/healthz").status == 200
        answer = ring(server, new_sid())
        assert (answer.status, "<Hangup" in answer.body) == (200, True)
        assert verbs(server.post(RESUME, {"CallSid": new_sid()})) == ["Play", "Pause", "Redirect"]
        assert verbs(server.post(f"{RESUME}?tries=8", {"CallSid": new_sid()})) == ["Play", "Hangup"]
        assert verbs(server.post(RESUME, {"CallSid": new_sid(), "DialCallStatus": "busy"})) == ["Play", "Hangup"]
        late = new_sid()
        assert server.post("/webhook/call_status", {"CallSid": late, "CallStatus": "completed"}).status == 204
        forwarder.mend()
        assert wait_until(lambda: server.get("/readyz").status == 200)
        assert "<Connect" in ring(server, late).body
        server.stop()
        direct.dispose()


@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_sigterm_makes_a_worker_unready_and_turns_new_calls_away(make_server: ServerMaker, worker: str) -> None:
    server = make_server(worker=worker)
    before = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    before.request("GET", "/readyz")
    assert before.getresponse().read() == b'{"status":"ready"}\n'
    server.terminate()
    server.wait_log("Handling signal: term")
    before.request("GET", "/readyz")
    answer = before.getresponse()
    assert (answer.status, json.loads(answer.read())) == (503, {"status": "draining"})
    assert server.process.wait(PATIENCE_S) == 0


def test_a_worker_writes_what_webhooks_left_behind_before_it_ends(make_server: ServerMaker) -> None:
    server = make_server()
    sids = [new_sid() for _ in range(20)]
    for sid in sids:
        ring(server, sid, CLINIC)
        server.post("/webhook/call_status", {"CallSid": sid, "CallStatus": "completed"})
    server.terminate()
    assert server.process.wait(PATIENCE_S) == 0
    for sid in sids:
        call = row(server, sid)
        assert call is not None
        assert call.ended_at is not None


def test_the_release_command_migrates_an_empty_database(tmp_path: Path) -> None:
    import sys

    from services.db.database import Database
    from tests.serving import environment

    url = f"sqlite:///{tmp_path}/new/app.db"
    command = [sys.executable, "-m", "app.commands.migrate"]
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=environment(url), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    Database(url).ping()
