"""`python -m services.calendar_sync.reading_process`: reads one job from its input, writes what came of it, ends.

A process of its own, with little memory, little time and the lowest priority: a rule that never comes true, or a text
of a million lines, costs a calendar its reading and nobody else anything. It knows no database and no secret.
"""

from __future__ import annotations

import os
import resource
import sys

from services.calendar_sync.core.ical_reading import NoCalendar
from services.calendar_sync.core.reading_job import carry_out, refusal

CPU_S = 15
MEMORY_BYTES = 512 * 1024 * 1024
NICE = 10


def main() -> None:
    """One job."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    job = sys.stdin.buffer.read()
    try:
        answer = carry_out(job)
    except NoCalendar as error:
        answer = refusal(str(error))
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
