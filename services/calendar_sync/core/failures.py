"""What can go wrong with somebody else's calendar, told apart by what has to be done about it. Messages are short and
name no content. Pure."""

from __future__ import annotations

from datetime import timedelta


class CalendarFailure(Exception):
    """Whatever a calendar's server did instead of what was asked."""


class CalendarAway(CalendarFailure):
    """Not now: unreachable, too slow, over a quota. retry_after: when the server said so."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class GrantLost(CalendarFailure):
    """We may not any more: the grant was withdrawn or has expired, or the password was changed. Only the owner can
    give a new one."""


class Refused(CalendarFailure):
    """We are known, and may not do this here: no right to write, or the calendar is gone. Only the owner can help."""


class BadRequest(CalendarFailure):
    """This one thing is not taken, and would not be the next time."""


class TokenGone(CalendarFailure):
    """The server has forgotten where we were: everything is read anew."""


class Changed(CalendarFailure):
    """The event is not, or no longer, the version that was meant: read it and decide again."""
