"""The two lanes of a recording as SVG paths on the call's time line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.recordings import PEAK_MS, Recording

WIDTH, HEIGHT = 1000, 112
LANE_MIDDLES = (28, 84)  # caller, agent
_REACH = 25.0  # from a lane's middle to its loudest
_LEAST = 0.6  # silence is a thin line
_QUIET = 40  # a call that stays below this is drawn as quiet as it is
_COLUMNS = 360  # more could not be told apart, and would make the page heavy
_SOFTNESS = 0.55  # speech is mostly far below full scale; loudness is no straight line


@dataclass(frozen=True, slots=True)
class Waveform:
    """Path data of each side, in a box of WIDTH by HEIGHT that stands for the call's whole length."""

    caller: str
    agent: str


def waveform(recording: Recording, length_ms: int) -> Waveform:
    """Drawn over `length_ms` of the call, as everything else on its time line."""
    columns = max(2, min(_COLUMNS, length_ms // PEAK_MS))
    lanes = [_loudest(lane, length_ms, columns) for lane in (recording.caller_peaks, recording.agent_peaks)]
    full = max(_QUIET, *(max(lane) for lane in lanes))
    return Waveform(*(_path(lane, full, middle) for lane, middle in zip(lanes, LANE_MIDDLES, strict=True)))


def _loudest(lane: Sequence[tuple[int, bytes]], length_ms: int, columns: int) -> list[int]:
    """The loudest moment of each column."""
    loudest = [0] * columns
    for start_ms, peaks in lane:
        for number, peak in enumerate(peaks):
            column = (start_ms + number * PEAK_MS) * columns // length_ms
            if column < columns and peak > loudest[column]:
                loudest[column] = peak
    return loudest


def _path(lane: Sequence[int], full: int, middle: int) -> str:
    """An outline in steps, `full` its greatest height: along the top, and back along the bottom."""
    step = WIDTH / len(lane)
    reach = [max(_LEAST, _REACH * (peak / full) ** _SOFTNESS) for peak in lane]
    top = [f"V{middle - each:.3g}H{(n + 1) * step:.4g}" for n, each in enumerate(reach)]
    bottom = [f"V{middle + each:.3g}H{n * step:.4g}" for n, each in reversed([*enumerate(reach)])]
    return f"M0 {middle}{''.join(top)}{''.join(bottom)}Z"
