"""A call for every racer, and the threads they run in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from services.calls.lifecycle import open_call
from tests.services.appointments.clinic_team import Team, hire
from tests.services.appointments.racing import RACERS
from tests.services.db.fixtures import NOW, Cast


@pytest.fixture
def team(cast: Cast) -> Team:
    return hire(cast)


@pytest.fixture
def call_ids(cast: Cast) -> list[int]:
    """A call of the clinic for every racer, each from a number of its own."""

    def add(session: Session) -> list[int]:
        return [
            open_call(
                session,
                business_id=cast.clinic.id,
                call_sid=f"CA-racer-{number}",
                caller=f"+9725000000{number:02d}",
                dialled="+97231110001",
                now=NOW,
            ).id
            for number in range(RACERS)
        ]

    return cast.database.write(add)


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(RACERS) as pool:
        yield pool
