"""The reservations of plugins that one attempt needs, claimed together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from vezne_core import (
    Errors,
    Money,
    NotHeld,
    PaymentAttempt,
    PreOrder,
    Reservation,
    ReservedFor,
    SlotGraph,
)
from vezne_core.promotions import offers_used
from vezne_host.payments.draft import Draft
from vezne_host.storage.database import HostTransaction


class Holding:
    """What is taken with an order beside stock; false when there is nothing to take."""

    def __init__(
        self,
        reservations: Sequence[Reservation],
        graph: SlotGraph,
        preorder: PreOrder,
        attempt: PaymentAttempt,
        draft: Draft,
    ) -> None:
        offers = offers_used(preorder)
        self._merchant = attempt.merchant
        self._needed = [
            (reservation, self._for(reservation, preorder, attempt, draft, offers))
            for reservation in reservations
            if any(slot.name in graph.slots and preorder.has(slot) for slot in reservation.reads)
        ]

    def __bool__(self) -> bool:
        return bool(self._needed)

    @staticmethod
    def _for(
        reservation: Reservation,
        preorder: PreOrder,
        attempt: PaymentAttempt,
        draft: Draft,
        offers: frozenset[int],
    ) -> ReservedFor:
        values = {slot.name: value for slot in reservation.reads if (value := preorder.get(slot)) is not None}
        return ReservedFor(
            attempt=attempt.id,
            order_number=draft.number,
            shopper=draft.user,
            values=values,
            offers=offers,
            amount=draft.amount,
            tender=_tender(reservation, draft),
        )

    def _session(self, driver: Any) -> HostTransaction:
        return HostTransaction(driver, self._merchant)

    async def claim(self, driver: Any) -> Errors | None:
        """Take everything, lowest order first; errors when one was not to be had."""
        for reservation, order in self._needed:
            answer = await reservation.claim(self._session(driver), order)
            if isinstance(answer, NotHeld):
                return answer.errors
        return None

    async def consume(self, driver: Any) -> None:
        """Turn what was taken into uses."""
        for reservation, order in self._needed:
            await reservation.consume(self._session(driver), order)

    async def release(self, driver: Any) -> None:
        """Give back what was taken, in reverse order."""
        for reservation, order in reversed(self._needed):
            await reservation.release(self._session(driver), order)


def _tender(reservation: Reservation, draft: Draft) -> Money | None:
    """Return what a reservation covers of the order; None where it is no tender, or there was no need of it."""
    amounts = [tender.amount for tender in draft.tenders if tender.reservation == reservation.name]
    return Money.of(sum(amounts, Decimal(0)), draft.amount.currency) if amounts else None
