"""Name, number and conditions, taken from a caller's words into the draft (A6, L8, L15). Pure."""

from __future__ import annotations

from services.booking.draft import Draft
from services.booking.reading import Reading
from services.calls.context import CallContext
from services.language.name_fit import name_fits, names_person
from services.language.phone_numbers import valid_number
from services.nlp.intent import agrees_to_this_number, is_no, is_yes


def take_details(draft: Draft, reading: Reading, context: CallContext) -> bool:
    """True when something new was laid down about days or hours."""
    parsed = reading.parsed
    _take_name(draft, reading, context.caller_name)
    draft.service, draft.city = parsed.service or draft.service, parsed.city or draft.city
    draft.second = (draft.second or parsed.two) and not (draft.booked_id and is_no(reading.words))
    limits = draft.limits.taking(parsed)
    narrowed = limits != draft.limits
    draft.conditions = limits.as_dict()
    own = valid_number(context.caller) if context.caller_id_allowed else ""
    if not draft.phone and own and agrees_to_this_number(reading.words):  # "Dana Cohen, and yes, this number"
        draft.phone = own
    _take_known_name(draft, reading, context.caller_name)
    if not draft.phone and own and parsed.own_number:  # the agent has asked by itself
        agreed, about_the_name = parsed.own_number == "yes", "name" in parsed.news
        draft.phone = own if agreed else ""
        draft.permission = draft.permission if agreed or about_the_name else "refused"
    if draft.permission != "asked" or draft.phone:
        return narrowed
    if reading.agrees or parsed.phone == own:  # a hum will do: nothing is booked by it alone (L1)
        draft.phone = own
    elif (parsed.rejected and "name" not in parsed.news) or parsed.phone or parsed.phone_partial:
        draft.permission = "refused"
    return narrowed


def _take_name(draft: Draft, reading: Reading, on_file: str) -> None:
    """A first name and a surname make one name, whenever each was said; so does a first name with the full one that
    is on file. A known customer's own name is known wherever it is said."""
    parsed = reading.parsed
    name = parsed.name or draft.name
    if not name and not draft.second and names_person(reading.words, on_file):
        name = on_file
    if parsed.surname and " " not in name and parsed.surname != name:
        name = f"{name} {parsed.surname}".strip()
    if name and " " not in name and not draft.second and name_fits(name, on_file):
        name = on_file
    draft.name = name


def _take_known_name(draft: Draft, reading: Reading, on_file: str) -> None:
    """The answer to "shall it be in the name that is on file?"."""
    if draft.known_name != "asked" or draft.asked != "name" or draft.name:
        return
    if is_yes(reading.words):
        draft.name = on_file
    elif is_no(reading.words):
        draft.known_name = "refused"
