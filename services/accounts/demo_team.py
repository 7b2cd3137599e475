"""Tables of people and services, written as rows, and those of the demo clinic (K1, K2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.db.models import Resource, Service, ServiceResource


@dataclass(frozen=True, slots=True)
class Person:
    """`called`: what callers say besides the name. hours None: the business's."""

    name: str
    called: tuple[str, ...] = ()
    hours: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A service; `given_by`: names of people."""

    name: str
    length_min: int
    given_by: tuple[str, ...]
    called: tuple[str, ...] = ()
    after_min: int = 0
    price: str = ""
    on_request: bool = False


def seed_team(session: Session, people: Sequence[Person], services: Sequence[Offered]) -> None:
    """Write both for the session's business, which has named nobody yet."""
    unnamed = session.scalars(select(Resource).where(Resource.name == "")).one()
    ids: dict[str, int] = {}
    for position, person in enumerate(people):
        row = Resource() if position else unnamed
        row.name, row.called, row.opening_hours_json = person.name, list(person.called), person.hours
        row.position = position
        session.add(row)
        session.flush()
        ids[person.name] = row.id
    for position, each in enumerate(services):
        service = Service(
            name=each.name,
            called=list(each.called),
            length_min=each.length_min,
            after_min=each.after_min,
            price=each.price,
            on_request=each.on_request,
            position=position,
        )
        session.add(service)
        session.flush()
        session.add_all(ServiceResource(service_id=service.id, resource_id=ids[name]) for name in each.given_by)
    session.flush()


LEVI, HADDAD, SHIRA = 'ד"ר מיכל לוי', 'ד"ר אמיר חדאד', "שירה כהן"
_LATER = [["15:00", "19:00"]]

CLINIC_PEOPLE = (
    Person(
        LEVI,
        ('ד"ר לוי', "מיכל", "Dr Levi", "доктор Леви", "د. ليفي"),
    ),
    Person(
        HADDAD,
        ('ד"ר חדאד', "אמיר", "Dr Haddad", "доктор Хаддад", "د. حداد"),
        {
            "sun": _LATER,
            "mon": [["12:00", "18:00"]],
            "tue": [["09:00", "13:00"], ["15:00", "19:00"]],
            "wed": [["12:00", "18:00"]],
            "thu": [["09:00", "18:00"]],
            "fri": [["08:30", "12:30"]],
        },
    ),
    Person(SHIRA, ("שירה", "השיננית", "the hygienist", "Shira", "Шира", "شيرا")),
)
CLINIC_SERVICES = (
    Offered(
        "בדיקה",
        30,
        (LEVI, HADDAD),
        ("בדיקה תקופתית", "ביקורת", "checkup", "check-up", "examination", "осмотр", "проверка", "فحص"),
        price="180 שקלים",
    ),
    Offered("סתימה", 60, (LEVI, HADDAD), ("סתימות", "תיקון שן", "חור בשן", "filling", "cavity", "пломба", "حشوة")),
    Offered("טיפול שורש", 90, (HADDAD,), ("root canal", "лечение канала", "علاج عصب"), after_min=30),
    Offered(
        "ניקוי שיניים",
        30,
        (SHIRA,),
        ("שיננית", "ניקוי אבנית", "cleaning", "scaling", "hygienist", "чистка", "гигиенист", "تنظيف"),
        price="250 שקלים",
    ),
    Offered(
        "הלבנה",
        60,
        (LEVI, HADDAD),
        ("הלבנת שיניים", "whitening", "отбеливание", "تبييض"),
        price="1,200 שקלים",
        on_request=True,
    ),
)
