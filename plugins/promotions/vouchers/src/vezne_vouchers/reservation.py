"""One use of a voucher, taken with the order that it discounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vezne_core import (
    GENERAL,
    VOUCHER,
    Catalogue,
    Held,
    Message,
    Money,
    NotHeld,
    ReservedFor,
    Slot,
    Transaction,
)
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.uses import VoucherUses

USED_UP = "The voucher code {code} has been used up. Please remove it."


class VoucherReservation:
    """Takes a use of each offer that the code gave to the order; an offer that gave nothing costs none."""

    name = "vouchers"
    reads: Sequence[Slot[Any]] = (VOUCHER,)
    order = 50

    def __init__(self, uses: VoucherUses, codes: VoucherCodes, catalogue: Catalogue) -> None:
        self._uses = uses
        self._codes = codes
        self._catalogue = catalogue

    async def claim(self, session: Transaction, order: ReservedFor) -> Held | NotHeld:
        """Hold the uses, or say that the last one went to somebody else."""
        code = str(order.values[VOUCHER.name])
        given = [offer for offer in self._codes.find(self._catalogue, code) if offer.pk in order.offers]
        for offer in sorted(given, key=lambda each: each.pk):
            if not await self._uses.claim(session, offer, order):
                return NotHeld({GENERAL: [Message(USED_UP, {"code": code})]})
        return Held()

    async def consume(self, session: Transaction, order: ReservedFor) -> None:
        """Turn what is held into uses."""
        await self._uses.consume(session, order.attempt)

    async def release(self, session: Transaction, order: ReservedFor) -> None:
        """Give back what is held."""
        await self._uses.release(session, order.attempt)

    async def restore(self, session: Transaction, order: ReservedFor, amount: Money, action: str) -> None:
        """Give the uses back when the whole order is; a part of the money leaves them used.

        Otherwise a code for one order would serve two, both with its discount.
        """
        if order.amount is not None and amount >= order.amount:
            await self._uses.restore(session, order.attempt)
