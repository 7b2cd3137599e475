"""How late the machine was: counted where it happened, and held against nobody. What the product did still is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox import coded_audio
from sandbox.twilio.expect import check_call, unbroken
from sandbox.twilio.lateness import Late, MachineWatch
from sandbox.twilio.result import CallResult, StreamResult, TimelineEvent
from sandbox.twilio.scenario import Scenario

SILENCE_MS = b"\xff" * 8
BEGAN_S = 1000.0  # of the machine's clock, where the call's has its 0

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="counts of the kernel")


@contextmanager
def running(code: str) -> Iterator[int]:
    """A Python process that prints a line when it has begun; its id. It stops by itself after some seconds."""
    command = [sys.executable, "-uc", f"import time; end = time.monotonic() + 20; print()\n{code}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


BUSY = "while time.monotonic() < end: pass"
BLOCKED = "time.sleep(20)"


def late_share(pid: int, seconds: float = 1.0) -> float:
    """Which part of the next second the machine makes this process late."""
    with MachineWatch([pid]) as watch:
        time.sleep(0.5)  # until its threads are listed
        began = time.monotonic()
        time.sleep(seconds)
        return watch.late_ms(began, time.monotonic()) / 1000 / (time.monotonic() - began)


@on_linux
def test_a_process_that_has_to_share_its_processor_is_late() -> None:
    with running(BUSY) as one, running(BUSY) as other:
        processor = min(os.sched_getaffinity(0))
        for pid in (one, other):
            os.sched_setaffinity(pid, {processor})
        assert late_share(one) > 0.2


@on_linux
def test_a_process_that_waits_by_itself_is_not() -> None:
    with running(BLOCKED) as pid:
        assert late_share(pid) < 0.1


@on_linux
def test_a_process_that_ends_while_it_is_watched_is_late_no_more() -> None:
    with running(BUSY) as pid, MachineWatch([pid]) as watch:
        time.sleep(0.5)
        os.kill(pid, 9)
        time.sleep(0.2)
        ended = time.monotonic()
        time.sleep(0.2)
        assert watch.late_ms(ended, time.monotonic()) == 0


def call(*heard: bytes, late: tuple[float, float, float] | None = None, clears: tuple[float, ...] = ()) -> CallResult:
    """A call in which the caller spoke at 100 ms; late: from, to (ms of the call), and by how much."""
    result = CallResult("CA1", "+1", "+2", state="completed", heard=b"".join(heard), zero_s=BEGAN_S)
    result.events = [TimelineEvent(100.0, "say", {"step": "word", "length_ms": 100})]
    result.streams = [StreamResult("MZ1", 0.0, clears=[(at_ms, 0) for at_ms in clears])]
    if late is not None:
        from_ms, to_ms, late_ms = late
        result.machine = [Late(BEGAN_S + from_ms / 1000, BEGAN_S + to_ms / 1000, late_ms)]
    return result


def failures(result: CallResult, **expect: Any) -> list[str]:
    told = {"about": "a test", "caller": [{"name": "word", "keys": "1"}], "expect": expect}
    checks = check_call(Scenario.model_validate(told), result, {}, {"truncated_ms": [400]}, lambda _: b"")
    return [check.found for check in checks if not check.ok]


def quiet(ms: int) -> bytes:
    return SILENCE_MS * ms


def test_a_limit_moves_out_by_what_the_machine_took_before_it_and_no_further() -> None:
    sounds = (quiet(500), coded_audio.encode(1, 0, 200))
    limit: dict[str, Any] = {"sound": [{"since": "word", "within_ms": 300}]}
    assert failures(call(*sounds), **limit) == ["after 400 ms"]
    assert failures(call(*sounds, late=(200, 240, 120)), **limit) == []
    assert failures(call(*sounds, late=(200, 240, 60)), **limit) == ["after 400 ms"]
    assert failures(call(*sounds, late=(600, 640, 120)), **limit) == ["after 400 ms"], "late, but afterwards"


def test_silence_begins_later_by_what_the_machine_took() -> None:
    sounds = (coded_audio.encode(1, 0, 480), quiet(500))
    silent: dict[str, Any] = {"silence": [{"since": "word", "start_ms": 300, "end_ms": 800}]}
    assert failures(call(*sounds), **silent) != []
    assert failures(call(*sounds, late=(200, 240, 120)), **silent) == []
    assert failures(call(*sounds, late=(700, 740, 120)), **silent) != []


def test_an_answer_may_be_cut_later_by_what_the_machine_took_from_the_word_to_the_clear() -> None:
    sounds = (coded_audio.encode(0, 0, 400), quiet(200))
    cut: dict[str, Any] = {
        "heard": [{"answer": 0, "ends": [100, 300]}],
        "model": {"truncated_ms": [{"min": 100, "max": 300}]},
    }
    assert len(failures(call(*sounds, clears=(400,)), **cut)) == 2
    assert failures(call(*sounds, clears=(400,), late=(200, 240, 120)), **cut) == []
    assert len(failures(call(*sounds, clears=(400,), late=(440, 480, 120)), **cut)) == 2


def test_a_gap_that_the_machine_made_breaks_no_answer_and_a_longer_one_does() -> None:
    sounds = (coded_audio.encode(0, 0, 400), quiet(80), coded_audio.encode(0, 400, 200))
    assert len(unbroken(call(*sounds))) == 2
    assert len(unbroken(call(*sounds, late=(300, 340, 60)))) == 2
    [run] = unbroken(call(*sounds, late=(300, 340, 80)))
    assert (run.start_ms, run.end_ms) == (0, 600)


def test_lateness_excuses_no_loss_and_no_repeat() -> None:
    late = (0, 1000, 900)
    whole: dict[str, Any] = {"heard": [{"answer": 0, "to_ms": 400}]}
    lost = (coded_audio.encode(0, 0, 200), coded_audio.encode(0, 260, 140))
    assert failures(call(*lost, late=late), **whole) == ["missing 200..260 ms"]
    twice = (coded_audio.encode(0, 0, 400), coded_audio.encode(0, 300, 100))
    assert len(failures(call(*twice, late=late), **whole)) == 2
