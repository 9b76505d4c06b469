"""Registration of payment by credit card."""

from __future__ import annotations

from typing import Any

from vezne_core import Chain, NoSettings, Plugin, Slot, hookimpl
from vezne_payment_credit_card.bin_number import BinNumberPage
from vezne_payment_credit_card.card_confirmation import CreditCardConfirmationPage
from vezne_payment_credit_card.installment_selection import InstallmentSelectionPage
from vezne_payment_credit_card.slot import CARD_CHALLENGE
from vezne_payment_credit_card.three_d_secure import CreditCardThreeDSecurePage


class CreditCard(Plugin[NoSettings]):
    """Payment by credit card, with installments and 3-D Secure; gateways plug in beneath."""

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[Any]]:
        return [CARD_CHALLENGE]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        lent = self.services
        return [
            Chain(
                BinNumberPage(lent.cards),
                InstallmentSelectionPage(lent.cards, lent.texts),
                CreditCardConfirmationPage(lent.cards, lent.catalogue, lent.clock),
                CreditCardThreeDSecurePage(),
            )
        ]
