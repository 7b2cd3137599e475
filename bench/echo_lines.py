"""The agent's own voice coming back: held off by the echo guard or not, and the caller let through over it (B9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.barge_in_sounds import SETTINGS, utterances
from bench.speech_corpus import Clip, Samples, talk, to_mulaw
from bench.speech_lines import TEST_LANGUAGE
from bench.training_lines import TRAINING_LANGUAGE
from media.conversation.barge_in import BargeIn, BargeInDecision
from media.detection.echo import EchoGuard
from media.detection.voice_activity import VoiceActivity
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_MS, SAMPLE_RATE_HZ

AGENT_RMS = 2500.0
LINE_NOISE = 20.0
LOUD = 80.0


@dataclass(frozen=True, slots=True)
class Path:
    """How the agent's voice comes back."""

    level_db: float
    delay_ms: float
    room_s: float = 0.0  # time in which the room's tail falls by 60 dB; 0 for a line echo


def returned(agent: Samples, path: Path, rng: np.random.Generator) -> Samples:
    sound = agent
    if path.room_s:
        t = np.arange(int(path.room_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        tail = 0.15 * rng.standard_normal(len(t)) * np.exp(-6.9 * t / path.room_s)
        tail[0] = 1.0
        sound = np.convolve(sound, tail)[: len(agent)]
    late = np.concatenate([np.zeros(int(path.delay_ms * BYTES_PER_MS)), sound])[: len(agent)]
    return late * 10 ** (path.level_db / 20)


def holds(agent: Samples, inbound: Samples, guarded: bool) -> list[int]:
    """Frames at which the agent would fall silent, with or without the guard."""
    guard, voice, barge_in = EchoGuard(), VoiceActivity(), BargeIn(SETTINGS)
    found = []
    pairs = zip(g711.frames(to_mulaw(agent)), g711.frames(to_mulaw(inbound)), strict=True)
    for index, (played, heard) in enumerate(pairs):
        at_ms = float(index * FRAME_MS)
        guard.sent(at_ms, played)
        voiced = voice.feed(heard)
        loud = g711.rms(heard) > LOUD and not (guarded and guard.is_echo(at_ms, heard))
        if barge_in.frame(loud, loud and voiced) is BargeInDecision.HOLD:
            found.append(index)
            barge_in.answer_begins()
    return found


def echo_rows(clips: list[Clip], seconds: float = 60.0) -> list[list[str]]:
    """Per echo path: false holds a minute without and with the guard; over it, a normal and a soft caller."""
    speakers = {
        language: [c for c in clips if c.language == language and c.speech.any()]
        for language in (TRAINING_LANGUAGE, TEST_LANGUAGE)
    }
    rows = []
    for room_s in (0.0, 0.2):
        for level_db in (-10.0, -20.0, -30.0):
            counts: dict[str, float] = {"without": 0, "with": 0}
            over: dict[float, list[int]] = {1640.0: [0, 0], 520.0: [0, 0]}
            for delay_ms in (0.0, 120.0, 400.0):
                rng = np.random.default_rng(21)
                agent, _ = talk(speakers[TRAINING_LANGUAGE], seconds, AGENT_RMS, rng, lead_in_s=0.2)
                echo = returned(agent, Path(level_db, delay_ms, room_s), rng)
                echo = echo + rng.standard_normal(len(echo)) * LINE_NOISE
                counts["without"] += len(holds(agent, echo, guarded=False)) * 20 / seconds
                counts["with"] += len(holds(agent, echo, guarded=True)) * 20 / seconds
                for caller_rms, tally in over.items():
                    caller, speech = talk(speakers[TEST_LANGUAGE], seconds, caller_rms, rng, lead_in_s=3)
                    found = holds(agent, echo + caller, guarded=True)
                    for first, last in utterances(speech):
                        tally[0] += 1
                        tally[1] += any(first <= hold <= last + 10 for hold in found)
            shares = [f"{heard} of {total}" for total, heard in over.values()]
            path = "line echo" if not room_s else f"room, {room_s} s"
            rows.append([f"{path}, {level_db:.0f} dB", f"{counts['without']:.0f}", f"{counts['with']:.1f}", *shares])
    return rows
