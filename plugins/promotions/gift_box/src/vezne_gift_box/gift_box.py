"""The page that offers a gift box."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from vezne_core import BASKET, CONTACT, Outcome, Page, PreOrder, Proceed
from vezne_gift_box.box import GIFT_BOX, GIFT_BOX_PRODUCT, GiftBox


class GiftBoxForm(Struct, frozen=True):
    """Everything may be left out: a box without note and video."""

    note: Annotated[str, Meta(max_length=160)] | None = None
    gift_video: bool = False
    gift_video_notification_sent: bool = False


class GiftBoxContext(Struct, frozen=True):
    """What a gift box costs."""

    price: str


class GiftBoxPage(Page[GiftBoxForm]):
    """Have the order packed as a gift, with a note and a video if you like."""

    independent = True
    form = GiftBoxForm
    context_type = GiftBoxContext
    needs = (BASKET, CONTACT)
    fills = (GIFT_BOX,)

    def applies(self, preorder: PreOrder) -> bool:
        return preorder.has(GIFT_BOX_PRODUCT)

    async def context(self, preorder: PreOrder) -> GiftBoxContext:
        return GiftBoxContext(preorder.require(GIFT_BOX_PRODUCT).price.wire)

    async def process(self, preorder: PreOrder, form: GiftBoxForm) -> Outcome:
        box = GiftBox(
            note=form.note or None,
            gift_video=form.gift_video,
            gift_video_notification_sent=form.gift_video_notification_sent,
        )
        return Proceed(GIFT_BOX.fill(box))
