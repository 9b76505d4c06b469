"""The page that lists the gift cards in use, and takes them back."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import BASKET, DUE, Outcome, Page, PreOrder, Proceed, Reject
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.slot import GIFT_CARDS
from vezne_gift_cards.view import GiftCardContext, context_of

NOT_IN_USE = "This gift card is not in use."


class GiftCardForm(Struct, frozen=True):
    """The card to take back; all of them when it is left out."""

    gift_card: int | None = None


class GiftCardPage(Page[GiftCardForm]):
    """See your gift cards, and take one back."""

    independent = True
    form = GiftCardForm
    context_type = GiftCardContext
    needs = (BASKET, DUE)
    fills = (GIFT_CARDS,)

    def __init__(self, balances: ToldBalances) -> None:
        self._balances = balances

    async def context(self, preorder: PreOrder) -> GiftCardContext:
        return await context_of(preorder, self._balances)

    async def process(self, preorder: PreOrder, form: GiftCardForm) -> Outcome:
        cards = preorder.get(GIFT_CARDS) or ()
        if form.gift_card is None:
            return Proceed(GIFT_CARDS.clear())
        kept = tuple(card for card in cards if card.card != form.gift_card)
        if len(kept) == len(cards):
            return Reject({"gift_card": [NOT_IN_USE]})
        return Proceed(GIFT_CARDS.fill(kept) if kept else GIFT_CARDS.clear())
