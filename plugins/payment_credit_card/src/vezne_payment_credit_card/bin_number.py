"""The page that asks for the first digits of the card."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from vezne_core import (
    CARD,
    PAYMENT_OPTION,
    Cards,
    Junction,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    message,
)

INVALID_BIN = "Please enter a valid bin number."


class BinNumberForm(Struct, frozen=True):
    """The first 6 or 8 digits of a card (contract: decisions, BIN)."""

    bin_number: Annotated[str, message(INVALID_BIN, pattern=r"^([0-9]{6}|[0-9]{8})$")]


class BinNumberPage(Page[BinNumberForm]):
    """Enter the first digits of your card to see its installments."""

    junction = Junction.PAYMENT
    serves = "credit_card"
    form = BinNumberForm
    needs = (PAYMENT_OPTION,)
    fills = (CARD,)
    post_order = True

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    async def process(self, preorder: PreOrder, form: BinNumberForm) -> Outcome:
        """Find the kind of card; an unknown one is the merchant's default card, if he has any."""
        info = self._cards.lookup(form.bin_number)
        if info is None:
            return Reject({"bin_number": [INVALID_BIN]})
        return Proceed(CARD.fill(info))
