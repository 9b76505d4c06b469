"""Phone numbers: stored as E.164, shown in the national form of USER_PHONE_FORMAT."""

from __future__ import annotations

import phonenumbers

DEFAULT_REGION = "TR"

_PREFIX = f"+{phonenumbers.country_code_for_region(DEFAULT_REGION)}"
"""No country code begins another one, so this alone tells a number of the region."""


def e164(text: str, region: str | None) -> str | None:
    """Return a number as E.164, or None when it is no possible number.

    :param region: ISO country code for numbers without ``+``.
    """
    if not text.isascii():
        return None
    try:
        number = phonenumbers.parse(text, (region or DEFAULT_REGION).upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(number: str | None, mask: str) -> str | None:
    """Show an E.164 number as a mask says: every digit of the mask stands for one of the number.

    A number that does not fit, of another country or length, is shown as it is.
    """
    if number is None:
        return None
    significant = number.removeprefix(_PREFIX)
    if significant == number or not significant.isdecimal():
        return number
    places = sum(map(str.isdigit, mask))
    digits = significant.rjust(places, "0") if places - len(significant) in (0, 1) else ""
    if not digits:
        return number
    left = iter(digits)
    return "".join(next(left) if char.isdigit() else char for char in mask)
