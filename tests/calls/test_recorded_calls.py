"""Recordings of real calls: what the simulated caller heard is what the recording has, interrupted and resumed too."""

from __future__ import annotations

import asyncio
import audioop
import io
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sandbox import coded_audio
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario, load_scenario
from sandbox.twilio.stage import stage
from services.calls.lifecycle import find_call
from services.calls.recordings import Recording, recording_of, sound_of
from services.calls.wav import HEADER_BYTES, RecordingWav
from services.db.database import Database
from services.db.models import Call
from tests.places import SCENARIOS

# Where a call is cut, the sound that is on its way belongs to one side or the other.
UNDER_WAY_MS = 120


@dataclass(frozen=True)
class Kept:
    """Both sides of a recording, mu-law; and what each stream of the call cost in USD."""

    caller: bytes
    agent: bytes
    costs: list[Decimal]
    cost: Decimal | None


def recorded(name: str) -> Scenario:
    scenario = load_scenario(SCENARIOS / f"{name}.toml")
    return scenario.model_copy(update={"settings": {**scenario.settings, "keep_recordings": True}})


def kept(database: Database, call_sid: str) -> Kept | None:
    def read(s: Session) -> tuple[Call, Recording, dict[int, tuple[bytes, bytes]]] | None:
        call = find_call(s, call_sid)
        assert call is not None
        assert call.streams is not None  # read now: it is not loaded with the row
        found = recording_of(s, call.id)
        if found is None:
            return None
        return call, found, {piece.chunk_id: sound_of(s, piece.chunk_id) or (b"", b"") for piece in found.pieces}

    row = database.read(read)
    if row is None:
        return None
    call, recording, sounds = row
    pcm = io.BufferedReader(RecordingWav(recording, sounds.get)).read()[HEADER_BYTES:]
    left, right = audioop.tomono(pcm, 2, 1, 0), audioop.tomono(pcm, 2, 0, 1)
    costs = [Decimal(stream["usd"]) for stream in (call.streams or {}).values()]
    return Kept(audioop.lin2ulaw(left, 2), audioop.lin2ulaw(right, 2), costs, call.cost_usd)


def heard_of(sound: bytes) -> dict[int, int]:
    """Milliseconds of each answer, every one counted once."""
    found: dict[int, int] = {}
    for run in coded_audio.runs(sound):
        found[run.answer] = found.get(run.answer, 0) + run.end_ms - run.start_ms
    return found


def play(directory: Path, scenarios: list[Scenario]) -> list[tuple[CallResult, Kept | None]]:
    with stage(directory) as running:
        reports = asyncio.run(running.runner().run_all(scenarios))
        failed = [report.text() for report in reports if not report.passed]
        assert not failed, "\n\n".join(failed)
        return [(report.result, kept(running.database, report.result.call_sid)) for report in reports]


@pytest.mark.slow
def test_the_recording_is_what_was_heard_and_only_where_it_is_wanted(tmp_path: Path) -> None:
    names = ("interrupted_by_a_sentence", "cough_during_an_answer", "socket_lost_and_resumed")
    wanted = [recorded(name) for name in names]
    *found, (_, nothing) = play(tmp_path, [*wanted, load_scenario(SCENARIOS / "two_turns.toml")])
    assert nothing is None
    for name, (result, sound) in zip(names, found, strict=True):
        assert sound is not None, name
        ear, have = heard_of(result.heard), heard_of(sound.agent)
        assert ear.keys() == have.keys(), name
        for answer, milliseconds in ear.items():
            assert abs(have[answer] - milliseconds) <= UNDER_WAY_MS, f"{name}, answer {answer}"
        assert len(sound.costs) == len(result.streams), name
        assert all(cost > 0 for cost in sound.costs), name
        assert sound.cost == sum(sound.costs), name
        if len(result.streams) == 1:
            assert result.said.startswith(sound.caller), name
