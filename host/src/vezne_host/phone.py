"""Phone numbers: stored as E.164, shown in the national form of USER_PHONE_FORMAT."""

from __future__ import annotations

import phonenumbers

DEFAULT_REGION = "TR"


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
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != phonenumbers.country_code_for_region(DEFAULT_REGION):
        return number
    significant = phonenumbers.national_significant_number(parsed)
    places = sum(char.isdigit() for char in mask)
    digits = significant.rjust(places, "0") if places - len(significant) in (0, 1) else ""
    if not digits:
        return number
    left = iter(digits)
    return "".join(next(left) if char.isdigit() else char for char in mask)
