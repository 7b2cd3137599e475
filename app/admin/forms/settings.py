"""The fields of each settings page: columns of BusinessSettings, with the limits an owner may choose within."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, ValidationError
from wtforms.validators import Optional

from app.admin.forms.fields import (
    Codes,
    Lines,
    LongText,
    PageForm,
    Text,
    at_most,
    bad_phone,
    between,
    choices,
    needed,
    one_of,
)
from app.admin.text.words import ANSWER_LANGUAGE_NAMES, LANGUAGE_NAMES, t
from services.db.models import (
    BargeIn,
    BargeInAction,
    CallerIdTrust,
    Eagerness,
    Endpointing,
    Fallback,
    LineMode,
    NoiseReduction,
    Notify,
    PersonaGender,
    VadPreset,
)
from services.engines.google.session import is_voice
from services.engines.realtime.protocol import MAX_TOKENS_RANGE
from services.language.phone_numbers import as_e164, is_country, why_not_dialled, why_not_written_to
from services.outbox.open_internet import BadAddress, read_target
from services.policy.settings import EVE_RULES

GREETING_LIMIT = 400
KEYWORDS_LIMIT = 100
TRANSFER_LIMIT = 10
# Slower or faster than this nobody understands; Google itself would take 25 to 200.
RATE_RANGE_PCT = (70, 130)
_MODEL_NAME = re.compile(r"[\w.:/-]+", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")


def _values(enum: type) -> list[str]:
    return [member.value for member in enum]  # type: ignore[attr-defined]


class ConversationForm(PageForm):
    name = Text(validators=[needed, at_most(120)])
    language = SelectField(choices=choices(LANGUAGE_NAMES))
    answer_languages = SelectMultipleField(choices=choices(ANSWER_LANGUAGE_NAMES))
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


class AbilitiesForm(PageForm):
    """What the assistant may do (L9), and whether it knows who calls again (L8)."""

    may_book = BooleanField()
    may_change = BooleanField()
    may_take_leads = BooleanField()
    may_take_messages = BooleanField()
    may_transfer = BooleanField()
    may_send_sms = BooleanField()
    greet_known_callers = BooleanField()


class HoursForm(PageForm):
    """What stands beside the grid of hours and the closed dates, which are read apart (app/admin/pages/hours.py)."""

    timezone = Text(validators=[needed, at_most(64)])
    observe_holidays = BooleanField()
    holiday_eves = SelectField(choices=choices(EVE_RULES))
    slot_size_min = IntegerField()
    min_notice_min = IntegerField()
    booking_window_days = IntegerField()


def model_name(_form: PageForm, field: Text) -> None:
    """Validator: nothing that could mean something else in an address or a header."""
    if field.data and not _MODEL_NAME.fullmatch(field.data):
        raise ValidationError(t("בשם יש רק אותיות לטיניות, ספרות ומקפים.", "Only letters, digits, dots and dashes."))


def cascade_voice_name(_form: PageForm, field: Text) -> None:
    """Validator: shaped like a voice of Google's."""
    if field.data and not is_voice(field.data):
        raise ValidationError(
            t("שם של קול של Google נראה כך: he-IL-Wavenet-A.", "A voice of Google's is named like he-IL-Wavenet-A.")
        )


class VoiceForm(PageForm):
    """engines: what this installation can answer with."""

    engines: Sequence[str] = ()

    engine = Text()
    voice = Text(validators=[at_most(64), model_name])
    cascade_voice = Text(validators=[at_most(64), cascade_voice_name])
    speaking_rate_pct = IntegerField(validators=[Optional(), between(*RATE_RANGE_PCT)])
    persona_gender = Text(default=PersonaGender.FEMALE.value, validators=[one_of(_values(PersonaGender))])
    model = Text(validators=[at_most(64), model_name])
    transcription_model = Text(validators=[at_most(64), model_name])
    max_output_tokens = IntegerField(default=300, validators=[between(*MAX_TOKENS_RANGE)])

    def validate_engine(self, field: Text) -> None:
        if field.data and field.data not in self.engines:
            raise ValidationError(
                t("ההתקנה אינה מחוברת למנוע הזה.", "This installation is not connected to that engine.")
            )


class LineForm(PageForm):
    barge_in = Text(validators=[one_of(_values(BargeIn))])
    barge_in_action = Text(validators=[one_of(_values(BargeInAction))])
    line_mode = Text(validators=[one_of(_values(LineMode))])
    soft_preprocess = BooleanField()
    vad_preset = Text(validators=[one_of(_values(VadPreset))])
    noise_reduction = Text(default=NoiseReduction.NONE.value, validators=[one_of(_values(NoiseReduction))])
    endpointing = Text(validators=[one_of(_values(Endpointing))])
    eagerness = Text(default=Eagerness.AUTO.value, validators=[one_of(_values(Eagerness))])


class HandoverForm(PageForm):
    """own_country, installation: of the business, and where the installation allows anybody to call (S6).
    mail, webhook: whether e-mail can be sent at all, and whether the business has set an address for summaries."""

    own_country = ""
    installation: frozenset[str] = frozenset()
    mail = webhook = False

    dial_countries = Codes()
    transfer_numbers = Lines()
    fallback = Text(validators=[one_of(_values(Fallback))])
    use_second_engine = BooleanField()
    max_call_minutes = IntegerField(validators=[between(1, 60)])
    silence_prompt_s = IntegerField(validators=[between(4, 60)])
    max_silence_prompts = IntegerField(validators=[between(0, 10)])
    max_calls_at_once = IntegerField(validators=[Optional(), between(1, 1000)])
    max_calls_per_caller_hour = IntegerField(validators=[Optional(), between(1, 1000)])
    daily_minutes = IntegerField(validators=[Optional(), between(1, 100_000)])
    notify_by = Text(default=Notify.OFF.value, validators=[one_of(_values(Notify))])
    notify_phone = Text(validators=[at_most(40)])
    notify_email = Text(validators=[at_most(254)])

    def validate_transfer_numbers(self, field: Lines) -> None:
        if len(field.data) > TRANSFER_LIMIT:
            raise ValidationError(t("עד {n} מספרים.", "At most {n} numbers.", n=TRANSFER_LIMIT))
        for each in field.data:
            number = as_e164(each)
            if number is None:
                raise ValidationError(bad_phone(each))
            if why_not_dialled(number, self.countries()):
                raise ValidationError(_foreign(each))
        field.data = list(dict.fromkeys(as_e164(each) or each for each in field.data))

    def countries(self) -> frozenset[str]:
        """Where the business may call and write to, as the form has it."""
        chosen = self.dial_countries.data or [self.own_country]
        return frozenset(chosen) & self.installation

    def validate_dial_countries(self, field: Codes) -> None:
        for each in field.data:
            if not is_country(each):
                raise ValidationError(
                    t("{code} אינו קוד של מדינה.", "{code} is not the code of a country.", code=each[:20])
                )
            if each not in self.installation:
                raise ValidationError(
                    t("{code} אינה מותרת בהתקנה הזו.", "{code} is not allowed on this installation.", code=each)
                )

    def validate_notify_phone(self, field: Text) -> None:
        number = as_e164(field.data) or ""
        if self.notify_by.data == Notify.SMS and number not in self.transfer_numbers.data:
            raise ValidationError(
                t("צריך מספר מרשימת המספרים להעברה.", "A number from the list of transfer numbers is needed.")
            )
        if self.notify_by.data == Notify.SMS and why_not_written_to(number, self.countries()):
            raise ValidationError(t("למספר הזה אי אפשר לשלוח SMS.", "An SMS cannot be sent to this number."))
        field.data = number or field.data

    def validate_notify_email(self, field: Text) -> None:
        if self.notify_by.data == Notify.EMAIL and not _EMAIL.fullmatch(field.data or ""):
            raise ValidationError(t("צריך כתובת דואר.", "An e-mail address is needed."))

    def validate_notify_by(self, field: Text) -> None:
        if field.data == Notify.EMAIL and not self.mail:
            raise ValidationError(t("בהתקנה הזו לא הוגדר שרת דואר.", "No mail server is set on this installation."))
        if field.data == Notify.WEBHOOK and not self.webhook:
            raise ValidationError(t("קודם צריך כתובת לסיכומי שיחות.", "An address for call summaries is needed first."))

    def validate_fallback(self, field: Text) -> None:
        if field.data == Fallback.FORWARD and not self.transfer_numbers.data:
            raise ValidationError(t("להעברה צריך לפחות מספר אחד.", "Forwarding needs at least one number."))


class PrivacyForm(PageForm):
    """allow_private: plain http and addresses of our own network are taken, for development. can_text: the installation
    has an account that sends SMS."""

    allow_private = can_text = False
    sms_limit = 0  # the installation's

    caller_id_allowed = BooleanField()
    caller_id_trust = Text(default=CallerIdTrust.NAME.value, validators=[one_of(_values(CallerIdTrust))])
    sms_confirmation = BooleanField()
    sms_per_day = IntegerField(validators=[Optional()])
    webhook_url = Text(validators=[at_most(500)])

    def validate_caller_id_trust(self, field: Text) -> None:
        if field.data == CallerIdTrust.CODE and (not self.can_text or self.sms_per_day.data == 0):
            raise ValidationError(
                t("אי אפשר לשלוח מכאן SMS, ולכן אין קוד.", "No SMS can be sent, so there is no code.")
            )

    def validate_sms_per_day(self, field: IntegerField) -> None:
        between(0, self.sms_limit)(self, field)

    def validate_webhook_url(self, field: Text) -> None:
        if not field.data:
            return
        try:
            read_target(field.data, allow_private=self.allow_private)
        except BadAddress as error:
            raise ValidationError(_bad_address(error.code)) from error


def _foreign(number: str) -> str:
    return t(
        "{text}: לא מחייגים לשם. מותרים מספרים רגילים, במדינות שנבחרו למטה.",
        "{text} is not dialled. Ordinary numbers are, in the countries chosen below.",
        text=number,
    )


def _bad_address(code: str) -> str:
    return {
        "broken_address": t(
            "זו אינה כתובת. צריך כתובת שמתחילה ב-https://",
            "This is no address. An address that begins with https:// is needed.",
        ),
        "not_https": t(
            "כתובת http:// אינה מוצפנת. צריך כתובת שמתחילה ב-https://",
            "An http:// address is not encrypted. An address that begins with https:// is needed.",
        ),
        "private_address": t("הכתובת הזו אינה באינטרנט הפתוח.", "This address is not on the open internet."),
    }[code]
