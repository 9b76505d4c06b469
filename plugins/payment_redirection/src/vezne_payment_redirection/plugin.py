"""Registration of payment on a provider's page."""

from __future__ import annotations

from typing import Any

from vezne_core import Chain, NoSettings, Plugin, Slot, hookimpl
from vezne_payment_redirection.page_complete import RedirectionPageCompletePage
from vezne_payment_redirection.payment_selected import RedirectionPaymentSelectedPage
from vezne_payment_redirection.slot import REDIRECT


class Redirection(Plugin[NoSettings]):
    """Payment on the page of a payment provider; gateways plug in beneath."""

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[Any]]:
        return [REDIRECT]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        return [Chain(RedirectionPaymentSelectedPage(), RedirectionPageCompletePage(self.services.links))]
