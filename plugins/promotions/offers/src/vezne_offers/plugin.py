"""Registration of basket offers."""

from __future__ import annotations

from vezne_core import NoSettings, Plugin, Promotion, hookimpl
from vezne_offers.basket_offers import BasketOffers


class Offers(Plugin[NoSettings]):
    """Discounts that need no code: they apply to every basket that meets their conditions."""

    @hookimpl
    def vezne_register_promotions(self) -> list[Promotion]:
        return [BasketOffers()]
