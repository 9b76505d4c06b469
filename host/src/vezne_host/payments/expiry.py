"""Gives up pre-orders that nobody comes back to, and orders that nobody pays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from sqlalchemy import text

from vezne_core import PreorderExpired
from vezne_host.orders.move import Moved
from vezne_host.orders.status import CANCELLED
from vezne_host.storage.checkouts import LIVE, Told, columns
from vezne_host.storage.lane import Away, Lane, Query
from vezne_host.storage.outbox import TELL, encode, topic

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

EVERY = 60.0
"""Seconds between two looks."""
BATCH = 200
ACTOR = "expiry"
"""Who cancels, as the audit names him."""

EXPIRE = Query(text(f"""
    UPDATE preorder p SET state = 'closed'
    FROM (
        SELECT merchant, id FROM preorder q
        WHERE q.merchant = :merchant AND q.state = 'open'
          AND q.updated_at < now() - CAST(:life AS interval)
          AND NOT EXISTS (SELECT FROM payment_attempt a WHERE a.merchant = q.merchant
                          AND a.preorder_id = q.id AND a.state IN {LIVE})
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ) old
    WHERE p.merchant = old.merchant AND p.id = old.id
    RETURNING p.id, now() AS now
"""))  # fmt: skip


class Expiry:
    """Closes old pre-orders of the merchants of a process, and cancels orders that waited too long."""

    def __init__(self, lane: Lane, runtimes: Mapping[str, MerchantRuntime]) -> None:
        self._lane = lane
        self._runtimes = runtimes

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                for runtime in list(self._runtimes.values()):
                    while await self.once(runtime) == BATCH:
                        pass
                    await self.cancel(runtime)
            except Away as error:
                log.warning("old pre-orders cannot be looked at", error=str(error))
            await asyncio.sleep(EVERY)

    async def once(self, runtime: MerchantRuntime) -> int:
        """Close one batch and return how many it had."""
        life = timedelta(days=runtime.lifetimes.preorder_days)
        async with self._lane.transaction() as driver:
            closed = await EXPIRE.all(driver, merchant=runtime.name, life=life, limit=BATCH)
            told = []
            for row in closed:
                for plugin in runtime.collected.listeners(PreorderExpired):
                    event_id = uuid4()
                    event = PreorderExpired(
                        id=str(event_id), merchant=runtime.name, at=row["now"], preorder=str(row["id"])
                    )
                    told.append(Told(event_id, topic(PreorderExpired), plugin, encode(event)))
            if told:
                await TELL.run(driver, merchant=runtime.name, **columns(told))
        return len(closed)

    async def cancel(self, runtime: MerchantRuntime) -> int:
        """Cancel orders whose payment did not come in time; return how many.

        Each in a transaction of its own: one that a plugin does not let go is tried again with the next look.
        """
        cancelled = 0
        for number in await runtime.moves.stale(BATCH):
            try:
                answer = await runtime.moves.move(number, CANCELLED, actor=ACTOR)
            except Away:
                raise
            except Exception as error:
                log.error(
                    "order not cancelled", merchant=runtime.name, order=number, error=type(error).__name__,
                    exc_info=True,
                )  # fmt: skip
                continue
            cancelled += isinstance(answer, Moved)
        return cancelled
