"""Indonesian mobile numbers in the one form that providers take: `+62…`."""

from __future__ import annotations

import re

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)

INDONESIA = 62
# What people write into a field for a number. Letters, extensions and digits of other scripts are none of it.
_WRITTEN = re.compile(r"\+?[0-9][0-9 ().-]{5,24}", re.ASCII)
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def indonesian_mobile(written: str) -> str | None:
    """`08…`, `8…`, `62…` and `+62…` with blanks, dashes and brackets, as E.164; None for what is no Indonesian mobile number."""
    if not _WRITTEN.fullmatch(written.strip()):
        return None
    try:
        number = parse(written, "ID")
    except NumberParseException:
        return None
    if number.country_code != INDONESIA or not is_valid_number(number) or number_type(number) not in _MOBILE:
        return None
    return format_number(number, PhoneNumberFormat.E164)
