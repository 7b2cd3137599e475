"""Frames that Twilio never sent, from its timestamps: silence takes their place (SPEC I9).

Only for guard-off, non-simple lines; elsewhere audio passes as it comes. Pure.
"""

from __future__ import annotations

from media.audio_config import FRAME_MS

MAX_GAP_MS = 1000  # a longer one is a pause of the stream, not lost packets


class GapRecovery:
    """Knows where the next frame should begin on the stream's own time line."""

    __slots__ = ("_expected_ms", "inserted_frames")

    def __init__(self) -> None:
        self._expected_ms: float | None = None
        self.inserted_frames = 0

    def missing_frames(self, timestamp_ms: float, length_ms: float) -> int:
        """How many whole 20 ms frames are missing before this one; late or repeated ones count as none."""
        expected = self._expected_ms
        if expected is None:
            self._expected_ms = timestamp_ms + length_ms
            return 0
        gap = timestamp_ms - expected
        missing = int(gap // FRAME_MS) if FRAME_MS <= gap <= MAX_GAP_MS else 0
        self._expected_ms = max(expected, timestamp_ms) + length_ms
        self.inserted_frames += missing
        return missing


def gap_line(frames: int, timestamp_ms: float) -> str:
    return f"[AUDIO GAP] {frames} frames ({frames * FRAME_MS} ms) of silence inserted before {timestamp_ms:.0f} ms"
