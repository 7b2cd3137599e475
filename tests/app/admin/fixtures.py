"""Fixtures for tests of the pages: the app with the demo businesses, people and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from app.admin.auth.security import limiter
from app.context import Worker
from services.db.database import Database
from tests.app.admin.cast import CLINIC, OFFICE, OTHER, OWNER, Rows, Visitor, add_people, add_rows


@dataclass
class Admin:
    """The app, its database, who there is, and one row of everything in each business."""

    app: Flask
    database: Database
    people: dict[str, int]
    clinic: Rows
    office: Rows

    def visitor(self, email: str | None = None, language: str = "en") -> Visitor:
        return Visitor(self.app, email, language)


@pytest.fixture
def admin(web_app: Flask) -> Iterator[Admin]:
    worker: Worker = web_app.extensions["assistant"]
    people = add_people(worker.database)
    clinic = add_rows(worker.database, CLINIC, people[OWNER])
    office = add_rows(worker.database, OFFICE, people[OTHER])
    with web_app.app_context():
        limiter.reset()
    yield Admin(web_app, worker.database, people, clinic, office)
    worker.database.dispose()
