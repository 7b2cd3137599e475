"""The form of the page on reminders: when, from where, in whose words (K6)."""

from __future__ import annotations

import re
from typing import Any

from wtforms import BooleanField, SelectField, SelectMultipleField, ValidationError

from app.admin.forms.fields import LongText, PageForm, Text, at_most
from app.admin.text.words import t
from services.policy.quiet import EARLIEST_END_MIN, EARLIEST_MIN, LATEST_BEGIN_MIN, LATEST_MIN
from services.policy.reminder_words import LONGEST, NAMES, unknown_names
from services.policy.reminders import LONGEST_MIN, OFFERED_MIN

_TEMPLATE = re.compile(r"HX[0-9a-fA-F]{32}")
_HALF_HOUR = 30
_DAY, _WEEK = 24 * 60, 7 * 24 * 60


def before_words(minutes: int) -> str:
    """How long before an appointment, as an owner would say it."""
    known = {
        60: t("שעה לפני", "1 hour before"),
        120: t("שעתיים לפני", "2 hours before"),
        _DAY: t("יום לפני", "1 day before"),
        2 * _DAY: t("יומיים לפני", "2 days before"),
        _WEEK: t("שבוע לפני", "1 week before"),
    }
    if minutes in known:
        return known[minutes]
    if minutes % _DAY == 0:
        return t("{n} ימים לפני", "{n} days before", n=minutes // _DAY)
    if minutes % 60 == 0:
        return t("{n} שעות לפני", "{n} hours before", n=minutes // 60)
    return t("{n} דקות לפני", "{n} minutes before", n=minutes)


def clock_words(minutes: int) -> str:
    """Minutes after midnight as a clock shows them."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class Clock(SelectField):
    """A time of day in half-hours; another one that stands in the row stays choosable."""

    def __init__(self, first: int, last: int, **options: Any) -> None:
        super().__init__(coerce=int, **options)
        self.choices = [(each, clock_words(each)) for each in range(first, last + 1, _HALF_HOUR)]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        kept = self.object_data
        if isinstance(kept, int) and (kept, clock_words(kept)) not in (self.choices or []):
            self.choices = [(kept, clock_words(kept)), *(self.choices or [])]


class RemindersForm(PageForm):
    """numbers: the business's own."""

    numbers: tuple[str, ...] = ()

    reminders = SelectMultipleField(coerce=int, choices=[], validate_choice=False)
    reminders_from_min = Clock(EARLIEST_MIN, LATEST_BEGIN_MIN)
    reminders_until_min = Clock(EARLIEST_END_MIN, LATEST_MIN)
    reminder_text = LongText(validators=[at_most(LONGEST)])
    customer_link = BooleanField()
    whatsapp_sender = Text()
    whatsapp_template = Text()

    def offered(self) -> list[tuple[int, str]]:
        """What may be ticked: what anybody may choose, and whatever else stands in the row."""
        offered = sorted({*OFFERED_MIN, *(self.reminders.data or [])}, reverse=True)
        return [(each, before_words(each)) for each in offered]

    def validate_reminders(self, field: SelectMultipleField) -> None:
        field.data = sorted({*(field.data or [])}, reverse=True)
        if any(not 0 < each <= LONGEST_MIN for each in field.data) or len(field.data) > len(OFFERED_MIN):
            raise ValidationError(t("בחרו מהמועדים שברשימה.", "Choose from the times on the list."))

    def validate_reminder_text(self, field: LongText) -> None:
        if not field.data:
            return
        known = ", ".join(f"{{{each}}}" for each in NAMES)
        if unknown := unknown_names(field.data):
            raise ValidationError(
                t(
                    "{{{name}}} אינו מוכר. אפשר לכתוב: {known}.",
                    "{{{name}}} means nothing. You may write: {known}.",
                    name=unknown[0][:30],
                    known=known,
                )
            )
        if "{slot}" not in field.data:
            raise ValidationError(
                t("צריך לכתוב בנוסח גם {slot}: מתי התור.", "The text needs {slot}: when the appointment is.")
            )

    def validate_whatsapp_sender(self, field: Text) -> None:
        if field.data and field.data not in self.numbers:
            raise ValidationError(t("צריך אחד ממספרי העסק.", "One of the business's own numbers is needed."))

    def validate_whatsapp_template(self, field: Text) -> None:
        if field.data and not _TEMPLATE.fullmatch(field.data):
            raise ValidationError(
                t("תבנית היא HX ואחריו 32 ספרות ואותיות.", "A template is HX and then 32 digits and letters.")
            )
        if field.data and not self.whatsapp_sender.data:
            raise ValidationError(t("תבנית צריכה גם מספר שולח.", "A template needs a number to send from."))
