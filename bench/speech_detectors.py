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
from media.detection.input_gate import InputGate
from media.detection.vad import PRESETS, Vad
from services.audio.g711 import FRAME_BYTES

GATE = AudioConfig(simple_mode=False)
GUARD = AudioConfig(simple_mode=False, audio_guard_enabled=True)
MUSIC = AudioConfig(simple_mode=False, audio_guard_enabled=True, music_mode_enabled=True)
VOICE = AudioConfig(simple_mode=False, voice_gate_enabled=True)
LINE_MODES = {"gate": GATE, "guard": GUARD, "guard and music mode": MUSIC, "voice gate": VOICE}
BARGE_IN_DELTA = 60.0
ENDPOINTING = "voice, with onset and hangover"  # what local endpointing goes by


def ours(line: Line) -> dict[str, Labels]:
    """Detector → one answer a frame. Presets: this frame alone; line modes: was the sound forwarded?"""
    simple = InputGate(AudioConfig(), PRESETS["hebrew"])
    vads = {name: Vad(preset) for name, preset in PRESETS.items()}
    answers: dict[str, list[bool]] = {name: [] for name in [*vads, "level candidate", "candidate", ENDPOINTING]}
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
    found = {name: np.array(values, bool) for name, values in answers.items()}
    return found | {name: forwarded(line.frames(), config) for name, config in LINE_MODES.items()}


def forwarded(frames: list[bytes], config: AudioConfig) -> Labels:
    """Which frames' sound reaches the model, at once or with the one that opens the line."""
    gate = InputGate(config)
    reached = np.zeros(len(frames), bool)
    for index, frame in enumerate(frames):
        result = gate.process(frame)
        if not result.dropped:
            reached[index + 1 - len(result.forward) // FRAME_BYTES : index + 1] = True
    return reached


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
