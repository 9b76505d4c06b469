"""The forms with which the shopper's browser comes back from a page of the bank (manual, The way back)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from vezne_core import Money, PaymentAttempt, Secret
from vezne_payment_sandbox.signing import form_hash, same
from vezne_payment_sandbox.verdict import awaited
from vezne_payment_sandbox.wire import Amount

Form = Sequence[tuple[str, str]]


class Returned(Struct, frozen=True):
    """The bank's own word on the shopper of this attempt."""

    payment_id: str
    authenticated: bool
    cancelled: bool


class Unpaid(Struct, frozen=True):
    """The shopper left the bank's page without having paid, for good."""

    code: str


class Strange(Struct, frozen=True):
    """Not the bank's, or not about this attempt: whoever sent it decides nothing."""

    reason: str


def read(form: Form, attempt: PaymentAttempt, terminal: str, secret: Secret) -> Returned | Strange:
    """Verify the form of the access page: its hash first, then that it is about this attempt."""
    expected = {"amount": attempt.amount.wire, "installments": str(attempt.installments)}
    fields = _verified(form, attempt, terminal, secret, expected)
    if isinstance(fields, Strange):
        return fields
    return Returned(fields["paymentId"], fields.get("mdStatus") == "1", fields.get("status") == "cancelled")


def read_hosted(form: Form, attempt: PaymentAttempt, terminal: str, secret: Secret) -> str | Unpaid | Strange:
    """Verify the form of the page on which the shopper pays; return the id of a payment that he made.

    The bank's interest stands beside the amount that it was asked for; what was
    taken is asked of the bank all the same.
    """
    fee = dict(form).get("interest_fee", "")
    try:
        amount = attempt.amount + Money.of(msgspec.convert(fee, Amount), attempt.amount.currency)
    except msgspec.ValidationError:
        amount = attempt.amount
    fields = _verified(form, attempt, terminal, secret, {"amount": amount.wire})
    if isinstance(fields, Strange):
        return fields
    match fields.get("status"):
        case "success":
            return fields["paymentId"]
        case "cancelled" | "failure":
            return Unpaid(fields.get("code") or "05")
    return Strange("another status")


def _verified(
    form: Form, attempt: PaymentAttempt, terminal: str, secret: Secret, more: Mapping[str, str]
) -> dict[str, str] | Strange:
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
        "currency": attempt.amount.currency,
        **more,
    }
    for name, value in expected.items():
        if fields.get(name) != value:
            return Strange(f"another {name}")
    return fields
