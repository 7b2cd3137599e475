"""Every detector under measurement, run over one line at once: ours here, other people's in their own environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.peers.environment import HERE, python_of
from bench.speech_corpus import Labels, Line
from bench.speech_lines import Condition
from media.audio_config import AudioConfig
from media.input_gate import InputGate
from media.vad import PRESETS, Vad

GATE = AudioConfig(simple_mode=False)
GUARD = AudioConfig(simple_mode=False, audio_guard_enabled=True)
MUSIC = AudioConfig(simple_mode=False, audio_guard_enabled=True, music_mode_enabled=True)
LINE_MODES = {"gate": GATE, "guard": GUARD, "guard and music mode": MUSIC}
BARGE_IN_DELTA = 60.0
ENDPOINTING = "voice, with onset and hangover"  # what local endpointing goes by


def ours(line: Line) -> dict[str, Labels]:
    """Detector → one answer a frame. Presets: this frame alone; line modes: was the sound forwarded?"""
    simple = InputGate(AudioConfig(), PRESETS["hebrew"])
    vads = {name: Vad(preset) for name, preset in PRESETS.items()}
    gates = {name: InputGate(config) for name, config in LINE_MODES.items()}
    answers: dict[str, list[bool]] = {name: [] for name in [*vads, "level candidate", "candidate", *gates, ENDPOINTING]}
    for frame in line.frames():
        heard = simple.process(frame)
        for name, vad in vads.items():
            decision = vad.feed(heard.rms, heard.voiced)
            answers[name].append(decision.above)
            if name == "voice":
                answers[ENDPOINTING].append(decision.is_speech)
        loud = heard.rms > simple.noise_floor + BARGE_IN_DELTA
        answers["level candidate"].append(loud)
        answers["candidate"].append(loud and heard.voiced)
        for name, gate in gates.items():
            answers[name].append(not gate.process(frame).dropped)
    return {name: np.array(values, bool) for name, values in answers.items()}


@dataclass(frozen=True, slots=True)
class Anchor:
    """Somebody else's detector: its answers by line name, and what it costs."""

    name: str
    answers: dict[str, Labels]
    us_per_frame: float


def anchors(lines: list[Condition]) -> list[Anchor]:
    """Silero (probability of at least one half) and webrtcvad in mode 3. Raises CalledProcessError without a network
    the first time, when their environment cannot be made."""
    with tempfile.TemporaryDirectory() as directory:
        for condition in lines:
            (Path(directory) / f"{condition.name}.ulaw").write_bytes(condition.line.mulaw)
        python = python_of("speech", "--no-deps")
        subprocess.run([str(python), str(HERE / "speech_anchors.py"), directory], check=True)
        measured = json.loads((Path(directory) / "anchors.json").read_text(encoding="utf-8"))
    return [
        Anchor(name, {line: np.array(v) >= 0.5 for line, v in found["values"].items()}, found["us_per_frame"])
        for name, found in measured.items()
    ]
