"""Reading iCalendar text in a process of its own, which can be ended when it takes too long (S1)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from services.calendar_sync.core.events import Span
from services.calendar_sync.core.failures import CalendarAway
from services.calendar_sync.core.ical_reading import Document, NoCalendar, Reading
from services.calendar_sync.core.reading_job import job_of, read_answer

# One fixed command; the text goes to its input, and nothing of our environment goes along.
_COMMAND = (sys.executable, "-m", "services.calendar_sync.reading_process")
_ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 20.0


class IcalReader:
    """at_once: processes of this worker; who comes then waits for one of them."""

    def __init__(self, *, deadline_s: float = DEADLINE_S, at_once: int = 2) -> None:
        self._deadline_s = deadline_s
        self._places = threading.BoundedSemaphore(at_once)

    def read(self, documents: Sequence[Document], window: Span, zone: str) -> Reading:
        """The events of the documents in the window. Raises CalendarAway when they cannot be read in time, or are no
        calendar at all."""
        if not documents:
            return Reading()
        with self._places:
            answer = self._run(job_of(documents, window, zone))
        try:
            return read_answer(answer)
        except NoCalendar as error:
            raise CalendarAway(str(error)) from error

    def _run(self, job: bytes) -> bytes:
        process = subprocess.Popen(
            _COMMAND, cwd=_ROOT, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            answer, _ = process.communicate(job, timeout=self._deadline_s)
        except subprocess.TimeoutExpired:
            raise CalendarAway("reading it took too long") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        if process.returncode:
            raise CalendarAway("it cannot be read")
        return bytes(answer)
