"""A server of calendars for each test, and our clients of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.calendars import RunningCalendars, running_calendars


@pytest.fixture
def world() -> Iterator[RunningCalendars]:
    with running_calendars() as running:
        yield running
