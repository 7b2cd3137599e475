"""Turns a scenario's words, clips and noises into sound, before the call begins."""

from __future__ import annotations

import math
import random
import struct
from functools import lru_cache
from pathlib import Path

from sandbox.speech import say
from sandbox.twilio import audio
from sandbox.twilio.line import LineConditions
from sandbox.twilio.scenario import CallerStep, Line, ScenarioError, Sound
from sandbox.twilio.steps import Action, Background, HangUp, Keys, LoseSocket, Say, SendRaw, Step, When
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parents[2]
CLIP_DIRECTORIES = (ROOT / "tests" / "data" / "audio", ROOT.parent / "shared" / "audio")


def find_clip(name: str, beside: Path | None = None) -> Path:
    """Where a clip is. Raises ScenarioError when it is nowhere."""
    places = ([beside] if beside else []) + list(CLIP_DIRECTORIES)
    for place in places:
        if (place / name).is_file():
            return place / name
    raise ScenarioError(f"no clip {name!r} in {', '.join(map(str, places))}")


@lru_cache(maxsize=64)
def load_clip(name: str, beside: Path | None = None) -> bytes:
    """A clip as mu-law."""
    return audio.read_clip(find_clip(name, beside))


def build_steps(steps: list[CallerStep], beside: Path) -> list[Step]:
    """The caller's steps with their sound made. Raises ScenarioError, SpeechUnavailable."""
    return [Step(_deed(step, beside), _when(step), step.name) for step in steps]


def build_line(line: Line, beside: Path) -> LineConditions:
    """The line with its background sound made. Raises ScenarioError."""
    fields = line.model_dump(exclude={"background", "background_rms", "background_on"})
    sound = room_sound(line.background, line.background_rms, beside) if line.background else b""
    return LineConditions(**fields, background=sound, background_on=line.background_on)


@lru_cache(maxsize=16)
def room_sound(kind: str, rms: float, beside: Path | None = None) -> bytes:
    """Linear sound to surround a caller with: white, street, babble, music, or a clip's name."""
    if kind == "white":
        return audio.white_noise(rms)
    if kind == "street":
        return audio.street_noise(rms)
    if kind == "babble":
        names = sorted({path.name for place in CLIP_DIRECTORIES for path in place.glob("*-sentence-*.ulaw")})
        if not names:
            raise ScenarioError("no sentences to make babble of")
        return audio.babble([load_clip(name) for name in names[:6]], rms)
    if kind == "music":
        names = sorted({path.name for place in CLIP_DIRECTORIES for path in place.glob("music-*.ulaw")})
        if not names:
            raise ScenarioError("no music clip")
        kind = names[0]
    return audio.at_level(g711.decode(load_clip(kind, beside)), rms)


def noise(sound: Sound) -> bytes:
    """A sound that is not speech, as mu-law; the same every time."""
    samples = sound.ms * BYTES_PER_MS
    if sound.kind == "tone":
        wave = [math.sin(2 * math.pi * 440 * n / SAMPLE_RATE_HZ) for n in range(samples)]
    else:
        rng = random.Random(sound.kind)
        envelope = _ENVELOPES[sound.kind]
        wave = [rng.gauss(0.0, 1.0) * envelope(n / BYTES_PER_MS) for n in range(samples)]
    pcm = struct.pack(f"<{samples}h", *(max(-32768, min(32767, int(4000 * value))) for value in wave))
    return g711.encode(audio.at_level(pcm, sound.rms))


# How loud at a millisecond. A cough: two bursts that die away; laughter: a burst every 180 ms.
_ENVELOPES = {
    "white": lambda ms: 1.0,
    "cough": lambda ms: math.exp(-(ms % 320) / 70),
    "laughter": lambda ms: math.exp(-(ms % 180) / 45),
}


def _deed(step: CallerStep, beside: Path) -> Action:
    if step.keys is not None:
        return Keys(step.keys)
    if step.hang_up is not None:
        return HangUp(step.hang_up)
    if step.lose_socket is not None:
        return LoseSocket()
    if step.raw is not None:
        return SendRaw(step.raw)
    if step.raw_binary is not None:
        return SendRaw(bytes.fromhex(step.raw_binary))
    if step.background is not None:
        return Background(step.background)
    return Say(_cut(_voice(step, beside), step), step.say or step.clip or "")


def _voice(step: CallerStep, beside: Path) -> bytes:
    if step.say is not None:
        return say(step.say, step.language)
    if step.clip is not None:
        return load_clip(step.clip, beside)
    assert step.sound is not None
    return noise(step.sound)


def _cut(sound: bytes, step: CallerStep) -> bytes:
    end = None if step.to_ms is None else step.to_ms * BYTES_PER_MS
    sound = sound[step.from_ms * BYTES_PER_MS : end]
    return g711.encode(audio.gain(g711.decode(sound), step.level_db)) if step.level_db else sound


def _when(step: CallerStep) -> When:
    return When(
        at_ms=step.at_ms,
        agent_done_ms=step.agent_done_ms,
        agent_speaking_ms=step.agent_speaking_ms,
        silence_ms=step.silence_ms,
        after_ms=step.after_ms,
        patience_ms=step.patience_ms,
    )
