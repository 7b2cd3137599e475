"""Phone numbers as keyed or said, into E.164. Pure."""

from __future__ import annotations

import re

import phonenumbers

# Every Israeli mobile number has this form. The carriers' blocks open faster than any table of them is published.
_ISRAELI_MOBILE = re.compile(r"\+9725\d{8}")


def valid_number(digits: str, region: str = "IL") -> str:
    """E.164 of digits with an optional leading plus, "" when they are no number that can be called.

    Without a plus they are a national number of `region`, or an international one that starts with the region's own
    country code or with the prefix 00.
    """
    code = phonenumbers.country_code_for_region(region)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith(str(code)):
        digits = f"+{digits}"
    elif not digits.startswith(("0", "+")):
        return ""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    known = phonenumbers.is_valid_number(number) or _ISRAELI_MOBILE.fullmatch(written)
    return written if known else ""
