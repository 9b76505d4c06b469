"""What happens when an order, or a part of it, is given back: in the transaction that holds the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

from vezne_core import Money, OrderMoved
from vezne_host.audience import audience
from vezne_host.orders.locked import LockedOrder
from vezne_host.orders.status import APPROVED, CANCELLED, IN_HOUSE, UNPAID
from vezne_host.payments.case import attempt_of
from vezne_host.payments.draft import thaw
from vezne_host.storage import moves as sql
from vezne_host.storage.checkouts import Told, columns
from vezne_host.storage.outbox import TELL

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime


async def restored(
    runtime: MerchantRuntime, driver: Any, order: LockedOrder, given: Mapping[str, Money], action: str
) -> None:
    """Give parts of tenders back to where they came from, and nothing else.

    :param given: how much, by reservation.
    """
    if given:
        await _restore(runtime, driver, order, given, action, whole=False)


async def closed(
    runtime: MerchantRuntime,
    driver: Any,
    order: LockedOrder,
    given: Mapping[str, Money],
    action: str,
    *,
    paying: UUID | None = None,
    state: Literal["voided", "refunded"] = "voided",
) -> None:
    """Give back everything that an order took: goods that have not left, tenders, and what is none.

    :param given: tenders that go back now, by reservation.
    :param paying: the attempt whose money went back, and ``state`` how.
    """
    where = {"merchant": order.merchant, "number": order.number}
    if order.status in IN_HOUSE:
        await sql.FREE.run(driver, **where)
    await _restore(runtime, driver, order, given, action, whole=True)
    await sql.END_ATTEMPTS.run(driver, **where, paying=paying, state=state)


async def moved(runtime: MerchantRuntime, driver: Any, order: LockedOrder, status: int) -> None:
    """Give an order another status and tell of it; nothing when it has it already."""
    if order.status == status:
        return
    await sql.MOVE.run(driver, merchant=order.merchant, order=order.pk, before=order.status, status=status)
    event = OrderMoved(
        id=str(uuid4()), merchant=order.merchant, at=order.now, number=order.number, before=order.status,
        status=status, amount=order.amount, email=order.email, language=order.language,
    )  # fmt: skip
    await told(driver, order.merchant, audience(runtime, event, *_ours(order.status, status)))


async def told(driver: Any, merchant: str, rows: list[Told]) -> None:
    """Put rows into the outbox."""
    if rows:
        await TELL.run(driver, merchant=merchant, **columns(rows))


def _ours(before: int, status: int) -> tuple[str, ...]:
    """Name how the shopper hears of it: his money has come, or his order will not."""
    return ("mail",) if status == CANCELLED or (before in UNPAID and status == APPROVED) else ()


async def _restore(
    runtime: MerchantRuntime, driver: Any, order: LockedOrder, given: Mapping[str, Money], action: str,
    *, whole: bool,
) -> None:  # fmt: skip
    row = await sql.PLACED_BY.run(
        driver, merchant=order.merchant, preorder=order.preorder, number=order.number
    )
    if row is None and not given:
        return  # the order has been closed before
    if row is None:
        raise LookupError(f"the attempt that placed {order.number} is not there")
    holding = runtime.runner.holding(attempt_of(row), thaw(row["snapshot"]))
    await holding.restore(driver, given, action, whole=whole)
