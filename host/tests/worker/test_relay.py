import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from dramatiq.brokers.redis import RedisBroker
from redis.exceptions import RedisError

from vezne_host.storage.lane import Lane
from vezne_host.storage.outbox import Outbox
from vezne_host.worker.broker import QUEUE, broker_for, close
from vezne_host.worker.relay import Relay

pytestmark = pytest.mark.anyio

NEVER = 3600.0


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_for(redis_url)
    yield broker
    close(broker)


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """Offer the path of a Redis that is not there; a link to the real one makes it come back."""
    return tmp_path / "valkey.sock"


@pytest.fixture
def nowhere(socket: Path, redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_for(f"unix://{socket}?{urlsplit(redis_url).query}")
    yield broker
    close(broker)


def queued(broker: RedisBroker) -> list[tuple[str, int]]:
    consumer = broker.consume(QUEUE, prefetch=1000, timeout=1)
    found: list[tuple[str, int]] = []
    for message in consumer:
        if message is None:
            return found
        merchant, pk = message.args
        found.append((merchant, pk))
        consumer.ack(message)
    return found


async def until(look: Callable[[], Any]) -> Any:
    """Look again and again until there is something, and return it."""
    while True:
        if found := look():
            return found
        await asyncio.sleep(0.01)


async def test_rows_that_are_due_are_handed_to_the_queue(
    lane: Lane, broker: RedisBroker, place: Any, outside: Any
) -> None:
    await place("mail", "sms")
    await place("mail", merchant="rival")
    relay = Relay(Outbox(lane), broker, lambda: ["acme"])

    assert await relay.once() == 2
    assert await relay.once() == 0

    rows = await outside.fetch("SELECT merchant, pk FROM outbox WHERE merchant = 'acme'")
    assert sorted(queued(broker)) == sorted(tuple(row) for row in rows)


async def test_batches_follow_each_other_without_waiting(
    lane: Lane, broker: RedisBroker, place: Any, outside: Any
) -> None:
    for number in range(7):
        await place("mail", number=str(number))
    running = asyncio.create_task(Relay(Outbox(lane), broker, lambda: ["acme"], every=NEVER, batch=3).run())

    found: list[tuple[str, int]] = []
    while len(found) < 7:
        found += queued(broker)
        await asyncio.sleep(0.01)
    running.cancel()

    assert len(set(found)) == 7


async def test_nudged_relay_looks_at_once(lane: Lane, broker: RedisBroker, place: Any) -> None:
    relay = Relay(Outbox(lane), broker, lambda: ["acme"], every=NEVER)
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0)
    await place("mail")

    relay.nudge()

    assert len(await until(lambda: queued(broker))) == 1
    running.cancel()


async def test_merchants_may_come_later(lane: Lane, broker: RedisBroker, place: Any) -> None:
    merchants: list[str] = []
    relay = Relay(Outbox(lane), broker, lambda: merchants)
    await place("mail")
    assert await relay.once() == 0

    merchants.append("acme")

    assert await relay.once() == 1


async def test_rows_that_the_queue_does_not_take_are_due_again(
    lane: Lane, nowhere: RedisBroker, place: Any, outside: Any
) -> None:
    await place("mail", "sms")

    with pytest.raises(RedisError):
        await Relay(Outbox(lane), nowhere, lambda: ["acme"]).once()

    rows = await outside.fetch("SELECT sent_at, tries, due_at - now() < '2 seconds' AS soon FROM outbox")
    assert [tuple(row) for row in rows] == [(None, 0, True)] * 2


async def test_relay_goes_on_when_the_queue_is_back(
    lane: Lane, broker: RedisBroker, nowhere: RedisBroker, socket: Path, redis_url: str, place: Any
) -> None:
    if not redis_url.startswith("unix://"):
        pytest.skip("a Redis on a port cannot be linked to")
    await place("mail")
    relay = Relay(Outbox(lane), nowhere, lambda: ["acme"], every=0.05)
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.failing)

    os.symlink(unquote(urlsplit(redis_url).path), socket)

    await until(lambda: queued(broker))
    running.cancel()
    assert not relay.failing


async def test_relays_at_once_hand_every_row_over_once(lane: Lane, broker: RedisBroker, place: Any) -> None:
    for number in range(40):
        await place("mail", number=str(number))
    relays = [Relay(Outbox(lane), broker, lambda: ["acme"], batch=3) for _ in range(3)]

    async def drained(relay: Relay) -> int:
        count = 0
        while handed := await relay.once():
            count += handed
        return count

    assert sum(await asyncio.gather(*map(drained, relays))) == 40
    found = queued(broker)
    assert len(found) == len(set(found)) == 40
