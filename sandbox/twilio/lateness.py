"""How late the machine made a call: time in which a thread was ready to run and the processor did something else.

A call in real time loses time on a busy machine, and the product cannot help it. Linux counts that loss for every
thread (/proc/<pid>/task/<tid>/schedstat, second number: nanoseconds ready but not running). A thread that waits for a
lock, for a socket or for a database is not ready, and one that computes is running: what the product does or omits
itself is never in this number. How late the caller itself is, whose clock is the call's, CallResult.behind_ms says.

Where there is no such count (not Linux), the lateness of a thread that sleeps here stands for it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

EVERY_S = 0.04
LIST_EVERY_S = 0.4  # how often new threads and processes are looked for
WORTH_NOTING_MS = 1.0


@dataclass(slots=True, frozen=True)
class Late:
    """How late the machine made these processes, one after the other, between two moments of time.monotonic()."""

    from_s: float
    to_s: float
    late_ms: float


class MachineWatch:
    """Watches processes and their children from a thread of its own. Use as a context."""

    def __init__(self, pids: Sequence[int]) -> None:
        """pids: the processes that a call goes through; each one's lateness adds to the others'."""
        self._processes = [_Process(pid) for pid in pids]
        self._seen: list[Late] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="machine-watch", daemon=True)

    def __enter__(self) -> MachineWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        for process in self._processes:
            process.close()

    def since(self, from_s: float) -> list[Late]:
        """What was seen after this moment, oldest first."""
        seen = self._seen  # only ever grows
        return seen[bisect_left(seen, from_s, key=attrgetter("to_s")) :]

    def late_ms(self, from_s: float, to_s: float) -> float:
        """The lateness between two moments, together."""
        return late_between(self.since(from_s), from_s, to_s)

    def worst_ms(self, window_s: float) -> float:
        """The most lateness that fell into any time of this length."""
        seen = self._seen
        return max((late_between(seen, one.from_s, one.from_s + window_s) for one in seen), default=0.0)

    def _watch(self) -> None:
        before_s, listed_s = time.monotonic(), 0.0
        while not self._over.wait(EVERY_S):
            now_s = time.monotonic()
            if now_s - listed_s > LIST_EVERY_S:
                for process in self._processes:
                    process.list_threads()
                listed_s = now_s
            if sys.platform == "linux":
                late_ms = sum(process.waited_ms() for process in self._processes)
            else:
                late_ms = max(0.0, now_s - before_s - EVERY_S) * 1000
            if late_ms >= WORTH_NOTING_MS:
                self._seen.append(Late(before_s, now_s, late_ms))
            before_s = now_s


def late_between(seen: Sequence[Late], from_s: float, to_s: float) -> float:
    """The lateness in ms of all that lies in this time, even partly: when in its 40 ms it fell is not known."""
    return sum(one.late_ms for one in seen if one.from_s < to_s and one.to_s > from_s)


class _Process:
    """A process with its children: the thread that had to wait longest stands for all, for they wait side by side."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._files: dict[Path, int] = {}
        self._waited_ns: dict[Path, int] = {}

    def list_threads(self) -> None:
        if sys.platform != "linux":
            return
        for path in _threads(self._pid):
            if path not in self._files:
                try:
                    self._files[path] = os.open(path, os.O_RDONLY)
                    self._waited_ns[path] = _waited_ns(self._files[path])
                except OSError:  # it ended meanwhile
                    self._drop(path)

    def waited_ms(self) -> float:
        """Since the last time."""
        longest_ns = 0
        for path, file in list(self._files.items()):
            try:
                now_ns = _waited_ns(file)
            except OSError:
                self._drop(path)
                continue
            longest_ns = max(longest_ns, now_ns - self._waited_ns[path])
            self._waited_ns[path] = now_ns
        return longest_ns / 1e6

    def close(self) -> None:
        for path in list(self._files):
            self._drop(path)

    def _drop(self, path: Path) -> None:
        file = self._files.pop(path, None)
        self._waited_ns.pop(path, None)
        if file is not None:
            os.close(file)


def _waited_ns(file: int) -> int:
    return int(os.pread(file, 100, 0).split()[1])


def _threads(pid: int) -> list[Path]:
    """The counts of every thread of this process and its children; nothing when it has ended."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found.append(task / "schedstat")
            for child in (task / "children").read_text().split():
                found += _threads(int(child))
    except OSError:
        pass
    return found
