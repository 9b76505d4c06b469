"""What gift cards take off what is to be paid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vezne_core import BASKET, CONFIG, Adjustment, Catalogue, Money, Offer, PreOrder, Slot, Stage
from vezne_gift_cards.slot import GIFT_CARDS, NAME, shares


class GiftCardTenders:
    """Pays with the cards in GIFT_CARDS, in their order and up to the cap of the merchant."""

    stage = Stage.BEFORE_PAYMENT
    reads: tuple[Slot[Any], ...] = (GIFT_CARDS, CONFIG)

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
        """Bring in none."""
        return ()

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        """Return a tender per card; the sums cut them to what there is to pay."""
        basket = preorder.get(BASKET)
        if basket is None:
            return []
        currency = basket.currency.upper()
        cards = [card for card in preorder.get(GIFT_CARDS) or () if card.amount.currency == currency]
        allowed = Money.sum((card.amount for card in cards), currency)
        cap = preorder.require(CONFIG).checkout.GIFT_CARD_CONFIG.max_amount_per_order
        if cap:
            allowed = min(allowed, Money.of(cap, currency))
        return [
            Adjustment(kind="tender", source=NAME, label=card.label, amount=part, reservation=NAME)
            for card, part in zip(cards, shares(cards, allowed), strict=True)
        ]
