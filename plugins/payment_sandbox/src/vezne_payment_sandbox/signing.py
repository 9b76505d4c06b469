"""Sign what the bank is told and verify what it tells (manual, Signature)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from vezne_core import Secret

TOLERANCE_SECONDS = 300
"""Manual: a timestamp lies at most 300 s from the clock of who reads it."""


def signature(secret: Secret, timestamp: str, operation: str, key: str, body: bytes) -> str:
    """Sign a message: hex HMAC-SHA256 over timestamp, operation, key and the raw body."""
    return _hmac(secret, _bytes(f"{timestamp}\n{operation}\n{key}\n") + body)


def form_hash(secret: Secret, fields: Iterable[tuple[str, str]]) -> str:
    """Sign the fields of a browser form, without its hash and what begins with ``card_``."""
    signed = sorted(
        (name, value) for name, value in fields if name != "hash" and not name.startswith("card_")
    )
    return _hmac(
        secret,
        b"".join(b"%b=%d:%b\n" % (_bytes(name), len(_bytes(value)), _bytes(value)) for name, value in signed),
    )


def same(made: str, given: str) -> bool:
    """Compare two signatures in constant time; any text may be given."""
    return hmac.compare_digest(_bytes(made), _bytes(given))


def timestamp(now: datetime) -> str:
    """Write a time as the bank does: whole seconds since 1970."""
    return str(int(now.timestamp()))


def is_fresh(text: str, now: datetime) -> bool:
    """Tell whether a timestamp lies near enough to now, before or after."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return False
    return abs(now.timestamp() - int(text)) <= TOLERANCE_SECONDS


def _hmac(secret: Secret, text: bytes) -> str:
    return hmac.new(_bytes(secret.reveal()), text, sha256).hexdigest()


def _bytes(text: str) -> bytes:
    # a form that is no UTF-8 may hold lone surrogates; such a text matches no signature, and raises nothing
    return text.encode("utf-8", "surrogatepass")
