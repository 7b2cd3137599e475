"""Sound on the caller's side: gain, mixing, noise, and WAV files. mu-law in and out, 8 kHz mono, 8 bytes = 1 ms."""

from __future__ import annotations

import audioop
import math
import random
import struct
import wave
from pathlib import Path

from services.audio.g711 import BYTES_PER_MS, MULAW_SILENCE, PCM_WIDTH, SAMPLE_RATE_HZ, decode, encode


def gain(pcm: bytes, db: float) -> bytes:
    return pcm if db == 0 else audioop.mul(pcm, PCM_WIDTH, 10 ** (db / 20))


def mix(*layers: bytes) -> bytes:
    """Sum of linear layers of equal length, saturating."""
    total = layers[0]
    for layer in layers[1:]:
        total = audioop.add(total, layer, PCM_WIDTH)
    return total


def white_noise(level_rms: float, length_ms: int = 4000, seed: int = 1) -> bytes:
    """Linear white noise of the given RMS, the same for the same seed."""
    rng = random.Random(seed)
    samples = length_ms * BYTES_PER_MS
    values = (max(-32768, min(32767, int(rng.gauss(0.0, level_rms)))) for _ in range(samples))
    return struct.pack(f"<{samples}h", *values)


def street_noise(level_rms: float, length_ms: int = 6000, seed: int = 2) -> bytes:
    """Linear low rumble whose level swells and ebbs as cars pass, over some hiss, of the given RMS."""
    rng = random.Random(seed)
    low, values = 0.0, []
    for n in range(length_ms * BYTES_PER_MS):
        low += 0.08 * (rng.gauss(0.0, 1.0) - low)
        swell = 1.0 + 0.7 * math.sin(2 * math.pi * n / (3000 * BYTES_PER_MS))
        values.append(int(4000 * swell * (low + 0.05 * rng.gauss(0.0, 1.0))))
    return at_level(struct.pack(f"<{len(values)}h", *(max(-32768, min(32767, one)) for one in values)), level_rms)


def babble(clips: list[bytes], level_rms: float, length_ms: int = 8000) -> bytes:
    """Several people talking at once: mu-law clips laid over each other, scaled to the given RMS (linear)."""
    samples = length_ms * BYTES_PER_MS
    layers = []
    for number, clip in enumerate(clips):
        shifted = clip[number * 997 % len(clip) :] + clip
        layers.append(audioop.mul(decode((shifted * (samples // len(shifted) + 1))[:samples]), 2, 0.5))
    return at_level(mix(*layers), level_rms)


def at_level(pcm: bytes, level_rms: float) -> bytes:
    """Scale linear sound to an RMS; silence stays silence."""
    measured = audioop.rms(pcm, PCM_WIDTH)
    return pcm if measured == 0 else audioop.mul(pcm, PCM_WIDTH, level_rms / measured)


def silence(length_ms: int) -> bytes:
    return bytes([MULAW_SILENCE]) * (length_ms * BYTES_PER_MS)


def read_clip(path: Path) -> bytes:
    """A clip as raw mu-law: `.ulaw` as it is, `.wav` mono 8 kHz converted. Raises ValueError for anything else."""
    data = path.read_bytes()
    if not data.startswith(b"RIFF"):
        return data
    return wav_to_mulaw(data)


def wav_to_mulaw(data: bytes) -> bytes:
    """The sound of a WAV file, mono 8 kHz, mu-law (format 7) or 16-bit PCM (format 1)."""
    audio_format = rate = channels = bits = 0
    position = 12
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            audio_format, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
        elif name == b"data":
            break
        position += 8 + size + size % 2
    else:
        raise ValueError("a WAV file without data")
    if (channels, rate) != (1, SAMPLE_RATE_HZ) or (audio_format, bits) not in {(7, 8), (1, 16)}:
        raise ValueError(f"format {audio_format}, {channels} channels, {rate} Hz, {bits} bits: need mono 8 kHz")
    return body if audio_format == 7 else encode(body)


def write_wav(path: Path, left: bytes, right: bytes) -> None:
    """PCM16 stereo at 8 kHz from two mu-law tracks; the shorter one is filled with silence."""
    length = max(len(left), len(right))
    fill = bytes([MULAW_SILENCE])
    left_pcm = audioop.tostereo(decode(left.ljust(length, fill)), PCM_WIDTH, 1, 0)
    right_pcm = audioop.tostereo(decode(right.ljust(length, fill)), PCM_WIDTH, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(PCM_WIDTH)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(audioop.add(left_pcm, right_pcm, PCM_WIDTH))
