"""The terminal of orders that gift cards pay: it has nothing to take."""

from __future__ import annotations

from vezne_core import GENERAL, CardDetails, Declined, Gateway, PaymentAttempt, Result

NOT_COVERED = "The gift cards do not cover the whole order. Please choose another way to pay."


class GiftCardGateway(Gateway):
    """Declines whatever gift cards leave to pay.

    What they cover is taken with the order, and for the nothing that is left
    then no gateway is asked.
    """

    name = "gift_cards"
    timeout = 1.0  # it calls nobody: a payment that takes longer was cut off, and is asked about soon

    async def begin(self, attempt: PaymentAttempt, card: CardDetails | None) -> Result:
        """Refuse to take money."""
        return Declined(errors={GENERAL: [NOT_COVERED]}, code="not_covered")

    async def ask(self, attempt: PaymentAttempt) -> Result:
        """No money was taken."""
        return Declined(errors={GENERAL: [NOT_COVERED]}, code="not_covered")
