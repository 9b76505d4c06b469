"""Registration of voucher codes."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import MetaData

from vezne_core import Chain, Plugin, Promotion, Reservation, hookimpl
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.promotion import VoucherOffers
from vezne_vouchers.reservation import VoucherReservation
from vezne_vouchers.settings import VouchersSettings
from vezne_vouchers.table import metadata
from vezne_vouchers.uses import VoucherUses
from vezne_vouchers.voucher_code import VoucherCodePage


class Vouchers(Plugin[VouchersSettings]):
    """Discounts for those who know a code, each for so many orders as the merchant allows."""

    settings_type = VouchersSettings

    @cached_property
    def _codes(self) -> VoucherCodes:
        return VoucherCodes()

    @cached_property
    def _uses(self) -> VoucherUses:
        return VoucherUses(self.services.database)

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        services = self.services
        page = VoucherCodePage(
            self.settings, services.catalogue, self._codes, services.offers, self._uses, services.cache
        )
        return [Chain(page)]

    @hookimpl
    def vezne_register_promotions(self) -> list[Promotion]:
        return [VoucherOffers(self._codes)]

    @hookimpl
    def vezne_register_reservations(self) -> list[Reservation]:
        return [VoucherReservation(self._uses, self._codes, self.services.catalogue)]

    @hookimpl
    def vezne_register_tables(self) -> MetaData:
        return metadata
