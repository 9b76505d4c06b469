"""Settings and registration of payment by bank transfer."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from vezne_core import Chain, Gateway, Plugin, Secret, Settings, Slot, Source, hookimpl
from vezne_payment_funds_transfer.account_choice import FundsTransferChoicePage
from vezne_payment_funds_transfer.gateway import FundsTransferGateway
from vezne_payment_funds_transfer.slot import ACCOUNT_CHECK, BANK_ACCOUNT, REFERENCE
from vezne_payment_funds_transfer.transfer import FundsTransferPage


class FundsTransferSettings(Settings, frozen=True):
    """Settings of bank transfers."""

    reference_key: Annotated[Secret, Meta(min_length=32)]
    """Makes reference codes that nobody can guess; another key makes other codes."""


class FundsTransfer(Plugin[FundsTransferSettings]):
    """Payment by bank transfer to one of the merchant's accounts."""

    settings_type = FundsTransferSettings

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[Any]]:
        return [BANK_ACCOUNT, REFERENCE]

    @hookimpl
    def vezne_register_sources(self) -> list[Source[Any]]:
        return [ACCOUNT_CHECK]

    @hookimpl
    def vezne_register_gateways(self) -> list[Gateway]:
        return [FundsTransferGateway(self.settings.reference_key)]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        lent = self.services
        return [
            Chain(
                FundsTransferChoicePage(lent.catalogue, lent.gateways, lent.numbers, lent.links),
                FundsTransferPage(lent.catalogue),
            )
        ]
