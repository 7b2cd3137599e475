"""The site of these tests, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from services.accounts.seed import seed_demo
from services.db.database import Database
from services.db.migration import migrate
from tests.app.customer.site import Site, running_site
from tests.services.db.fixtures import new_postgres_database
from tests.serving import copy_database

_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whole_site(
    request: pytest.FixtureRequest, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("customer")
    if request.param == "sqlite":
        with running_site(directory, copy_database(seeded_template, directory)) as site:
            yield site
        return
    with new_postgres_database() as url:
        database = Database(url)
        migrate(database)
        seed_demo(database)
        database.dispose()
        with running_site(directory, url) as site:
            yield site


@pytest.fixture
def site(whole_site: Site) -> Site:
    whole_site.forget_limits()
    return whole_site


@pytest.fixture
def phone() -> str:
    """A customer's number that is this test's alone."""
    return f"+97250{7000000 + next(_numbers)}"
