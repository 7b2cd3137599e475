"""The clinic of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.db.fixtures import Cast
from tests.services.texts.world import World, world_of


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    with world_of(cast) as made:
        yield made
