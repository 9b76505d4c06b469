"""Sign and verify requests, notices and browser forms."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

TOLERANCE_SECONDS = 300
"""How far a timestamp may lie from the bank's clock, in either direction."""


def signature(secret: str, timestamp: str, operation: str, key: str, body: bytes) -> str:
    """Sign one message: lower-case hex HMAC-SHA256 over timestamp, operation, key and the raw body.

    `operation` is the last part of the path (`authorize`) or `notice`; `key` is the idempotency key, the
    event id of a notice, or empty. Both are signed so that a message cannot be replayed as another one.
    """
    head = f"{timestamp}\n{operation}\n{key}\n".encode()
    return hmac.new(secret.encode(), head + body, sha256).hexdigest()


def form_hash(secret: str, fields: Mapping[str, str]) -> str:
    """Sign a browser form: fields but `hash` and `card_…`, sorted, as `name=<bytes of value>:value` lines.

    The length makes the text unambiguous whatever a value contains.
    """
    lines = b"".join(
        f"{name}={len(fields[name].encode())}:{fields[name]}\n".encode()
        for name in sorted(fields)
        if name != "hash" and not name.startswith("card_")
    )
    return hmac.new(secret.encode(), lines, sha256).hexdigest()


def same(expected: str, given: str) -> bool:
    """Compare two signatures in constant time; any text may be given."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def is_fresh(timestamp: str, now: float) -> bool:
    """Tell whether a timestamp (whole seconds since 1970, ASCII digits) is near enough to now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now - int(timestamp)) <= TOLERANCE_SECONDS


def body_digest(secret: str, body: bytes) -> str:
    """Remember a body without keeping it: keyed, because a plain hash of a card number can be searched."""
    return hmac.new(secret.encode(), b"digest\n" + body, sha256).hexdigest()
