"""Registration of gift boxes."""

from __future__ import annotations

from typing import Any

from vezne_core import Chain, NoSettings, Plugin, Promotion, Slot, Source, hookimpl
from vezne_gift_box.box import GIFT_BOX, GIFT_BOX_PRODUCT, GIFT_BOX_SOURCE, PRODUCT_SOURCE
from vezne_gift_box.gift_box import GiftBoxPage
from vezne_gift_box.gift_box_index import GiftBoxIndexPage
from vezne_gift_box.promotion import GiftBoxItem


class GiftBoxPlugin(Plugin[NoSettings]):
    """Orders packed as a gift, with a note and a video."""

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[Any]]:
        return [GIFT_BOX, GIFT_BOX_PRODUCT]

    @hookimpl
    def vezne_register_sources(self) -> list[Source[Any]]:
        return [PRODUCT_SOURCE, GIFT_BOX_SOURCE]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        return [Chain(GiftBoxIndexPage(), GiftBoxPage())]

    @hookimpl
    def vezne_register_promotions(self) -> list[Promotion]:
        return [GiftBoxItem()]
