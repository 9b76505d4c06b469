"""What an answer of the bank means for the attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec
from msgspec import Struct

from vezne_core import (
    GENERAL,
    Approved,
    Challenged,
    Declined,
    FormPost,
    Money,
    NotAttempted,
    PaymentAttempt,
    Redirect,
    Result,
    Secret,
    StoredCard,
    Unknown,
)
from vezne_payment_sandbox.wire import (
    Authentication,
    Decline,
    Found,
    Movement,
    Opened,
    Payment,
    Sale,
    Unclear,
    Untouched,
)

SENTENCES: Mapping[str, str] = {
    "05": "Your bank declined this payment. Please use another card or ask your bank.",
    "14": "Your bank does not know this card. Please check the card number.",
    "51": "There is not enough money on this card. Please use another one.",
    "54": "This card has expired. Please use another one.",
    "65": "Your bank asks you to confirm this payment. Please try again.",
    "82": "The security code is not right. Please check your card details.",
    "C1": "This campaign does not go with your card. Please choose another one.",
    "R1": "Your card does not have that many points. Please choose a smaller amount.",
    "3D": "The payment was not confirmed at your bank. Please try again.",
    "3C": "You cancelled the payment at your bank. Nothing was charged.",
    "3E": "The payment was not confirmed in time. Please try again.",
    "voided": "This payment was cancelled and nothing was charged. Please pay again.",
    "refunded": "This payment was given back. Please pay again.",
    "lost": "The page of your bank could not be opened. Please try again.",
    "card": "Please check your card details.",
    "card_gone": "Please enter your card again.",
}
"""What the shopper reads, by code of the manual, or of ours."""

_EARLIER = frozenset({"key_reused", "duplicate_reference"})
"""Errors that tell of an earlier call of this attempt, which may well have taken the money."""


class Awaited(Struct, frozen=True):
    """What is kept of an attempt whose shopper is at the bank."""

    payment_id: str
    hand_off: FormPost | Redirect


def awaited(attempt: PaymentAttempt) -> Awaited | None:
    """Return what was kept when the attempt was challenged."""
    return msgspec.convert(attempt.state, Awaited) if attempt.state else None


def declined(code: str) -> Declined:
    """Make a decline that the shopper understands."""
    return Declined(errors={GENERAL: [SENTENCES.get(code, SENTENCES["05"])]}, code=code)


def opened(attempt: PaymentAttempt, answer: Opened | Untouched | Unclear) -> Result:
    """Judge the answer to ``session``.

    Manual: a session takes no money before a shopper is on its page, and nobody
    is who was not told its address. So it is asked for again, under the same key.
    """
    match answer:
        case Untouched(_, code) if code in _EARLIER:
            return Unknown(reason=f"the bank knows the attempt already: {code}")
        case Untouched() | Unclear():
            return NotAttempted(reason=answer.reason)
    if (answer.reference, answer.order_number) != (attempt.reference, attempt.order_number):
        return Unknown(reason="the bank answered about another payment")
    kept = Awaited(answer.payment_id, Redirect(url=answer.page_url))
    return _challenged(kept, timedelta(seconds=answer.expires_in))


def charged(attempt: PaymentAttempt, answer: Sale | Decline | Authentication | Untouched | Unclear) -> Result:
    """Judge the answer to ``authorize`` or ``complete``."""
    match answer:
        case Unclear(reason):
            return Unknown(reason=reason)
        case Untouched(_, code, field):
            if code in _EARLIER:
                return Unknown(reason=f"the bank knows the attempt already: {code}")
            if field.startswith("card"):
                return Declined(errors={GENERAL: [SENTENCES["card"]]}, code=f"{code} {field}")
            return NotAttempted(reason=answer.reason)
    if (answer.reference, answer.order_number) != (attempt.reference, attempt.order_number):
        return Unknown(reason="the bank answered about another payment")
    match answer:
        case Decline():
            return declined(answer.code)
        case Authentication():
            return _challenged(
                Awaited(answer.payment_id, _form(answer)), timedelta(seconds=answer.expires_in)
            )
        case Sale(captured=False):
            return Unknown(reason="the money is reserved, not taken")
        case Sale(stored_card=stored):
            return _approved(
                attempt,
                answer,
                Money.of(answer.amount, answer.currency),
                stored_card=StoredCard(token=Secret(stored.token), last_four=stored.last_four)
                if stored
                else None,
            )


def _approved(
    attempt: PaymentAttempt, payment: Sale | Payment, amount: Money, stored_card: StoredCard | None = None
) -> Approved:
    """Make an approval; the installments are told where the shopper chose them at the bank."""
    interest = Money.of(payment.interest, payment.currency)
    chosen_there = bool(interest) or payment.installments != attempt.installments
    return Approved(
        amount=amount,
        transaction_id=payment.transaction_id,
        installment=payment.installments if chosen_there else None,
        interest=interest if chosen_there else None,
        stored_card=stored_card,
    )


def asked(attempt: PaymentAttempt, answer: Found | Untouched | Unclear) -> Result:
    """Judge the answer to ``query``. That the question failed says nothing of the payment."""
    match answer:
        case Unclear(reason):
            return Unknown(reason=reason)
        case Untouched():
            return Unknown(reason=f"the bank did not tell: {answer.reason}")
        case Found(payments=()):
            return NotAttempted(reason="the bank never heard of it")
        case Found(payments=(payment,)) if (payment.reference, payment.order_number) == (
            attempt.reference,
            attempt.order_number,
        ):
            return _standing(attempt, payment)
    return Unknown(reason="the bank told of another payment")


def _standing(attempt: PaymentAttempt, payment: Payment) -> Result:
    match payment.state:
        case "approved":
            total, captured, refunded = (
                Money.of(amount, payment.currency)
                for amount in (payment.amount, payment.captured, payment.refunded)
            )
            # what was not captured, or given back by hand, is not there: the runner sees the difference
            return _approved(attempt, payment, min(total, captured - refunded))
        case "declined":
            return declined(payment.code or "05")
        case "voided" | "refunded":
            return declined(payment.state)
        case "challenged" if payment.authenticated:
            # the shopper has answered, but no `complete` has arrived; one may be on its way
            return NotAttempted(reason="authenticated and not completed")
        case "challenged":
            kept = awaited(attempt)
            # the answer with the bank's page was lost: nobody can confirm this payment any more
            return _challenged(kept) if kept else declined("lost")


def moved(answer: Movement | Untouched | Unclear, transaction_id: str, kind: str) -> Result:
    """Judge the answer to ``void`` or ``refund``."""
    match answer:
        case Movement(transaction_id=moved, kind=done) if (moved, done) == (transaction_id, kind):
            amount = Money.of(answer.amount, answer.currency)
            return Approved(amount=amount, transaction_id=transaction_id)
        case Movement():
            return Unknown(reason="the bank answered about another payment")
        case Unclear(reason):
            return Unknown(reason=reason)
        case Untouched(_, "key_reused"):
            return Unknown(reason="the bank knows the action already: key_reused")
        case Untouched(404 | 409, code):
            return Declined(code=code)
        case Untouched():
            return NotAttempted(reason=answer.reason)


def _challenged(kept: Awaited, expires_in: timedelta | None = None) -> Challenged:
    return Challenged(hand_off=kept.hand_off, state=msgspec.to_builtins(kept), expires_in=expires_in)


def _form(answer: Authentication) -> FormPost:
    return FormPost(url=answer.hand_off.url, fields=answer.hand_off.fields)
