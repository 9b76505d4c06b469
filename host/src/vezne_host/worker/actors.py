"""The one actor: takes a row of the outbox, gives it to its consumer and writes down what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import dramatiq
import structlog

from vezne_core import Event
from vezne_host.culprit import told
from vezne_host.storage.outbox import Delivery, Outbox, decode
from vezne_host.worker.broker import DELIVER, QUEUE
from vezne_host.worker.consumer import CannotDeliver, Consumers
from vezne_host.worker.shop import Shop

log = structlog.get_logger()

DEADLINE = 60.0
"""Seconds that a consumer has; less than the lease of a row."""
ELSEWHERE = timedelta(seconds=5)
"""How long a row of a merchant waits whom this worker does not serve."""


class Post:
    """Delivers rows of the outbox.

    Only who takes a row works at it. A worker that dies meanwhile leaves it to be repeated when its lease is
    over, so a consumer must not mind being told twice.
    """

    def __init__(
        self, outbox: Outbox, consumers: Consumers, shops: Mapping[str, Shop], *, deadline: float = DEADLINE
    ) -> None:
        self._outbox = outbox
        self._consumers = consumers
        self._shops = shops
        self._deadline = deadline

    async def deliver(self, merchant: str, pk: int) -> None:
        """Deliver one row, once it has been handed over; nothing where somebody else has it."""
        shop = self._shops.get(merchant)
        if shop is None:
            await self._outbox.put_back([(merchant, pk)], ELSEWHERE)
            return
        delivery = await self._outbox.take(merchant, pk)
        if delivery is None:
            return
        bound = log.bind(
            merchant=merchant, row=pk, topic=delivery.topic, consumer=delivery.consumer, tries=delivery.tries
        )
        try:
            async with asyncio.timeout(self._deadline) as limit:
                await self._consumers.deliver(shop, delivery.consumer, self._event(delivery))
        except (Exception, SystemExit) as error:
            late = limit.expired() and isinstance(error, TimeoutError)
            reason = f"did not finish in {self._deadline:g} s" if late else told(error, __file__)
            await self._fail(bound, delivery, reason)
        else:
            await self._outbox.done(delivery)
            bound.info("delivered")

    @staticmethod
    def _event(delivery: Delivery) -> Event:
        try:
            return decode(delivery.topic, delivery.payload)
        except ValueError as error:
            raise CannotDeliver(f"the message cannot be read: {error}") from error

    async def _fail(
        self, bound: structlog.typing.FilteringBoundLogger, delivery: Delivery, error: str
    ) -> None:
        if await self._outbox.fail(delivery, error):
            bound.error("message given up", error=error)
        else:
            bound.warning("not delivered", error=error)


def declare(broker: dramatiq.Broker, post: Post) -> None:
    """Declare the actor on a broker; it runs on the event loop of the worker."""

    async def deliver(merchant: str, pk: int) -> None:
        await post.deliver(merchant, pk)

    dramatiq.actor(broker=broker, actor_name=DELIVER, queue_name=QUEUE)(deliver)
