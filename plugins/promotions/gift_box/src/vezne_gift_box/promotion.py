"""What a gift box adds to the price."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vezne_core import Adjustment, Catalogue, Offer, PreOrder, Slot, Stage
from vezne_gift_box.box import GIFT_BOX, GIFT_BOX_PRODUCT


class GiftBoxItem:
    """Adds the gift box to the order as an item of its own, at its price of now."""

    stage = Stage.BEFORE_PAYMENT
    reads: tuple[Slot[Any], ...] = (GIFT_BOX, GIFT_BOX_PRODUCT)

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
        """Bring in none."""
        return ()

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        """Return the item, also where it is free: the order shows that there is a gift box."""
        product = preorder.get(GIFT_BOX_PRODUCT)
        if product is None or not preorder.has(GIFT_BOX):
            return ()
        return [
            Adjustment(
                kind="item", source="gift_box", label=product.name, amount=product.price, sku=product.sku
            )
        ]
