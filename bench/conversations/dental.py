"""The dental clinic of the dialogues: three people, five services (README.md says it in words)."""

from __future__ import annotations

from typing import Any

from services.accounts.demo_team import Offered, Person

LEVI, HADDAD, SHIRA = 'ד"ר מיכל לוי', 'ד"ר אמיר חדאד', "שירה כהן"

DENTAL_PROMPT = """\
את נועה, המזכירה הקולית של מרפאת השיניים "אורנים" בגבעתיים. את מדברת בלשון נקבה, בעברית יומיומית ופשוטה.
הרופאים: ד"ר מיכל לוי וד"ר אמיר חדאד. השיננית: שירה כהן.
מה אנחנו עושים: בדיקה, סתימה, טיפול שורש, ניקוי שיניים; הלבנה רק בתיאום, והמרפאה חוזרת למתקשר.
"""
DENTAL: dict[str, Any] = {
    "language": "he",
    "enable_greeting": True,
    "greeting_text": "שלום, הגעתם למרפאת אורנים, מדברת נועה. במה אפשר לעזור?",
    "opening_hours_json": {
        **{day: [["09:00", "18:00"]] for day in ("sun", "mon", "tue", "wed", "thu")},
        "fri": [["09:00", "13:00"]],
    },
    "transfer_numbers": ["+97239990011"],
    "fallback": "message",
}


def _hours(span: tuple[str, str], *days: str) -> dict[str, list[list[str]]]:
    return {day: [list(span)] for day in days}


_FRIDAY = _hours(("09:00", "13:00"), "fri")
PEOPLE = (
    Person(
        LEVI,
        ('ד"ר לוי', "מיכל", "Dr Levi", "доктор Леви", "د. ليفي"),
        _hours(("09:00", "15:00"), "sun", "mon", "tue", "wed", "thu"),
    ),
    Person(
        HADDAD,
        ('ד"ר חדאד', "אמיר", "Dr Haddad", "доктор Хаддад", "د. حداد"),
        {**_hours(("12:00", "18:00"), "sun", "mon", "tue", "wed", "thu"), **_FRIDAY},
    ),
    Person(
        SHIRA,
        ("שירה", "השיננית", "the hygienist", "Шира", "شيرا"),
        {**_hours(("09:00", "18:00"), "mon", "wed"), **_FRIDAY},
    ),
)
SERVICES = (
    Offered(
        "בדיקה",
        30,
        (LEVI, HADDAD),
        ("בדיקה תקופתית", "ביקורת", "checkup", "check-up", "examination", "осмотр", "проверка", "فحص"),
    ),
    Offered("סתימה", 60, (LEVI, HADDAD), ("סתימות", "תיקון שן", "חור בשן", "filling", "cavity", "пломба", "حشوة")),
    Offered("טיפול שורש", 90, (HADDAD,), ("root canal", "лечение канала", "علاج عصب"), after_min=30),
    Offered(
        "ניקוי שיניים",
        30,
        (SHIRA,),
        ("שיננית", "ניקוי אבנית", "cleaning", "scaling", "hygienist", "чистка", "гигиенист", "تنظيف"),
    ),
    Offered(
        "הלבנה",
        60,
        (LEVI, HADDAD),
        ("הלבנת שיניים", "whitening", "отбеливание", "تبييض"),
        on_request=True,
    ),
)
