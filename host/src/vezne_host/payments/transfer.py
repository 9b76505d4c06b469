"""Confirms orders whose money has come by bank transfer, line by line of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from vezne_core import Money
from vezne_host.orders.closing import moved
from vezne_host.orders.locked import LockedOrder, locked
from vezne_host.orders.status import APPROVED, PAYMENT_WAITING
from vezne_host.payments.settler import again
from vezne_host.payments.statement import Line, folded
from vezne_host.storage import moves
from vezne_host.storage import transfers as sql
from vezne_host.storage.lane import Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime


class Matched(Struct, frozen=True):
    """What came of a line.

    ``confirmed``: its order is paid. ``known``: this transfer has been taken
    before. ``surplus``: the order does not wait for it; the money is to be sent
    back. ``wrong``: it fits no order, or not what that waits for.
    """

    line: Line
    outcome: Literal["confirmed", "known", "surplus", "wrong"]
    fact: str
    remedy: str = ""


class Transfers:
    """Matches transfers to the orders of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane

    async def confirm(self, lines: Sequence[Line], *, actor: str) -> list[Matched]:
        """Confirm what the lines pay for; each transfer counts once, however often its line comes."""
        matched = []
        for line in lines:
            matched.append(await again(partial(self._confirmed, line, actor)))
        self._runtime.nudge()
        return matched

    async def rehearse(self, lines: Sequence[Line], *, actor: str) -> list[Matched]:
        """Say what would come of the lines; nothing is kept of it."""
        async with self._lane.lend() as driver:
            transaction: Any = driver.transaction()
            await transaction.start()
            try:
                return [await self._line(driver, line, actor) for line in lines]
            finally:
                await transaction.rollback()

    async def _confirmed(self, line: Line, actor: str) -> Matched:
        async with self._lane.transaction() as driver:
            return await self._line(driver, line, actor)

    async def _line(self, driver: Any, line: Line, actor: str) -> Matched:
        fitting = await sql.FITTING.all(driver, merchant=self._merchant, reference=folded(line.reference))
        numbers = [row["number"] for row in fitting]
        if len(numbers) != 1:
            fact = f"{line.reference!r} fits " + (f"orders {', '.join(numbers)}" if numbers else "no order")
            return Matched(line, "wrong", fact, "put the number of its order in the place of the reference")
        order = await locked(driver, self._merchant, numbers[0])
        assert order is not None, "orders are never deleted"
        known = await sql.KNOWN.run(driver, merchant=self._merchant, transaction_id=line.transaction_id)
        if known is not None:
            return _known(line, order, known)
        if order.status != PAYMENT_WAITING:
            if not await self._note(driver, line, order, "surplus"):
                return _taken(line)
            text = f"{line.amount.wire} {line.amount.currency} came by transfer {line.transaction_id}"
            fact = f"order {order.number} is {order.status} and waits for no payment"
            await moves.ALARM.run(
                driver, merchant=self._merchant, kind="payment_surplus", attempt=None,
                number=order.number, text=f"{text}; {fact}",
            )  # fmt: skip
            return Matched(line, "surplus", fact, "send the money back")
        awaited = await sql.AWAITED.run(driver, merchant=self._merchant, order=order.pk)
        if awaited is None:
            return Matched(line, "wrong", f"order {order.number} has no payment to wait for")
        wanted = Money.of(awaited["amount"], awaited["currency"])
        if wanted != line.amount:
            told = f"order {order.number} waits for {wanted.wire} {wanted.currency}"
            fact = f"{told}, {line.amount.wire} {line.amount.currency} came"
            return Matched(line, "wrong", fact, "settle it with the shopper, then vezne order move")
        if not await self._note(driver, line, order, "confirmed"):
            return _taken(line)
        await self._pay(driver, line, order, awaited["attempt_id"], actor)
        return Matched(line, "confirmed", f"order {order.number} is paid")

    async def _pay(self, driver: Any, line: Line, order: LockedOrder, attempt: Any, actor: str) -> None:
        await sql.PAID.run(
            driver, merchant=self._merchant, order=order.pk, attempt=attempt, amount=line.amount.amount,
            currency=line.amount.currency, transaction_id=line.transaction_id,
        )  # fmt: skip
        await moved(self._runtime, driver, order, APPROVED)
        await moves.WRITE_DOWN.run(
            driver, merchant=self._merchant, actor=actor, action="confirm", number=order.number,
            text=f"{line.amount.wire} {line.amount.currency} by transfer {line.transaction_id}",
        )  # fmt: skip

    async def _note(self, driver: Any, line: Line, order: LockedOrder, outcome: str) -> bool:
        """Note a transfer; False when somebody else took it for another order in this moment."""
        row = await sql.NOTE.run(
            driver, merchant=self._merchant, transaction_id=line.transaction_id, number=order.number,
            reference=line.reference, amount=line.amount.amount, currency=line.amount.currency,
            booked=line.booked, outcome=outcome,
        )  # fmt: skip
        return row is not None


def _taken(line: Line) -> Matched:
    fact = f"transaction_id {line.transaction_id} was taken for another order"
    return Matched(line, "wrong", fact, "see which of the two is right")


def _known(line: Line, order: LockedOrder, row: Any) -> Matched:
    before = Money.of(row["amount"], row["currency"])
    if (row["order_number"], before) != (order.number, line.amount):
        told = f"{before.wire} {before.currency} for order {row['order_number']}"
        fact = f"transaction_id {line.transaction_id} was taken before, over {told}"
        return Matched(line, "wrong", fact, "see which of the two is right")
    ending = "paid with it" if row["outcome"] == "confirmed" else "not paid with it: it was a surplus"
    return Matched(line, "known", f"order {order.number} is {ending}")
