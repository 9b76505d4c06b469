"""Codes that tell a transfer apart: short, typed by hand, checked by their last character."""

from __future__ import annotations

import hmac

from stdnum import luhn

from vezne_core import ExpectedTransfer, Secret, canonical

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter looks like a digit or like another."""

_LENGTH = 9
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", " ": "", "-": "", ".": "", "/": ""})


def reference_code(key: Secret, transfer: ExpectedTransfer) -> str:
    """Make the code of a transfer: nine characters and one that checks them.

    The same transfer has the same code, any other another one; without the key
    nobody can tell it from the order.
    """
    mac = hmac.digest(key.reveal().encode(), canonical(transfer), "sha256")
    number = int.from_bytes(mac)
    body = "".join(ALPHABET[number >> (5 * place) & 31] for place in range(_LENGTH))
    return body + luhn.calc_check_digit(body, ALPHABET)


def read_code(text: str) -> str | None:
    """Return the code in a text typed by hand, or None when it has a mistake.

    Case, spaces, hyphens and letters that look like digits do not count.
    """
    code = text.upper().translate(_LOOKALIKES)
    sound = len(code) == _LENGTH + 1 and set(code) <= set(ALPHABET) and luhn.is_valid(code, ALPHABET)
    return code if sound else None
