"""What is kept of a card's number and PIN: hashes under a key that is not in the database.

A PIN has ten thousand values, so no hash without a key hides it, however slow.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from vezne_core import Secret

_ZERO = bytes(32)


def digits(number: Secret) -> str:
    """Return a number as it is compared, without the blanks and dashes that it is printed with."""
    return re.sub(r"[ -]", "", number.reveal())


class Fingerprint:
    """Makes the hashes of numbers and PINs.

    :param keys: the one in use first.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = [key.reveal().encode() for key in keys]

    def numbers(self, number: Secret) -> list[bytes]:
        """Return the hash of a number under every key, the one in use first."""
        text = digits(number)
        return [_hash(key, "number", text) for key in self._keys]

    def pin(self, number: Secret, pin: Secret) -> bytes:
        """Return the hash of a card's PIN; the same PIN of another card has another."""
        return self._pins(number, pin)[0]

    def is_pin(self, kept: bytes | None, number: Secret, pin: Secret) -> bool:
        """Tell whether a PIN is the one kept; as slow for a card that there is not."""
        found = False
        for made in self._pins(number, pin):
            found |= hmac.compare_digest(made, kept or _ZERO)
        return found

    def _pins(self, number: Secret, pin: Secret) -> list[bytes]:
        return [_hash(key, "pin", digits(number), pin.reveal()) for key in self._keys]


def _hash(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")
