"""The page that places an order which gift cards pay."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import (
    BASKET,
    DUE,
    PAYMENT_OPTION,
    Agreement,
    Junction,
    Outcome,
    Page,
    Pay,
    PreOrder,
)
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.slot import GIFT_CARDS
from vezne_gift_cards.view import GiftCardContext, context_of


class GiftCardPaymentForm(Struct, frozen=True):
    """The agreement to the terms."""

    agreement: Agreement


class GiftCardPaymentPage(Page[GiftCardPaymentForm]):
    """Place the order that your gift cards pay for."""

    junction = Junction.PAYMENT
    serves = "gift_card"
    form = GiftCardPaymentForm
    context_type = GiftCardContext
    needs = (BASKET, PAYMENT_OPTION)
    pays = True
    post_order = True

    def __init__(self, balances: ToldBalances) -> None:
        self._balances = balances

    def applies(self, preorder: PreOrder) -> bool:
        due = preorder.get(DUE)
        return preorder.has(GIFT_CARDS) and due is not None and not due.amount

    async def context(self, preorder: PreOrder) -> GiftCardContext:
        return await context_of(preorder, self._balances)

    async def process(self, preorder: PreOrder, form: GiftCardPaymentForm) -> Outcome:
        return Pay()
