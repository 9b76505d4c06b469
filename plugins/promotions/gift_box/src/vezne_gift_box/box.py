"""What a shopper answers about a gift box, and the product that it is."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import (
    BASKET,
    CONFIG,
    Catalogue,
    Fact,
    Money,
    PreOrder,
    Slot,
    Source,
    Value,
    World,
)


class GiftBox(Value, frozen=True, kw_only=True):
    """A gift box was chosen, with this."""

    note: str | None = None
    gift_video: bool = False
    gift_video_notification_sent: bool = False


class GiftBoxProduct(Value, frozen=True, kw_only=True):
    """The gift box that can be had now, at its price of now."""

    sku: str | None
    name: str
    price: Money


class GiftBoxView(Struct, frozen=True):
    """Shape of ``pre_order.gift_box``."""

    note: str | None
    gift_video: bool
    gift_video_notification_sent: bool
    price: str | None


def _show(box: GiftBox, preorder: PreOrder, catalogue: Catalogue, language: str) -> GiftBoxView:
    product = preorder.get(GIFT_BOX_PRODUCT)
    return GiftBoxView(
        note=box.note,
        gift_video=box.gift_video,
        gift_video_notification_sent=box.gift_video_notification_sent,
        price=product.price.wire if product else None,
    )


GIFT_BOX = Slot("gift_box.box", GiftBox, wire="gift_box", show=_show)
GIFT_BOX_PRODUCT = Fact("gift_box.product", GiftBoxProduct, same=("sku", "price"))


def _product(preorder: PreOrder, world: World) -> GiftBoxProduct | None:
    """Read what GIFT_BOX_CONFIGURATIONS names; nothing while no gift box can be had.

    Without a SKU there is a gift box all the same, and it is free (contract:
    GiftBoxPage). With one it must be a product in stock and in this currency.
    """
    setting, basket = world.config.checkout.GIFT_BOX_CONFIGURATIONS, preorder.get(BASKET)
    if not setting.is_active or basket is None:
        return None
    if not setting.sku:
        return GiftBoxProduct(sku=None, name="Gift box", price=Money.zero(basket.currency))
    product = world.products.get(setting.sku)
    if product is None or product.stock < 1 or product.price.currency != basket.currency.upper():
        return None
    return GiftBoxProduct(sku=product.sku, name=product.name, price=product.price)


def _check(preorder: PreOrder, world: World) -> GiftBox | None:
    return preorder.get(GIFT_BOX) if preorder.has(GIFT_BOX_PRODUCT) else None


PRODUCT_SOURCE = Source(GIFT_BOX_PRODUCT, _product, reads=(CONFIG, BASKET))
GIFT_BOX_SOURCE = Source(GIFT_BOX, _check, reads=(GIFT_BOX_PRODUCT,))
