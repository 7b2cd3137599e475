"""A process that ends with the one that started it, whatever ends that one."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


class Child:
    """A child in a session of its own: Ctrl-C in the terminal reaches only its parent, who ends it in order."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: dict[str, str],
        output: IO[bytes] | None = None,
        dies_with_parent: bool = True,
    ) -> None:
        """`output` takes what it prints, else it prints where we do. A parent with threads does without the last."""
        self.name = name
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
            preexec_fn=_end_with_parent if dies_with_parent and sys.platform == "linux" else None,  # noqa: PLW1509 - starts no threads
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def status(self) -> int | None:
        return self._process.poll()

    def stop(self, timeout_s: float) -> None:
        """Ask it to end; after `timeout_s` make it."""
        if self.ended:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def kill(self) -> None:
        if not self.ended:
            os.killpg(self._process.pid, signal.SIGKILL)  # its own children too


def _end_with_parent() -> None:
    """Linux sends SIGTERM to this process when its parent is gone, even by kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
