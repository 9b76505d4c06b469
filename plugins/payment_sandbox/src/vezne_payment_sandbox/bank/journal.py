"""Keep the list of received requests for tests, without one secret in it."""

import re
from collections import deque
from typing import Any

import msgspec

from vezne_payment_sandbox.bank.cards import masked
from vezne_payment_sandbox.bank.ledger import now

KEPT = 10_000
"""How many requests are remembered; older ones are dropped."""
_SECRET = frozenset({"cvv", "holder", "otp", "card_token", "token", "session_token"}) | {
    "success_url",  # addresses carry the shop's one-time tokens
    "failure_url",
    "notice_url",
}
_PLAIN = frozenset({"reference", "order_number", "payment_id", "transaction_id"})
_LONG_DIGITS = re.compile(r"(?:[0-9][ -]?){11,18}[0-9]")


class Seen(msgspec.Struct, kw_only=True):
    """One request: what it asked, masked, and the status it got (null: no answer was sent)."""

    at: str
    operation: str
    terminal: str | None = None
    idempotency_key: str | None = None
    body: Any = None
    status: int | None = None


class Journal:
    """The requests since the start or the last reset, oldest first."""

    def __init__(self) -> None:
        self.seen: deque[Seen] = deque(maxlen=KEPT)

    def open(self, operation: str, terminal: str | None = None, key: str | None = None) -> Seen:
        """Begin the line of a request. Its body is added only after it could be read, and masked."""
        line = Seen(at=now(), operation=operation, terminal=terminal, idempotency_key=key)
        self.seen.append(line)
        return line


def without_secrets(value: Any, name: str = "") -> Any:
    """Copy a message for showing: secrets become `***`, card numbers are masked wherever they hide."""
    if isinstance(value, dict):
        return {key: without_secrets(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(each, name) for each in value]
    if not isinstance(value, str):
        return value
    if name in _SECRET:
        return "***"
    if name in _PLAIN:
        return value
    return _LONG_DIGITS.sub(lambda found: masked(re.sub("[ -]", "", found[0])), value)
