"""Samples and mu-law: the conversions the sandbox needs, as numpy arrays.

Samples are float32 in -1..1; mu-law is G.711, one byte a sample, 8 kHz, silence 0xFF.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.audio import g711

Samples = npt.NDArray[np.float32]

_KERNEL_HALF_WIDTH = 16  # taps on each side of a sample, counted in samples of the lower rate


def from_mulaw(data: bytes) -> Samples:
    """Mu-law bytes as samples."""
    return (np.frombuffer(g711.decode(data), dtype="<i2") / np.float32(32768.0)).astype(np.float32)


def to_mulaw(samples: Samples) -> bytes:
    """Samples as mu-law; what is louder than full scale is clipped."""
    pcm = np.clip(np.asarray(samples) * 32768.0, -32768, 32767).astype("<i2")
    return g711.encode(pcm.tobytes())


def from_pcm16(data: bytes) -> Samples:
    """Little-endian 16-bit PCM as samples."""
    return (np.frombuffer(data, dtype="<i2") / np.float32(32768.0)).astype(np.float32)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate, through a windowed sinc that cuts at the lower Nyquist frequency."""
    if from_hz == to_hz or len(samples) == 0:
        return samples
    common = int(np.gcd(from_hz, to_hz))
    up, down = to_hz // common, from_hz // common
    cutoff = min(1.0, to_hz / from_hz) * 0.95  # of the source's Nyquist frequency; 5 % for the filter's slope
    half = int(np.ceil(_KERNEL_HALF_WIDTH / cutoff))
    padded = np.concatenate([np.zeros(half, np.float32), samples, np.zeros(half + 1, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    kernels = np.stack([_kernel(phase / up, cutoff, half) for phase in range(up)])
    positions = np.arange(len(samples) * up // down) * down
    out = np.empty(len(positions), np.float32)
    for phase in range(up):
        mine = np.flatnonzero(positions % up == phase)
        if len(mine):
            out[mine] = windows[positions[mine] // up] @ kernels[phase]
    return out


def _kernel(offset: float, cutoff: float, half: int) -> Samples:
    """Taps that give the value `offset` (0..1) samples after the window's centre."""
    distance = np.arange(-half, half + 1) - offset
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / (half + 1), -1, 1))
    taps = cutoff * np.sinc(cutoff * distance) * window
    return (taps / taps.sum()).astype(np.float32)
