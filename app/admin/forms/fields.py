"""Forms: WTForms with our two languages, and the few checks that pages share. CSRF is the guard's matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wtforms import Field, Form, SelectChoice, StringField, TextAreaField, ValidationError
from wtforms.i18n import get_translations

from app.admin.text.words import language, t
from services.db.text import storable_text

# Not printable by Unicode's rule, and yet part of names: joiners, and marks for what is read from right to left.
_MARKS = "\u200c\u200d\u200e\u200f"


def stripped(value: str | None) -> str:
    """Text as it is kept: no outer blanks, nothing the database cannot hold, line ends as \\n."""
    return storable_text((value or "").replace("\r\n", "\n").strip())


class PageForm(Form):
    """A form whose built-in messages speak the page's language."""

    class Meta:
        def get_translations(self, _form: Form) -> Any:
            return get_translations([language()])


def one_line(value: str | None) -> str:
    """Text for a name or an address: what breaks a line, or cannot be seen, is a blank."""
    return " ".join("".join(c if c.isprintable() or c in _MARKS else " " for c in stripped(value)).split())


class Text(StringField):
    """One line, stripped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(filters=[one_line], **options)


class LongText(TextAreaField):
    """Several lines, stripped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(filters=[stripped], **options)


class Lines(TextAreaField):
    """A list, one entry a line."""

    def _value(self) -> str:
        return "\n".join(self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        text = stripped(valuelist[0] if valuelist else "")
        self.data = list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))


class Codes(StringField):
    """A list of short codes on one line, as they were written: "il, us"."""

    def _value(self) -> str:
        return ", ".join(self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        text = stripped(valuelist[0] if valuelist else "")
        self.data = list(dict.fromkeys(re.findall(r"[^\s,;]+", text.upper())))


def needed(_form: Form, field: Field) -> None:
    """Validator: something must be there."""
    if not field.data:
        raise ValidationError(t("צריך למלא כאן משהו.", "Please fill this in."))


def at_most(characters: int) -> Callable[[Form, Field], None]:
    """Validator: not longer than that."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data or "") > characters:
            raise ValidationError(t("לכל היותר {n} תווים.", "At most {n} characters.", n=characters))

    return check


def between(low: int, high: int) -> Callable[[Form, Field], None]:
    """Validator: a whole number within limits."""

    def check(_form: Form, field: Field) -> None:
        if field.data is None or not low <= field.data <= high:
            raise ValidationError(t("מספר שלם בין {a} ל-{b}.", "A whole number from {a} to {b}.", a=low, b=high))

    return check


def one_of(values: Mapping[str, Any] | list[str] | tuple[str, ...]) -> Callable[[Form, Field], None]:
    """Validator: one of the offered values."""

    def check(_form: Form, field: Field) -> None:
        if field.data not in values:
            raise ValidationError(t("בחרו אחת מהאפשרויות.", "Choose one of the options."))

    return check


def choices(values: Mapping[str, str] | Sequence[str]) -> list[SelectChoice]:
    """The options of a SelectField; a mapping names them."""
    return [SelectChoice(value, values[value] if isinstance(values, Mapping) else value) for value in values]


def bad_phone(text: str) -> str:
    """The sentence for what is no telephone number."""
    return t("{text} אינו מספר טלפון.", "{text} is not a telephone number.", text=text)
