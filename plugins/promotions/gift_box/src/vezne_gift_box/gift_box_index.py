"""The page that begins the choice of a gift box anew."""

from __future__ import annotations

from vezne_core import BASKET, CONTACT, NoForm, Outcome, Page, PreOrder, Proceed
from vezne_gift_box.box import GIFT_BOX, GIFT_BOX_PRODUCT


class GiftBoxIndexPage(Page[NoForm]):
    """Think again about the gift box."""

    independent = True
    needs = (BASKET, CONTACT)
    resets = (GIFT_BOX,)

    def applies(self, preorder: PreOrder) -> bool:
        return preorder.has(GIFT_BOX_PRODUCT)

    def done(self, preorder: PreOrder) -> bool:
        return False

    async def preset(self, preorder: PreOrder) -> NoForm:
        return NoForm()

    async def process(self, preorder: PreOrder, form: NoForm) -> Outcome:
        return Proceed()
