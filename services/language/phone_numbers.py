"""Phone numbers as keyed, said or written, into E.164, and which of them may be dialled or written to (S6). Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

# Every Israeli mobile number has this form. The carriers' blocks open faster than any table of them is published.
_ISRAELI_MOBILE = re.compile(r"\+9725\d{8}")
_E164 = re.compile(r"\+[1-9]\d{4,14}")
_PUNCTUATION = re.compile(r"[\s().\u2010-\u2015-]")
# What a person has in the pocket, at home or at work. Everything else earns somebody money when it is called, or is no
# telephone: premium, shared cost, personal numbers, pagers, a carrier's voicemail.
_PERSONS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
# … and what a business answers at besides.
_CALLED = _PERSONS | {PhoneNumberType.TOLL_FREE, PhoneNumberType.UAN}
# Numbers of no country: satellites (+870, +881, +882, +883) and international services.
_NO_COUNTRY = "001"
_UNUSUAL, _FOREIGN = "unusual_number", "foreign_number"


def is_e164(text: str) -> bool:
    """Whether this is written as E.164 writes numbers. A carrier's may be no number that can be called."""
    return _E164.fullmatch(text) is not None


def as_e164(text: str) -> str | None:
    """A written number in E.164, read as an Israeli one when it names no country; None when it is none."""
    return valid_number(_PUNCTUATION.sub("", text)) or None


def valid_number(digits: str, region: str = "IL") -> str:
    """E.164 of digits with an optional leading plus, "" when they are no number that may be called.

    Without a plus they are a national number of `region`, or an international one that starts with the region's own
    country code or with the prefix 00. Premium, shared-cost and satellite numbers are none (S6).
    """
    code = phonenumbers.country_code_for_region(region)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith(str(code)):
        digits = f"+{digits}"
    elif not digits.startswith(("0", "+")):
        return ""
    number = _parsed(digits, region)
    if number is None or _kind(number) not in _CALLED or _country(number) == _NO_COUNTRY:
        return ""
    return _written(number)


def national_number(number: str) -> str:
    """A number in E.164 as it is dialled in its own country, digits alone: 0501234567. "" when it is none."""
    parsed = _parsed(number)
    if parsed is None:
        return ""
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def country_of(number: str) -> str:
    """The country of a number in E.164, as two letters; "" when it has none."""
    parsed = _parsed(number)
    country = _country(parsed) if parsed else _NO_COUNTRY
    return "" if country == _NO_COUNTRY else country


def is_country(code: str) -> bool:
    """Whether two capital letters name a country that has telephone numbers."""
    return code in phonenumbers.SUPPORTED_REGIONS


def why_not_dialled(number: str, countries: Collection[str]) -> str:
    """ "" when a call may go to this number (E.164), else `unusual_number` or `foreign_number`."""
    return _refusal(number, countries, _CALLED)


def why_not_written_to(number: str, countries: Collection[str]) -> str:
    """ "" when an SMS may go to this number (E.164), else `unusual_number` or `foreign_number`."""
    return _refusal(number, countries, _PERSONS)


def _refusal(number: str, countries: Collection[str], kinds: Collection[int]) -> str:
    parsed = _parsed(number)
    if parsed is None or _written(parsed) != number or _kind(parsed) not in kinds or _country(parsed) == _NO_COUNTRY:
        return _UNUSUAL
    return "" if _country(parsed) in countries else _FOREIGN


def _parsed(digits: str, region: str | None = None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None


def _written(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _kind(number: PhoneNumber) -> int:
    """phonenumbers.PhoneNumberType; UNKNOWN for what is no number."""
    if _ISRAELI_MOBILE.fullmatch(_written(number)):
        return int(PhoneNumberType.MOBILE)
    return int(phonenumbers.number_type(number))


def _country(number: PhoneNumber) -> str:
    """Two letters, or 001."""
    found = phonenumbers.region_code_for_number(number)
    if found is None:  # a mobile number of a block that no table knows yet
        found = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return str(found)
