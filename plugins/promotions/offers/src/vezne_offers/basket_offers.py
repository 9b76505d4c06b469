"""The promotion that brings in every basket offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vezne_core import Adjustment, Catalogue, Offer, PreOrder, Slot, Stage

BASKET = "basket"


class BasketOffers:
    """Brings in the active offers of type ``basket``; core applies those whose conditions hold."""

    stage = Stage.BEFORE_PAYMENT
    reads: tuple[Slot[Any], ...] = ()

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
        """Return them in the order of the catalogue."""
        return [offer for offer in catalogue.all(Offer) if offer.offer_type == BASKET and offer.is_active]

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        """Add nothing beside the offers."""
        return ()
