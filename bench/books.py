"""The books: what the shop has stored, to be held against what it has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from msgspec import Struct

from bench.house import MERCHANT

ORDERS = 'SELECT pk FROM "order" WHERE merchant = $1 AND pk > $2 ORDER BY pk'
PIECES = "SELECT count(*) FROM order_item WHERE merchant = $1"
ALLOCATED = "SELECT sum(allocated)::bigint FROM stock WHERE merchant = $1"
OPEN = "SELECT count(*) FROM payment_attempt WHERE merchant = $1 AND state <> 'placed'"
NEWEST = 'SELECT coalesce(max(pk), 0) FROM "order" WHERE merchant = $1'


class Page(Struct, frozen=True):
    """Where the books stood before a measurement."""

    newest: int
    pieces: int
    allocated: int


class Balance(Struct, frozen=True):
    """What a measurement has left."""

    answered: int
    stored: int
    pieces: int
    """Ordered."""
    allocated: int
    """Of the stock."""
    unsettled: int
    """Payments that did not come to an order."""
    same: bool
    """The orders stored are the very ones answered."""

    @property
    def even(self) -> bool:
        """Tell whether everything is as it should be."""
        return self.same and self.pieces == self.allocated and not self.unsettled


def opened(database_url: str) -> Page:
    """Look at the books before a measurement."""
    newest, pieces, allocated = _ask(database_url, (NEWEST, PIECES, ALLOCATED))
    return Page(newest, pieces, allocated)


def closed(database_url: str, before: Page, answered: Sequence[int]) -> Balance:
    """Look at the books after it."""
    pieces, allocated, unsettled = _ask(database_url, (PIECES, ALLOCATED, OPEN))
    stored = _ask(database_url, (), before.newest)
    return Balance(
        answered=len(answered),
        stored=len(stored),
        pieces=pieces - before.pieces,
        allocated=allocated - before.allocated,
        unsettled=unsettled,
        same=stored == sorted(answered),
    )


def _ask(database_url: str, questions: Sequence[str], since: int = 0) -> list[Any]:
    async def asked() -> list[Any]:
        driver = await asyncpg.connect(database_url)
        try:
            if not questions:
                return [row["pk"] for row in await driver.fetch(ORDERS, MERCHANT, since)]
            return [await driver.fetchval(question, MERCHANT) for question in questions]
        finally:
            await driver.close()

    return asyncio.run(asked())
