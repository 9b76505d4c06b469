"""The relay: hands rows of the outbox that are due to the queue. Any number of them may run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

import structlog
from dramatiq import Broker
from redis.exceptions import RedisError

from vezne_host.storage.lane import Away
from vezne_host.storage.outbox import Outbox
from vezne_host.worker.broker import message

log = structlog.get_logger()

EVERY = 0.5
"""Seconds between two looks when nobody nudges."""
BATCH = 100
PAUSE = timedelta(seconds=1)
"""How long rows wait that the queue did not accept."""


class Relay:
    """Hands rows over until it is cancelled.

    :param merchants: whose rows; asked before every look, so that they may change.
    """

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        merchants: Callable[[], Collection[str]],
        *,
        every: float = EVERY,
        batch: int = BATCH,
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._merchants = merchants
        self._every = every
        self._batch = batch
        self._nudged = asyncio.Event()
        self.failing = False

    def nudge(self) -> None:
        """Look at once; call on the relay's own event loop."""
        self._nudged.set()

    async def run(self) -> None:
        """Hand over what is due, again and again."""
        while True:
            if await self._tried() < self._batch:
                await self._wait()

    async def once(self) -> int:
        """Hand over one batch and return how many rows it had.

        :raises Away: the database cannot be reached.
        :raises RedisError: the queue cannot be; the rows are due again soon.
        """
        rows = await self._outbox.hand_over(self._merchants(), self._batch)
        if rows:
            await self._enqueue(rows)
        return len(rows)

    async def _enqueue(self, rows: Sequence[tuple[str, int]]) -> None:
        sent = 0

        def send() -> None:
            nonlocal sent
            for merchant, pk in rows:
                self._broker.enqueue(message(merchant, pk))
                sent += 1

        try:
            await asyncio.to_thread(send)
        except RedisError:
            await self._outbox.put_back(rows[sent:], PAUSE)
            raise

    async def _tried(self) -> int:
        try:
            count = await self.once()
        except Exception as error:
            if not self.failing:
                expected = isinstance(error, Away | RedisError)
                reason = f"{type(error).__name__}: {error}"
                log.warning("outbox stands still", error=reason, exc_info=not expected)
            self.failing = True
            return 0
        if self.failing:
            log.info("outbox goes on")
        self.failing = False
        return count

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._every):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()
