"""The reservations of plugins that one attempt needs, claimed together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    async def restore(self, driver: Any, given: Mapping[str, Money], action: str, *, whole: bool) -> None:
        """Give back what was used, in reverse order.

        :param given: how much of a tender, by its reservation.
        :param whole: the whole order goes back, and with it what is no tender.
        :raises LookupError: the reservation of a tender is not there any more.
        """
        if gone := given.keys() - {reservation.name for reservation, _ in self._needed}:
            raise LookupError(f"no enabled plugin takes {', '.join(sorted(gone))} back")
        for reservation, order in reversed(self._needed):
            amount = given.get(reservation.name)
            if amount is None and whole and order.tender is None:
                amount = order.amount
            if amount is not None:
                await reservation.restore(self._session(driver), order, amount, action)


def _tender(reservation: Reservation, draft: Draft) -> Money | None:
    """Return what a reservation covers of the order; None where it is no tender, or was not needed."""
    amounts = [tender.amount for tender in draft.tenders if tender.reservation == reservation.name]
    return Money.of(sum(amounts, Decimal(0)), draft.amount.currency) if amounts else None
