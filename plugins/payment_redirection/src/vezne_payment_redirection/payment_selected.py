"""The page that starts the payment at the provider."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from vezne_core import (
    CONFIG,
    INSTALLMENT,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    REDIRECTED,
    Agreement,
    Junction,
    Outcome,
    Page,
    Pay,
    PreOrder,
    ReturnAddress,
    message,
)
from vezne_payment_redirection.slot import REDIRECT

INSTALLMENTS = "Please send installment counts from 0 to 120, joined by colons."

_COUNT = r"0*(120|1[01][0-9]|[1-9]?[0-9])"


class RedirectionPaymentSelectedForm(Struct, frozen=True):
    """The agreement, and what the browser tells the provider; the gateway finds it in ``attempt.input``."""

    agreement: Agreement
    browser_installments: (
        Annotated[str, message(INSTALLMENTS, max_length=64, pattern=f"^{_COUNT}(:{_COUNT})*$")] | None
    ) = None
    """Installment counts joined by colons, such as ``1:3:6``."""
    browser_client_type: Annotated[str, Meta(max_length=64)] | None = None


class RedirectionPaymentSelectedPage(Page[RedirectionPaymentSelectedForm]):
    """Agree and pay on the page of the payment provider."""

    junction = Junction.PAYMENT
    serves = "redirection"
    form = RedirectionPaymentSelectedForm
    needs = (PAYMENT_OPTION,)
    resets = (REDIRECT, REDIRECTED, INSTALLMENT)
    forgets = (ORDER_NUMBER,)
    pays = True
    challenge = REDIRECT
    post_order = True

    def done(self, preorder: PreOrder) -> bool:
        """Tell whether the payment is started and the shopper still here.

        Who left for the provider and is seen here again is asked again: the
        next page alone would send him straight back to where he came from.
        """
        return preorder.has(REDIRECT) and not preorder.has(REDIRECTED)

    async def process(self, preorder: PreOrder, form: RedirectionPaymentSelectedForm) -> Outcome:
        """Start the payment; a provider that does not want it gives the order number back."""
        settings = preorder.require(CONFIG).checkout
        return Pay(
            return_address=ReturnAddress(
                one_time="required" if settings.USE_ONE_TIME_TOKEN else "none",
                number=settings.ORDERS_USE_ISOLATED_PRE_ORDER_ON_RETURN,
            ),
            back_to=RedirectionPaymentSelectedPage,
        )
