"""The way to the provider's page, and back from it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from vezne_core import (
    INSTALLMENT,
    ORDER_NUMBER,
    UNPAID,
    Answer,
    Change,
    ChosenInstallment,
    Links,
    Money,
    Outcome,
    Page,
    Pay,
    PreOrder,
    Redirect,
)
from vezne_payment_redirection.payment_selected import RedirectionPaymentSelectedPage
from vezne_payment_redirection.slot import REDIRECT

BRIDGE = "/orders/redirection/"


class RedirectionPageCompleteForm(Struct, frozen=True, kw_only=True):
    """What the provider's page sends back through the browser.

    Further fields are the gateway's, which reads and verifies them as they came.
    """

    success: bool
    answer: Answer
    installment_count: Annotated[int, Meta(ge=0, le=120)] | None = None
    """Chosen on the provider's page."""
    interest_fee: Decimal | None = None
    """What the provider takes for them, beside our amount."""


class RedirectionPageCompleteContext(Struct, frozen=True):
    """Where the shopper leaves for the provider, and whether in a frame."""

    redirect_url: str
    is_iframe: bool


class RedirectionPageCompletePage(Page[RedirectionPageCompleteForm]):
    """Pay at the payment provider."""

    form = RedirectionPageCompleteForm
    context_type = RedirectionPageCompleteContext
    needs = (REDIRECT, ORDER_NUMBER)
    touches = (INSTALLMENT,)
    pays = True
    returns = True
    post_order = True

    def __init__(self, links: Links) -> None:
        self._links = links

    async def context(self, preorder: PreOrder) -> RedirectionPageCompleteContext:
        """Tell the address that leads on to the provider, and notes that the shopper left."""
        hand_off = preorder.require(REDIRECT).hand_off
        return RedirectionPageCompleteContext(
            redirect_url=self._links.path(BRIDGE),
            is_iframe=isinstance(hand_off, Redirect) and hand_off.iframe,
        )

    async def process(self, preorder: PreOrder, form: RedirectionPageCompleteForm) -> Outcome:
        """Let the gateway judge what came back; what it declines leads back to the start.

        ``success`` came through the browser and proves nothing either way. So
        do the installments: they count if the gateway approves, with the
        interest that it says was taken.
        """
        chosen: tuple[Change, ...] = ()
        if form.installment_count:
            interest = Money.of(form.interest_fee or 0, preorder.require(UNPAID).amount.currency)
            picked = ChosenInstallment(pk=0, count=form.installment_count, interest=interest)
            chosen = (INSTALLMENT.fill(picked),)
        return Pay(*chosen, answer=form.answer, back_to=RedirectionPaymentSelectedPage)
