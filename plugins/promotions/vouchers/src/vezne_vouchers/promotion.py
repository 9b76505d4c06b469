"""The promotion that brings in the offer of the voucher code given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vezne_core import VOUCHER, Adjustment, Catalogue, Offer, PreOrder, Slot, Stage
from vezne_vouchers.code import VoucherCodes


class VoucherOffers:
    """Brings in what the code in VOUCHER stands for; core applies it where its conditions hold.

    It never asks how many uses are left: that is asked when the code is given,
    and again when the order claims one.
    """

    stage = Stage.BEFORE_PAYMENT
    reads: tuple[Slot[Any], ...] = (VOUCHER,)

    def __init__(self, codes: VoucherCodes) -> None:
        self._codes = codes

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
        """Return the offers of the code, none without one."""
        code = preorder.get(VOUCHER)
        return self._codes.find(catalogue, code) if code else ()

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        """Add nothing beside the offers."""
        return ()
