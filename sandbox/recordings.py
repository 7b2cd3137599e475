"""Makes docs/recordings: five scenarios with spoken answers instead of coded sound, left the caller, right the agent.

    python -m sandbox.recordings

Stereo mu-law WAV at 8 kHz, as the line carried it.
"""

from __future__ import annotations

import asyncio
import struct
import tempfile
from pathlib import Path

from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario, load_scenario
from sandbox.twilio.stage import ROOT, Stage, stage
from services.audio.g711 import FRAME_BYTES, MULAW_SILENCE, SAMPLE_RATE_HZ

SCENARIOS = (
    "two_turns",
    "interrupted_by_a_sentence",
    "cough_during_an_answer",
    "filler_during_an_answer",
    "hold_music_comes_up",
)
DIRECTORY = ROOT / "docs" / "recordings"
LONGEST_S = 18
MULAW_FORMAT = 7


def spoken(scenario: Scenario) -> Scenario:
    """The same call with a voice instead of coded sound; an answer is as long as its words take, said twice when the
    scenario wants a long one."""
    answers = []
    for answer in scenario.model.answers:
        text = " ".join([answer.text] * (2 if (answer.length_ms or 0) >= 5000 else 1))
        answers.append(answer.model_copy(update={"audio": "speech", "language": "he", "length_ms": None, "text": text}))
    return scenario.model_copy(update={"model": scenario.model.model_copy(update={"answers": answers})})


def write_mulaw_wav(path: Path, left: bytes, right: bytes) -> None:
    """Two mu-law tracks as one stereo file; the shorter one is filled with silence."""
    length = min(max(len(left), len(right)), LONGEST_S * SAMPLE_RATE_HZ)
    sound = bytearray(2 * length)
    sound[0::2] = left[:length].ljust(length, bytes([MULAW_SILENCE]))
    sound[1::2] = right[:length].ljust(length, bytes([MULAW_SILENCE]))
    head = struct.pack("<4sI4s4sI", b"RIFF", 50 + len(sound), b"WAVE", b"fmt ", 18)
    head += struct.pack("<HHIIHHH", MULAW_FORMAT, 2, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 8, 0)
    head += struct.pack("<4sII", b"fact", 4, length) + struct.pack("<4sI", b"data", len(sound))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + bytes(sound))


async def record(running: Stage, scenario: Scenario) -> CallResult:
    caller, _ = await running.runner().place(spoken(scenario))
    return await caller.run()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="recordings-") as directory, stage(Path(directory)) as running:
        for name in SCENARIOS:
            result = asyncio.run(record(running, load_scenario(ROOT / "tests" / "scenarios" / f"{name}.toml")))
            write_mulaw_wav(DIRECTORY / f"{name}.wav", result.said, result.heard)
            print(f"{name}.wav  {len(result.heard) / FRAME_BYTES / 50:.1f} s")


if __name__ == "__main__":
    main()
