"""A host: gunicorn with two workers on a machine of its own, which can be cut off, drained, killed, started again."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from app.settings import ROOT, Settings, child_environment
from bench.cluster.network import Machine
from bench.cluster.processes import PYTHON, Process, is_missing
from services.deadlines import PLATFORM_KILLS_S

PORT = 5000
WORKERS = 2
STARTS_WITHIN_S = 120.0


class HostFailed(Exception):
    """It did not start; the message ends with its last lines."""


class Host:
    def __init__(self, machine: Machine, directory: Path, environment: Mapping[str, str]) -> None:
        self.machine = machine
        self.name = machine.name
        self.address = f"{machine.address}:{PORT}"
        self.log = directory / f"{machine.name}.log"
        self.is_cut = False
        self._directory = directory
        self._environment = environment
        self._process: Process | None = None
        self._cpu_before_s = 0.0  # of processes that have ended

    def start(self) -> None:
        """Returns at once; `wait_until_ready` waits."""
        conf = str(ROOT / "gunicorn.conf.py")
        serve = [PYTHON, "-m", "gunicorn", "-c", conf, "-b", self.address, "wsgi:app"]
        self._process = Process(self.name, [*_named(self.machine), *serve], self._directory, self._environment)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self.is_ready():
            if self._process is None or self._process.ended or time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").splitlines()[-15:]
                raise HostFailed("\n".join([f"{self.name} did not start:", *lines]))
            time.sleep(0.1)

    def is_ready(self) -> bool:
        return not self.is_cut and self._get("/readyz") is not None

    def metrics(self) -> str:
        """Empty while it cannot be reached."""
        return ("" if self.is_cut else self._get("/metrics")) or ""

    def live_calls(self) -> int:
        return sum(int(float(n)) for n in re.findall(r"^assistant_live_calls (\S+)", self.metrics(), re.MULTILINE))

    def vanish(self) -> None:
        """Nothing comes or goes any more, and nobody is told. Without cables: every process of it is killed at once."""
        if self.machine.can_be_cut:
            self.machine.cut()
            self.is_cut = True
        else:
            self.kill()

    def come_back(self) -> None:
        """With all that it still believes."""
        if self.is_cut:
            self.machine.mend()
            self.is_cut = False
        else:
            self.start()

    def kill(self) -> None:
        self._note_cpu()
        if self._process is not None:
            self._process.kill()

    def deploy(self) -> None:
        """SIGTERM, wait for its end, start the next one."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self._note_cpu()
        if self._process is not None:
            self._process.stop(PLATFORM_KILLS_S + 5)

    def cpu_s(self) -> float:
        """Processor time of all its processes since it was first started."""
        return self._cpu_before_s + (self._process.cpu_s() if self._process is not None else 0.0)

    def _note_cpu(self) -> None:
        """What its end uses is left out."""
        self._cpu_before_s = self.cpu_s()

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=3) as answer:
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, OSError):
            return None


def server_environment(**variables: str) -> dict[str, str]:
    """Nothing of what configures another installation gets through."""
    configured = {name.upper() for name in Settings.model_fields}
    clean = {name: value for name, value in child_environment({}).items() if name not in configured}
    return {**clean, "PYTHONPATH": str(ROOT), "WEB_CONCURRENCY": str(WORKERS), **variables}


def _named(machine: Machine) -> tuple[str, ...]:
    """What a command begins with to run there under the machine's own name."""
    if not machine.enter or is_missing("unshare"):
        return machine.enter
    return (*machine.enter, "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', machine.name)
