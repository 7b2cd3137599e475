"""The form of the page on personal data: what is kept how long, and the notice at the start of a call (D1, D2)."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectField

from app.admin.forms.fields import LongText, PageForm, at_most
from app.admin.text.words import t

NOTICE_LIMIT = 300
# A choice by itself: nothing is kept without end because a field was left empty.
WITHOUT_END = "0"
_SOUND_DAYS = (7, 14, 30, 60, 90, 180, 365)
_DAYS = (30, 60, 90, 180, 365, 730, 1095, 2555)


def _days(value: Any) -> int | None:
    return None if str(value) == WITHOUT_END else int(value)


def days_words(days: int) -> str:
    """A length of time as an owner would say it."""
    if days % 365 == 0:
        years = days // 365
        words = {1: t("שנה", "1 year"), 2: t("שנתיים", "2 years")}
        return words.get(years) or t("{n} שנים", "{n} years", n=years)
    return t("{n} ימים", "{n} days", n=days)


class DaysField(SelectField):
    """How long something is kept, in days; None is "without end", where that may be chosen."""

    def __init__(self, offered: tuple[int, ...], *, may_be_endless: bool, **options: Any) -> None:
        super().__init__(coerce=_days, **options)
        self.choices = [(str(each), days_words(each)) for each in offered]
        if may_be_endless:
            self.choices.append((WITHOUT_END, t("בלי הגבלה", "without end")))

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Another number of days that stands in the row stays choosable."""
        super().process(formdata, data, extra_filters)
        kept = self.object_data
        if isinstance(kept, int) and (str(kept), days_words(kept)) not in (self.choices or []):
            self.choices = [(str(kept), days_words(kept)), *(self.choices or [])]


def _sound() -> DaysField:
    return DaysField(_SOUND_DAYS, may_be_endless=False)


def _text() -> DaysField:
    return DaysField(_DAYS, may_be_endless=True)


class PersonalDataForm(PageForm):
    speak_notice = BooleanField()
    notice_text = LongText(validators=[at_most(NOTICE_LIMIT)])
    recording_notice_text = LongText(validators=[at_most(NOTICE_LIMIT)])
    keep_recordings = BooleanField()
    recording_retention_days = _sound()
    message_retention_days = _sound()
    transcript_retention_days = _text()
    lead_retention_days = _text()
    customer_retention_days = _text()
    outbox_retention_days = _text()
    text_retention_days = _text()
