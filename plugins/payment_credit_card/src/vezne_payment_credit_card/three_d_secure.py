"""The step at the bank, and the way back from it."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import Answer, Outcome, Page, Pay, PreOrder, Received
from vezne_payment_credit_card.card_confirmation import CreditCardConfirmationPage
from vezne_payment_credit_card.slot import CARD_CHALLENGE

REDIRECT_URL = "/orders/redirect-three-d/"


class CreditCardThreeDSecureForm(Struct, frozen=True, kw_only=True):
    """What the bank's page sends back through the browser.

    Only the two flags are read here. The rest is listed for the description of
    the API and taken in whatever shape: a bank's answer is never refused over it.
    """

    three_d_secure: bool
    success: bool
    answer: Answer
    md: Received = None
    xid: Received = None
    eci: Received = None
    cavv: Received = None
    mdStatus: Received = None  # noqa: N815  # the bank's name
    status: Received = None
    paymentId: Received = None  # noqa: N815
    conversationData: Received = None  # noqa: N815
    conversationId: Received = None  # noqa: N815
    liqpay_token: Received = None
    body: Received = None


class CreditCardThreeDSecureContext(Struct, frozen=True):
    """Where the shopper leaves for the bank."""

    redirect_url: str


class CreditCardThreeDSecurePage(Page[CreditCardThreeDSecureForm]):
    """Confirm the payment at your bank."""

    form = CreditCardThreeDSecureForm
    context_type = CreditCardThreeDSecureContext
    needs = (CARD_CHALLENGE,)
    pays = True
    returns = True
    post_order = True

    def applies(self, preorder: PreOrder) -> bool:
        """Tell whether the gateway asked for this step."""
        return preorder.has(CARD_CHALLENGE)

    async def context(self, preorder: PreOrder) -> CreditCardThreeDSecureContext:
        """Tell the address that makes the form to the bank."""
        return CreditCardThreeDSecureContext(REDIRECT_URL)

    async def process(self, preorder: PreOrder, form: CreditCardThreeDSecureForm) -> Outcome:
        """Let the gateway judge what came back.

        Both flags came through the browser: a "success" proves nothing, and a
        failure is closed only by the gateway, which alone can tell whether the
        bank did what the browser says. A decline leads back to the card.
        """
        return Pay(answer=form.answer, back_to=CreditCardConfirmationPage)
