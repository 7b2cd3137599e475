"""When a call leaves a worker that is going away: in a pause if there is one, in any case in time (W10). Pure."""

from __future__ import annotations

from dataclasses import dataclass

# Of the 25 s a worker has (gunicorn.conf.py), what may pass before the caller is cut in mid-sentence; the rest is for
# writing the last rows and ending the threads.
PAUSE_WITHIN_S = 12.0


@dataclass(slots=True)
class HandingOn:
    """One per call; asked again and again from the moment its worker drains."""

    pause_within_s: float = PAUSE_WITHIN_S
    _since_s: float | None = None

    def due(self, nobody_speaks: bool, now_s: float) -> bool:
        """Whether to leave now. `now_s` is any steady clock."""
        if self._since_s is None:
            self._since_s = now_s
        return nobody_speaks or now_s - self._since_s >= self.pause_within_s
