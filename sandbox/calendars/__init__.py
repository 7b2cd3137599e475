"""Calendars on this machine, over the real protocols: Google Calendar with its OAuth, CalDAV, ICS addresses (K5).

`with running_calendars() as calendars:` gives a server in a thread; `python -m sandbox.calendars` is one by itself.
"""

from sandbox.calendars.faults import Fault
from sandbox.calendars.running import RunningCalendars, running_calendars

__all__ = ["Fault", "RunningCalendars", "running_calendars"]
