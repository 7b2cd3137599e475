"""The servers that the load bench can start, each on the first core: ours and the references of bench/peers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.peers.environment import ROOT, python_of

START_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A running server: its port, the processes whose CPU and memory count, and what sets it apart."""

    port: int
    pids: list[int]
    webhook: bool = False  # is asked for each call, like Twilio does
    paced: bool = True  # sends an answer as fast as it is played; else gaps between frames say nothing
    lossy: bool = False  # resamples, so that the bytes of a call cannot be compared


@dataclass(frozen=True, slots=True)
class Peer:
    """A script of bench/peers that prints the port it listens on."""

    script: str
    environment: str
    paced: bool = True
    lossy: bool = False

    @contextmanager
    def __call__(self, model_port: int, _calls: int) -> Iterator[Subject]:
        model = f"ws://127.0.0.1:{model_port}/v1/realtime"
        command = [str(python_of(self.environment)), f"bench/peers/{self.script}", "--model", model]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        pin(process.pid, 0)
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().split()[1])
            yield Subject(port, [process.pid], paced=self.paced, lossy=self.lossy)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def ours(model_port: int, calls: int, lean_sockets: bool = True) -> Iterator[Subject]:
    """gunicorn with one gevent worker and our configuration, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite:///{directory}/bench.db",
            "SECRET_KEY": "for-this-bench-only-" + os.urandom(16).hex(),
            "ENGINE": "sandbox",
            "OPENAI_REALTIME_URL": f"ws://127.0.0.1:{model_port}/v1/realtime",
            "MAX_CALLS_PER_WORKER": str(calls + 50),
            "LEAN_SOCKETS": str(int(lean_sockets)),
            "LOG_LEVEL": "INFO",
        }
        _migrate(environment)
        log = Path(directory) / "server.log"
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", "127.0.0.1:0"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "wsgi:app"],
                cwd=directory,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        pin(process.pid, 0)
        try:
            yield Subject(_port(process, log), _children(process.pid), webhook=True)
        finally:
            process.terminate()
            process.wait()
            _tell_problems(log)


Server = Callable[[int, int], AbstractContextManager[Subject]]
SERVERS: dict[str, Server] = {
    "relay": Peer("bare_relay.py", "relay"),
    "ours": ours,
    "library": partial(ours, lean_sockets=False),
    "bridge": Peer("unpaced_bridge.py", "bridge", paced=False),
    "pipecat": Peer("pipecat_bot.py", "pipecat", lossy=True),
}


def pin(pid: int, core_number: int) -> None:
    """A process, and those it starts from now on, to one core, where the system knows such a thing."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {cores[core_number % len(cores)]})


def _migrate(environment: dict[str, str]) -> None:
    """In a process of its own: the settings are read from the environment."""
    subprocess.run([sys.executable, "-m", "bench.load", "--prepare-database"], env=environment, cwd=ROOT, check=True)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Once the worker answers."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
        try:
            if found and urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/readyz", timeout=5).status == 200:
                return int(found[1])
        except OSError:
            pass  # not yet
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')}")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _tell_problems(log: Path) -> None:
    lines = [line for line in log.read_text(errors="replace").splitlines() if re.search("[Ee]rror|outlived", line)]
    if lines:
        print(f"{len(lines)} problems in the server's log, the first:\n{lines[0]}", file=sys.stderr)
