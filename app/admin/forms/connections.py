"""The fields of a CalDAV account and of an ICS address."""

from __future__ import annotations

from wtforms import PasswordField, SelectField, ValidationError

from app.admin.forms.fields import PageForm, Text, at_most, needed
from app.admin.text.words import t
from app.context import worker
from services.calendar_sync.clients.subscription import plain_address
from services.outbox.open_internet import BadAddress, read_target

MOST_CHARACTERS = 2000
_BAD = {
    "broken_address": ("זו אינה כתובת.", "This is no address."),
    "not_https": ("הכתובת צריכה להתחיל ב-https.", "The address has to begin with https."),
    "private_address": ("הכתובת אינה באינטרנט הפתוח.", "The address is not on the open internet."),
}


def _can_be_reached(_form: PageForm, field: Text) -> None:
    """Validator: an address on the open internet; in development any."""
    field.data = plain_address(field.data or "")
    try:
        read_target(field.data, allow_private=not worker().settings.production)
    except BadAddress as error:
        raise ValidationError(t(*_BAD[error.code])) from error


class _OfSomebody(PageForm):
    """resource: whose calendar it is, 0 for the whole business's."""

    resource = SelectField(coerce=int, choices=[], validate_choice=False, default=0)


class CalDavForm(_OfSomebody):
    address = Text(validators=[needed, at_most(MOST_CHARACTERS), _can_be_reached])
    account = Text(validators=[needed, at_most(254)])
    password = PasswordField(validators=[needed, at_most(254)])


class IcsForm(_OfSomebody):
    address = Text(validators=[needed, at_most(MOST_CHARACTERS), _can_be_reached])
    name = Text(validators=[at_most(80)])


class PasswordForm(PageForm):
    password = PasswordField(validators=[needed, at_most(254)])
