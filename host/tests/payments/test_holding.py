"""What reservations are told of the order that they are for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from vezne_core import Held, Money, PreOrder, ReservedFor, Slot, SlotGraph
from vezne_host.payments.draft import Draft, Tender
from vezne_host.payments.holding import Holding

pytestmark = pytest.mark.anyio

CARDS, POINTS = Slot("cards.used", str), Slot("points.used", str)


class Keeper:
    """A reservation that remembers what it was told."""

    def __init__(self, name: str, slot: Slot[str]) -> None:
        self.name = name
        self.reads: Sequence[Slot[Any]] = (slot,)
        self.order = 10
        self.told: list[ReservedFor] = []

    async def claim(self, session: Any, order: ReservedFor) -> Held:
        self.told.append(order)
        return Held()

    async def consume(self, session: Any, order: ReservedFor) -> None: ...

    async def release(self, session: Any, order: ReservedFor) -> None: ...

    async def restore(self, session: Any, order: ReservedFor, amount: Money, action: str) -> None: ...


def draft(*tenders: Tender) -> Draft:
    total = Money.of("229.80", "TRY")
    return Draft(
        number="1234567890123", key="k", preorder="p", user=7, email="ada@example.com", amount=total,
        charged=total, interest=Money.zero("TRY"), body="{}", items=(), discounts=(), tenders=tenders,
        basket=1, lines=(), pieces={}, language="en",
    )  # fmt: skip


async def told(order: Draft) -> ReservedFor:
    keeper = Keeper("cards", CARDS)
    attempt: Any = SimpleNamespace(id="attempt-1", merchant="demo")
    holding = Holding(
        [keeper, Keeper("points", POINTS)], SlotGraph([CARDS, POINTS], []), PreOrder.of(CARDS.fill("1, 2")),
        attempt, order,
    )  # fmt: skip
    assert await holding.claim(None) is None
    [found] = keeper.told
    return found


async def test_a_tender_is_told_what_it_covers_and_what_the_order_costs() -> None:
    order = await told(
        draft(
            Tender("cards", Decimal("100.00")),
            Tender("points", Decimal("7.00")),
            Tender("cards", Decimal("20.50")),
        )
    )

    assert (order.tender, order.amount) == (Money.of("120.50", "TRY"), Money.of("229.80", "TRY"))
    assert (order.attempt, order.order_number, order.shopper) == ("attempt-1", "1234567890123", 7)
    assert order.values == {"cards.used": "1, 2"}


async def test_a_tender_that_the_order_does_not_need_is_told_so() -> None:
    order = await told(draft(Tender("points", Decimal("7.00"))))

    assert (order.tender, order.amount) == (None, Money.of("229.80", "TRY"))
