"""The page on which the card is entered and charged."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct

from vezne_core import (
    CARD,
    CONFIG,
    GATEWAY,
    INSTALLMENT,
    SHOPPER,
    THREE_D,
    Capability,
    Cards,
    Catalogue,
    Clock,
    Errors,
    Outcome,
    Page,
    Pay,
    PreOrder,
    Reject,
    ThreeD,
)
from vezne_payment_credit_card.card_form import CreditCardConfirmationForm
from vezne_payment_credit_card.identity import identity_fault
from vezne_payment_credit_card.slot import CARD_CHALLENGE

TOO_MANY = "This card cannot be tried again for now. Please choose another card or another way to pay."


class CreditCardConfirmationContext(Struct, frozen=True):
    """What the gateway offers beside taking the money."""

    has_campaigns: bool
    has_rewards: bool


class CreditCardConfirmationPage(Page[CreditCardConfirmationForm]):
    """Enter your card and pay."""

    form = CreditCardConfirmationForm
    context_type = CreditCardConfirmationContext
    needs = (INSTALLMENT,)
    touches = (THREE_D,)
    forgets = (THREE_D,)
    pays = True
    challenge = CARD_CHALLENGE
    post_order = True

    def __init__(self, cards: Cards, catalogue: Catalogue, clock: Clock) -> None:
        self._cards = cards
        self._catalogue = catalogue
        self._clock = clock

    async def context(self, preorder: PreOrder) -> CreditCardConfirmationContext:
        """Tell what the gateway of this card declares."""
        gateway = preorder.get(GATEWAY)
        return CreditCardConfirmationContext(
            has_campaigns=gateway is not None and gateway.can(Capability.CAMPAIGNS),
            has_rewards=gateway is not None and gateway.can(Capability.REWARDS),
        )

    async def process(self, preorder: PreOrder, form: CreditCardConfirmationForm) -> Outcome:
        """Check the card, decide 3-D Secure, pay."""
        errors = self._errors(preorder, form)
        if errors:
            return Reject(errors)
        card, gateway = form.card(), preorder.get(GATEWAY)
        if card.number and not await self._cards.may_try(preorder, card.number):
            return Reject.because(TOO_MANY)
        required = await self._cards.three_d_required(
            preorder, gateway.name if gateway else "", form.use_three_d
        )
        return Pay(
            THREE_D.fill(ThreeD(required)),
            # The bank may ask for it where our rules did not.
            challenged=(THREE_D.fill(ThreeD(True)),),
            card=card,
            three_d=required,
            save_card=form.card_name if form.save else None,
        )

    def _errors(self, preorder: PreOrder, form: CreditCardConfirmationForm) -> Errors:
        zone = ZoneInfo(preorder.require(CONFIG).timezone)
        info = preorder.get(CARD)
        faults = form.faults(
            today=self._clock.now().astimezone(zone).date(),
            bin_number=info.bin_number if info else "",
            guest=preorder.require(SHOPPER).is_guest,
        )
        return {**faults, **identity_fault(preorder, self._catalogue)}
