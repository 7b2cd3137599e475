"""The calls that go on while something is attacked: the load bench's callers and model, in a process of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.peers.environment import ROOT, python_of
from sandbox.twilio.stage import AUTH_TOKEN, PUBLIC_BASE
from services.accounts.seed import CLINIC_NUMBER


class Calls:
    """Calls under way. Between `begin` and `end` they are measured."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self) -> None:
        self._say("begin")

    def end(self) -> dict[str, Any]:
        """What was measured since `begin` (bench/load_generator.py)."""
        self._say("end")
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """The next line. Raises SystemExit when the generator has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the load generator ended with {self._process.wait()}")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()


@contextmanager
def calls_on(port: int, model_port: int, pids: Sequence[int], number: int, sounds: Path) -> Iterator[Calls]:
    """So many calls, up and warm. Raises SystemExit when one of them was refused."""
    command = [str(python_of("relay")), "-m", "bench.load_generator", "--windows", "--webhook", "--seconds", "0"]
    command += ["--calls", str(number), "--port", str(port), "--model-port", str(model_port), "--sounds", str(sounds)]
    command += ["--number", CLINIC_NUMBER, "--public-base", PUBLIC_BASE, "--auth-token", AUTH_TOKEN]
    command += [part for pid in pids for part in ("--pid", str(pid))]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            calls = Calls(process)
            up = calls.hear()
            if up["refused_calls"]:
                raise SystemExit(f"{up['refused_calls']} of {number} calls were refused before anything was attacked")
            yield calls
        finally:
            process.terminate()
