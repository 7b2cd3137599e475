"""The fields of a person or room, and of a service."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, ValidationError

from app.admin.forms.fields import Lines, PageForm, Text, at_most, between, needed
from app.admin.text.words import t
from services.db.models import ResourceKind
from services.policy.settings import SLOT_SIZE_LIMITS
from services.reports.diary import is_colour

MOST_NAMES = 30


def _names(_form: PageForm, field: Lines) -> None:
    """Validator: a bounded list of short names."""
    if len(field.data) > MOST_NAMES or any(len(each) > 60 for each in field.data):
        raise ValidationError(t("עד {n} שמות, כל אחד עד 60 תווים.", "Up to {n} names of 60 characters.", n=MOST_NAMES))


class _WithColour(PageForm):
    colour = Text(default="#2f6f5e")

    def validate_colour(self, field: Text) -> None:
        if field.data and not is_colour(field.data):
            raise ValidationError(t("צבע כמו #2f6f5e.", "A colour such as #2f6f5e."))


class ResourceForm(_WithColour):
    """What stands beside the grid of hours and the days off, which are read apart (app/admin/pages/team.py)."""

    name = Text(validators=[at_most(120)])
    called = Lines(validators=[_names])
    kind = SelectField(choices=[each.value for each in ResourceKind])
    own_hours = BooleanField()
    active = BooleanField(default=True)


class ServiceForm(_WithColour):
    name = Text(validators=[needed, at_most(120)])
    called = Lines(validators=[_names])
    length_min = IntegerField(default=30, validators=[between(*SLOT_SIZE_LIMITS)])
    before_min = IntegerField(default=0, validators=[between(0, 240)])
    after_min = IntegerField(default=0, validators=[between(0, 240)])
    price = Text(validators=[at_most(200)])
    on_request = BooleanField()
    capacity = IntegerField(default=1, validators=[between(1, 200)])
    givers = SelectMultipleField(coerce=int, choices=[], validate_choice=False)
    active = BooleanField(default=True)
