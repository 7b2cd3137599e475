"""The agent's own voice is known by its delayed copy; a caller over it is not taken for it (B9)."""

from __future__ import annotations

import audioop

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.detection.echo import EchoGuard
from services.audio import g711
from tests.telephone_sounds import noise, pcm_of

AGENT = pcm_of("en-sentence-vm-whichbox", 2500) + pcm_of("en-sentence-vm-savefolder", 2500)
CALLER = pcm_of("ru-sentence-followme_status", 1640)
LOUD = 120


def line(echo_db: float | None, delay_ms: int, caller: bytes = b"") -> tuple[list[bytes], list[bytes]]:
    """(frames played, frames that come back)."""
    back = noise(len(AGENT) // 16, 15)
    if echo_db is not None:
        late = bytes(delay_ms * 16) + AGENT
        back = audioop.add(back, audioop.mul(late[: len(AGENT)], 2, 10 ** (echo_db / 20)), 2)
    if caller:
        back = audioop.add(back, (bytes(16000) + caller + bytes(len(back)))[: len(back)], 2)
    return list(g711.frames(g711.encode(AGENT))), list(g711.frames(g711.encode(back)))


def judged(guard: EchoGuard, played: list[bytes], heard: list[bytes]) -> list[bool | None]:
    """Per frame: echo, not echo, or None where nothing was loud."""
    verdicts: list[bool | None] = []
    for index, (out, back) in enumerate(zip(played, heard, strict=True)):
        guard.sent(index * 20.0, out)
        verdicts.append(guard.is_echo(index * 20.0, back) if g711.rms(back) > LOUD else None)
    return verdicts


def loud(verdicts: list[bool | None]) -> list[bool]:
    return [v for v in verdicts if v is not None]


@pytest.mark.parametrize("echo_db", [-10, -15, -20])
@pytest.mark.parametrize("delay_ms", [0, 65, 173, 400])
def test_echo_is_known_within_a_quarter_of_a_second(echo_db: float, delay_ms: int) -> None:
    guard = EchoGuard()
    verdicts = loud(judged(guard, *line(echo_db, delay_ms)))
    assert guard.delay_ms == pytest.approx(delay_ms, abs=3)
    assert sum(verdicts[12:]) > 0.95 * len(verdicts[12:])


@pytest.mark.parametrize("echo_db", [-10, -20, -30])
def test_a_caller_over_an_echo_is_heard(echo_db: float) -> None:
    guard = EchoGuard()
    judged(guard, *line(echo_db, 120))  # the echo is known from the answer before
    played, heard = line(echo_db, 120, CALLER)
    silent = EchoGuard()
    verdicts = loud(judged(silent, played, heard)[50:250])
    assert verdicts.count(False) > 0.6 * len(verdicts)


def test_a_caller_on_a_line_without_echo_is_never_masked() -> None:
    verdicts = loud(judged(EchoGuard(), *line(None, 0, CALLER)))
    assert len(verdicts) > 100
    assert sum(verdicts) < 0.02 * len(verdicts)


def test_nothing_played_is_nothing_to_come_back() -> None:
    guard = EchoGuard()
    frames = list(g711.frames(g711.encode(CALLER)))
    assert not any(guard.is_echo(index * 20.0, frame) for index, frame in enumerate(frames))


def test_what_was_cleared_was_never_heard() -> None:
    guard = EchoGuard()
    played, _ = line(None, 0)
    for index, frame in enumerate(played[:40]):
        guard.sent(index * 20.0, frame)
    guard.cleared(0.0)
    echo = list(g711.frames(g711.encode(audioop.mul(AGENT, 2, 0.2))))
    assert not any(guard.is_echo(200 + index * 20.0, echo[index]) for index in range(30))


@given(
    st.lists(
        st.tuples(st.sampled_from(["sent", "echo", "cleared"]), st.floats(0, 1e7), st.binary(max_size=480)), max_size=40
    )
)
@settings(max_examples=60)
def test_any_order_of_times_and_sounds_is_survived(events: list[tuple[str, float, bytes]]) -> None:
    guard = EchoGuard()
    for kind, at_ms, sound in events:
        if kind == "sent":
            guard.sent(at_ms, sound)
        elif kind == "cleared":
            guard.cleared(at_ms)
        else:
            assert guard.is_echo(at_ms, sound) in (True, False)
