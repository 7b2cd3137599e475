"""What is said about a model that is, or will be, no more (R1)."""

from __future__ import annotations

from datetime import date

from app.admin.formats import day_text
from app.admin.words import t
from services.model_catalogue import CATALOGUE


def model_warning(name: str, kind: str, today: date) -> str:
    """A sentence about a configured model's end; "" when there is nothing to say."""
    info = CATALOGUE.get(name)
    if info is None:
        return t(
            "המודל {name} אינו מוכר לנו; ישתמשו בו כמו שהוא.",
            "The model {name} is not known here; it is used as it is.",
            name=name,
        )
    if info.kind != kind:
        return t("{name} הוא מודל מסוג אחר.", "{name} is a model of another kind.", name=name)
    if info.ends is None:
        return ""
    values = {"name": name, "day": day_text(info.ends), "next": info.successor}
    if info.ends <= today:
        return t(
            "המודל {name} הופסק ב-{day}; במקומו משתמשים ב-{next}.",
            "The model {name} was retired on {day}; {next} is used instead.",
            **values,
        )
    return t(
        "המודל {name} יופסק ב-{day}. כדאי לעבור ל-{next}.",
        "The model {name} ends on {day}. Better change to {next}.",
        **values,
    )
