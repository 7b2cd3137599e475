"""Two dentists, a hygienist and a class of eight in the cast's clinic."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.appointments.team import add_resource, add_service
from services.db.tenancy import bind_business
from tests.services.db.fixtures import Cast


@dataclass(frozen=True, slots=True)
class Team:
    """Ids of rows."""

    levi: int
    haddad: int
    bar: int
    check_up: int
    root_canal: int
    cleaning: int
    whitening: int
    yoga: int


def hire(cast: Cast) -> Team:
    def add(session: Session) -> Team:
        bind_business(session, cast.clinic.id)
        levi, haddad, bar = (add_resource(session, name=name).id for name in ("Levi", "Haddad", "Bar"))
        return Team(
            levi,
            haddad,
            bar,
            check_up=add_service(session, name="check-up", given_by=[levi, haddad]).id,
            root_canal=add_service(session, name="root canal", length_min=60, after_min=30, given_by=[haddad]).id,
            cleaning=add_service(session, name="cleaning", given_by=[bar]).id,
            whitening=add_service(session, name="whitening", given_by=[levi], on_request=True).id,
            yoga=add_service(session, name="yoga", length_min=60, capacity=8, given_by=[bar]).id,
        )

    return cast.database.write(add)
