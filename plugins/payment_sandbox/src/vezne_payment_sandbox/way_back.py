"""The form with which the shopper's browser comes back from the bank's page (manual, 3-D Secure)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vezne_core import PaymentAttempt, Secret
from vezne_payment_sandbox.signing import form_hash, same
from vezne_payment_sandbox.verdict import awaited


class Returned(Struct, frozen=True):
    """The bank's own word on the shopper of this attempt."""

    payment_id: str
    authenticated: bool
    cancelled: bool


class Strange(Struct, frozen=True):
    """Not the bank's, or not about this attempt: whoever sent it decides nothing."""

    reason: str


def read(
    form: Sequence[tuple[str, str]], attempt: PaymentAttempt, terminal: str, secret: Secret
) -> Returned | Strange:
    """Verify a form: its hash before anything else, then that it is about this attempt."""
    fields = dict(form)  # a field that stands twice is signed twice, so that no genuine hash fits
    if not same(form_hash(secret, form), fields.get("hash", "")):
        return Strange("wrong hash")
    kept = awaited(attempt)
    if kept is None:
        return Strange("nobody was sent to the bank")
    expected = {
        "terminal": terminal,
        "paymentId": kept.payment_id,
        "reference": attempt.reference,
        "order_number": attempt.order_number,
        "amount": attempt.amount.wire,
        "currency": attempt.amount.currency,
        "installments": str(attempt.installments),
    }
    for name, value in expected.items():
        if fields.get(name) != value:
            return Strange(f"another {name}")
    return Returned(expected["paymentId"], fields.get("mdStatus") == "1", fields.get("status") == "cancelled")
