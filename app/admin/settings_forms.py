"""The fields of each settings page: columns of BusinessSettings, with the limits an owner may choose within."""

from __future__ import annotations

from urllib.parse import urlsplit

from wtforms import BooleanField, IntegerField, SelectField, ValidationError
from wtforms.validators import Optional

from app.admin.forms import (
    Lines,
    LongText,
    PageForm,
    Text,
    as_e164,
    at_most,
    bad_phone,
    between,
    choices,
    needed,
    one_of,
)
from app.admin.words import LANGUAGE_NAMES, t
from services.models import BargeIn, BargeInAction, Endpointing, Fallback, LineMode, VadPreset
from services.policy_settings import EVE_RULES

GREETING_LIMIT = 400
KEYWORDS_LIMIT = 100
TRANSFER_LIMIT = 10


def _values(enum: type) -> list[str]:
    return [member.value for member in enum]  # type: ignore[attr-defined]


class ConversationForm(PageForm):
    name = Text(validators=[needed, at_most(120)])
    language = SelectField(choices=choices(LANGUAGE_NAMES))
    enable_greeting = BooleanField()
    greeting_text = LongText(validators=[at_most(GREETING_LIMIT)])
    transcription_keywords = Lines()

    def validate_greeting_text(self, field: LongText) -> None:
        if self.enable_greeting.data and not field.data:
            raise ValidationError(t("כדי לפתוח בברכה צריך לכתוב אותה.", "Write the greeting that is to be spoken."))

    def validate_transcription_keywords(self, field: Lines) -> None:
        if len(field.data) > KEYWORDS_LIMIT or any(len(each) > 80 for each in field.data):
            raise ValidationError(
                t("עד {n} שורות, עד 80 תווים בשורה.", "At most {n} lines of 80 characters.", n=KEYWORDS_LIMIT)
            )


class HoursForm(PageForm):
    """What stands beside the grid of hours and the closed dates, which are read apart (app/admin/hours.py)."""

    timezone = Text(validators=[needed, at_most(64)])
    observe_holidays = BooleanField()
    holiday_eves = SelectField(choices=choices(EVE_RULES))
    slot_size_min = IntegerField()
    min_notice_min = IntegerField()
    booking_window_days = IntegerField()


class VoiceForm(PageForm):
    voice = Text(validators=[at_most(64)])
    model = Text(validators=[at_most(64)])
    transcription_model = Text(validators=[at_most(64)])


class LineForm(PageForm):
    barge_in = Text(validators=[one_of(_values(BargeIn))])
    barge_in_action = Text(validators=[one_of(_values(BargeInAction))])
    line_mode = Text(validators=[one_of(_values(LineMode))])
    vad_preset = Text(validators=[one_of(_values(VadPreset))])
    endpointing = Text(validators=[one_of(_values(Endpointing))])


class HandoverForm(PageForm):
    transfer_numbers = Lines()
    fallback = Text(validators=[one_of(_values(Fallback))])
    max_call_minutes = IntegerField(validators=[between(1, 60)])
    silence_prompt_s = IntegerField(validators=[between(4, 60)])
    max_silence_prompts = IntegerField(validators=[between(0, 10)])
    max_calls_at_once = IntegerField(validators=[Optional(), between(1, 1000)])
    max_calls_per_caller_hour = IntegerField(validators=[Optional(), between(1, 1000)])
    daily_minutes = IntegerField(validators=[Optional(), between(1, 100_000)])

    def validate_transfer_numbers(self, field: Lines) -> None:
        if len(field.data) > TRANSFER_LIMIT:
            raise ValidationError(t("עד {n} מספרים.", "At most {n} numbers.", n=TRANSFER_LIMIT))
        for each in field.data:
            if as_e164(each) is None:
                raise ValidationError(bad_phone(each))
        field.data = list(dict.fromkeys(as_e164(each) or each for each in field.data))

    def validate_fallback(self, field: Text) -> None:
        if field.data == Fallback.FORWARD and not self.transfer_numbers.data:
            raise ValidationError(t("להעברה צריך לפחות מספר אחד.", "Forwarding needs at least one number."))


class PrivacyForm(PageForm):
    caller_id_allowed = BooleanField()
    sms_confirmation = BooleanField()
    keep_recordings = BooleanField()
    recording_retention_days = IntegerField(validators=[between(1, 365)])
    webhook_url = Text(validators=[at_most(500)])

    def validate_webhook_url(self, field: Text) -> None:
        parts = urlsplit(field.data or "")
        if field.data and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValidationError(t("צריך כתובת שמתחילה ב-https://", "An address that begins with https:// is needed."))
