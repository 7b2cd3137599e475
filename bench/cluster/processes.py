"""Processes of the cluster, each with its log; they end with the bench."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from sandbox.child import Child

PYTHON = sys.executable
STARTS_WITHIN_S = 60.0
TICKS_A_S = os.sysconf("SC_CLK_TCK")

T = TypeVar("T")


class NotStarted(Exception):
    """The message ends with the process's last lines."""


class Process:
    def __init__(
        self, name: str, command: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as output:
            self._child = Child(
                name,
                list(command),
                cwd=directory,
                environment=dict(environment or {"PATH": "/usr/sbin:/usr/bin:/bin"}),
                output=output,
                dies_with_parent=False,
            )

    @property
    def ended(self) -> bool:
        return self._child.ended

    def stop(self, timeout_s: float = 10.0) -> None:
        self._child.stop(timeout_s)

    def kill(self) -> None:
        """With all its children, and wait until they are gone."""
        self._child.kill()
        while not self._child.ended:
            time.sleep(0.01)

    def tree(self) -> list[int]:
        """Its process id and those of all below it."""
        found, new = [], [self._child.pid]
        while new:
            found += new
            new = [child for pid in new for child in _children(pid)]
        return found

    def cpu_s(self) -> float:
        """Processor time of it and all below it; 0 once it has ended."""
        return sum(_cpu_s(pid) for pid in self.tree()) if not self.ended else 0.0

    def wait_for(self, look: Callable[[str], T | None]) -> T:
        """What `look` finds in its log. Raises NotStarted."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            text = self.log.read_text(errors="replace")
            if (found := look(text)) is not None:
                return found
            if self.ended or time.monotonic() > deadline:
                raise NotStarted("\n".join([f"{self._child.name} did not start:", *text.splitlines()[-15:]]))
            time.sleep(0.05)


def end_in_order() -> None:
    """SIGTERM ends this process as Ctrl-C does: everything it started ends with it."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def is_missing(program: str) -> bool:
    """Whether this machine has no such program."""
    return shutil.which(program) is None


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
