"""Moves orders from one status to another, as the table of transitions allows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from msgspec import Struct

from vezne_core import Money
from vezne_host.orders.closing import closed, moved
from vezne_host.orders.locked import LockedOrder, balance_of, locked
from vezne_host.orders.status import CANCELLED, OVER, STATUS, TRANSITIONS, UNPAID, follows
from vezne_host.payments.balance import ASKED, REFUNDED, Balance, tenders_of
from vezne_host.payments.giving_back import book
from vezne_host.payments.settler import again
from vezne_host.storage import moves as sql
from vezne_host.storage.lane import Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()


class Moved(Struct, frozen=True):
    """The order has the status that was asked for; perhaps it had it before."""

    before: int
    status: int


class NotMoved(Struct, frozen=True, kw_only=True):
    """The order stays as it is."""

    fact: str
    remedy: str = ""
    unknown: bool = False
    """There is no such order."""


class Moves:
    """Moves the orders of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane

    async def move(self, number: str, status: int, *, actor: str) -> Moved | NotMoved:
        """Give an order another status.

        One that is cancelled, or refunded, gives back what it took: goods that
        have not left, and what plugins hold for it.
        """
        answer: Moved | NotMoved = await again(lambda: self._move(number, status, actor))
        if isinstance(answer, Moved):
            self._runtime.nudge()
        return answer

    async def stale(self, limit: int) -> list[str]:
        """Return orders whose payment has been waited for too long, and that nobody is paying."""
        life = timedelta(days=self._runtime.lifetimes.waiting_order_days)
        rows = await self._lane.ask_all(sql.STALE, merchant=self._merchant, life=life, limit=limit)
        return [row["number"] for row in rows]

    async def _move(self, number: str, status: int, actor: str) -> Moved | NotMoved:
        async with self._lane.transaction() as driver:
            order = await locked(driver, self._merchant, number)
            if order is None:
                return NotMoved(fact=f"there is no order {number}", unknown=True)
            if order.status == status:
                return Moved(status, status)
            if not follows(order.status, status):
                return _not_allowed(order, status)
            under_way = await sql.UNDER_WAY.run(driver, merchant=self._merchant, number=number)
            assert under_way is not None  # it always answers
            if order.status in UNPAID and under_way["paying"]:
                fact = f"a payment for order {number} is under way"
                return NotMoved(fact=fact, remedy="wait until it has ended")
            if status in OVER:
                refusal = await self._close(driver, order, status, refunding=under_way["refunding"])
                if refusal is not None:
                    return refusal
            await moved(self._runtime, driver, order, status)
            await sql.WRITE_DOWN.run(
                driver, merchant=self._merchant, actor=actor, action="move", number=number,
                text=f"{order.status} to {status}",
            )  # fmt: skip
        return Moved(order.status, status)

    async def _close(
        self, driver: Any, order: LockedOrder, status: int, *, refunding: bool
    ) -> NotMoved | None:
        """Give back what an order took, but for money that a gateway has: that is refunded first."""
        if refunding:
            fact = f"a refund of order {order.number} is under way"
            return NotMoved(fact=fact, remedy="wait until it has ended")
        balance = await balance_of(driver, order, self._runtime.reservations)
        if order.status not in UNPAID and balance.kept > 0:
            kept = Money.of(balance.kept, order.amount.currency)
            return NotMoved(
                fact=f"{kept.wire} {kept.currency} of order {order.number} have not been given back",
                remedy=f"give them back: vezne payment refund {order.number} --action ID",
            )
        action = f"{'cancelled' if status == CANCELLED else 'refunded'}-{order.number}"
        await self._return_tenders(driver, order, balance, action)
        return None

    async def _return_tenders(self, driver: Any, order: LockedOrder, balance: Balance, action: str) -> None:
        """Give back goods, gift cards and the like of an order whose main payment took nothing."""
        parts = {part.key: part.amount for part in balance.left}
        for kind in (ASKED, REFUNDED) if parts else ():
            await book(driver, order, action, kind, parts)
        await closed(self._runtime, driver, order, tenders_of(parts, order.amount.currency), action)


def _not_allowed(order: LockedOrder, status: int) -> NotMoved:
    names = ", ".join(map(str, sorted(TRANSITIONS.get(order.status, ()))))
    fact = f"order {order.number} is {order.status} and cannot become {status}"
    if status not in STATUS:
        fact = f"{status} is no status"
    return NotMoved(fact=fact, remedy=f"it can become {names}" if names else "it is over")
