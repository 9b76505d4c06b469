"""An order whose row is held: whoever wants to move it, or its money, waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from vezne_core import Money, Reservation
from vezne_host.payments.balance import Balance, Booking, Part
from vezne_host.storage import moves, refunds

PAYMENT = "payment"
"""Kind of the main payment among an order's transactions; of a tender it is its reservation."""


class LockedOrder(Struct, frozen=True, kw_only=True):
    """What moving an order and its money needs to know of it."""

    merchant: str
    pk: int
    number: str
    preorder: UUID
    status: int
    amount: Money
    email: str
    language: str
    now: datetime


async def locked(driver: Any, merchant: str, number: str) -> LockedOrder | None:
    """Lock an order until the end of the transaction; None where there is no such order."""
    row = await moves.LOCK.run(driver, merchant=merchant, number=number)
    if row is None:
        return None
    return LockedOrder(
        merchant=merchant,
        pk=row["pk"],
        number=row["number"],
        preorder=row["preorder_id"],
        status=row["status"],
        amount=Money.of(row["amount"], row["currency"]),
        email=row["email"],
        language=row["language"] or "en",
        now=row["now"],
    )


async def balance_of(driver: Any, order: LockedOrder, reservations: Iterable[Reservation]) -> Balance:
    """Fold what the order took and what of it went back.

    :param reservations: in the order in which they take their tenders; the main payment comes last.
    """
    taken = await refunds.TAKEN.all(driver, merchant=order.merchant, order=order.pk)
    booked = await refunds.BOOKED.all(driver, merchant=order.merchant, number=order.number)
    places = {each.name: place for place, each in enumerate(reservations)}
    parts = [
        Part(row["attempt_id"], None if row["kind"] == PAYMENT else row["kind"], row["amount"])
        for row in taken
    ]
    parts.sort(key=lambda part: (part.tender is None, places.get(part.tender or "", 0)))
    return Balance(
        parts,
        [
            Booking(row["attempt_id"], row["tender"], row["action"], row["kind"], row["amount"])
            for row in booked
        ],
    )
