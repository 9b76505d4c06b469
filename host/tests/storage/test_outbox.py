import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from vezne_core import Event, Money, OrderPlaced, PaymentGivenBack, PreorderExpired, SlotsCleared
from vezne_host.storage.lane import Lane
from vezne_host.storage.outbox import TOPICS, TRIES, Delivery, Outbox, decode, encode, topic, wait_after

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EXPIRED = PreorderExpired(id="e1", merchant="acme", at=AT, preorder="p1")
EVENTS: list[Event] = [
    EXPIRED,
    SlotsCleared(id="e2", merchant="acme", at=AT, preorder="p1", slots=("lockers.locker",)),
    OrderPlaced(
        id="e3", merchant="acme", at=AT, preorder="p1", order=7, number="1234567890123",
        amount=Money.of("199.90", "TRY"), email="ada@example.com", language="tr",
    ),
    PaymentGivenBack(
        id="e4", merchant="acme", at=AT, number="1", amount=Money.of(1, "TRY"), email="ada@example.com"
    ),
]  # fmt: skip
INSTANT = timedelta()


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def outbox(shop_lane: Lane) -> Outbox:
    return Outbox(shop_lane)


async def put(connection: Any, merchant: str = "acme", consumer: str = "lockers") -> int:
    return int(
        await connection.fetchval(
            "INSERT INTO outbox (merchant, event_id, topic, consumer, payload)"
            " VALUES ($1, $2, 'preorder_expired', $3, $4) RETURNING pk",
            merchant, uuid4(), consumer, encode(EXPIRED),
        )
    )  # fmt: skip


async def taken(outbox: Outbox, merchant: str = "acme") -> Delivery:
    ((_, pk),) = await outbox.hand_over([merchant], 10)
    delivery = await outbox.take(merchant, pk)
    assert delivery is not None
    return delivery


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
async def test_event_is_read_as_it_was_written(event: Event) -> None:
    assert decode(topic(type(event)), encode(event)) == event


async def test_topics_are_the_names_of_the_events() -> None:
    assert set(TOPICS) == {
        "slots_cleared", "order_placed", "order_moved", "payment_refunded", "payment_given_back",
        "preorder_expired",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "payload"), [("order_eaten", b"\x80"), ("order_placed", b"\x80"), ("order_placed", b"garbage")]
)
async def test_strange_message_is_a_value_error(name: str, payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - every message is another library's
        decode(name, payload)


async def test_row_is_handed_over_once_taken_once_and_done(outbox: Outbox, outside: Any) -> None:
    pk = await put(outside)

    assert await outbox.hand_over(["acme"], 10) == [("acme", pk)]
    assert await outbox.hand_over(["acme"], 10) == []
    delivery = await outbox.take("acme", pk)
    assert delivery is not None
    assert (delivery.topic, delivery.consumer, delivery.tries) == ("preorder_expired", "lockers", 1)
    assert isinstance(delivery.event_id, UUID)
    assert decode(delivery.topic, delivery.payload) == EXPIRED
    assert await outbox.take("acme", pk) is None, "the message came twice"

    await outbox.done(delivery)
    assert await outbox.undelivered(["acme"]) == []
    assert await outbox.take("acme", pk) is None


async def test_only_rows_of_the_merchants_asked_for_are_handed_over(outbox: Outbox, outside: Any) -> None:
    await put(outside, "rival")

    assert await outbox.hand_over(["acme"], 10) == []
    assert len(await outbox.hand_over(["acme", "rival"], 10)) == 1


async def test_row_that_was_not_handed_over_cannot_be_taken(outbox: Outbox, outside: Any) -> None:
    assert await outbox.take("acme", await put(outside)) is None


async def test_row_lost_in_the_queue_is_handed_over_again(shop_lane: Lane, outside: Any) -> None:
    pk = await put(outside)
    outbox = Outbox(shop_lane, patience=INSTANT)

    assert await outbox.hand_over(["acme"], 10) == await outbox.hand_over(["acme"], 10) == [("acme", pk)]


async def test_row_whose_worker_died_is_handed_over_again(shop_lane: Lane, outside: Any) -> None:
    await put(outside)
    outbox = Outbox(shop_lane, lease=INSTANT)
    await taken(outbox)

    again = await taken(outbox)

    assert again.tries == 2


async def test_row_under_work_is_not_handed_over(outbox: Outbox, outside: Any) -> None:
    await put(outside)
    await taken(outbox)

    assert await outbox.hand_over(["acme"], 10) == []


async def test_row_put_back_is_due_at_once_and_its_message_void(outbox: Outbox, outside: Any) -> None:
    pk = await put(outside)
    await outbox.hand_over(["acme"], 10)

    await outbox.put_back([("acme", pk)])

    assert await outbox.take("acme", pk) is None
    assert await outbox.hand_over(["acme"], 10) == [("acme", pk)]


async def test_failure_waits_and_is_told(outbox: Outbox, outside: Any) -> None:
    await put(outside)
    delivery = await taken(outbox)

    assert not await outbox.fail(delivery, "the locker is closed")

    assert await outbox.hand_over(["acme"], 10) == []
    (row,) = await outbox.undelivered(["acme"])
    assert (row.error, row.tries, row.dead) == ("the locker is closed", 1, None)
    waits = await outside.fetchval("SELECT due_at - now() FROM outbox WHERE merchant = 'acme'")
    assert timedelta(0) < waits <= wait_after(1)


async def test_waits_grow_to_an_hour_and_last_three_days() -> None:
    waits = [wait_after(tries) for tries in range(1, TRIES + 1)]

    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert max(waits) == timedelta(hours=1)
    assert timedelta(days=3) <= sum(waits, timedelta()) <= timedelta(days=3, hours=2)


async def test_last_failure_gives_the_row_up_and_tells_operators(outbox: Outbox, outside: Any) -> None:
    await put(outside)
    await outside.execute("UPDATE outbox SET tries = $1", TRIES - 1)

    assert await outbox.fail(await taken(outbox), "the locker is closed")

    (row,) = await outbox.undelivered(["acme"])
    assert row.dead is not None
    events = await outside.fetch("SELECT kind, plugin, text FROM operator_event WHERE merchant = 'acme'")
    assert [tuple(event) for event in events] == [
        ("message_dead", "lockers", "preorder_expired: the locker is closed")
    ]


async def test_row_that_kills_its_workers_is_given_up_too(shop_lane: Lane, outside: Any) -> None:
    await put(outside)
    await outside.execute("UPDATE outbox SET tries = $1", TRIES - 1)
    outbox = Outbox(shop_lane, lease=INSTANT)
    await taken(outbox)

    assert await outbox.hand_over(["acme"], 10) == []

    (row,) = await outbox.undelivered(["acme"])
    assert row.dead is not None
    assert row.error == "the worker ended while it was at work"
    assert await outside.fetchval("SELECT count(*) FROM operator_event WHERE merchant = 'acme'") == 1


async def test_slow_worker_neither_undoes_nor_hides_what_a_later_one_did(
    shop_lane: Lane, outside: Any
) -> None:
    await put(outside)
    outbox = Outbox(shop_lane, lease=INSTANT)
    slow, quick = await taken(outbox), await taken(outbox)

    assert not await outbox.fail(slow, "too late to matter")
    (row,) = await outbox.undelivered(["acme"])
    assert row.error is None

    await outbox.done(quick)
    assert not await outbox.fail(slow, "too late to matter")
    assert await outbox.undelivered(["acme"]) == []


async def test_dead_rows_can_be_replayed(outbox: Outbox, outside: Any) -> None:
    first, second = await put(outside), await put(outside)
    await outside.execute("UPDATE outbox SET tries = $1, dead_at = now()", TRIES)
    assert await outbox.hand_over(["acme"], 10) == []

    assert await outbox.replay("acme", first) == 1
    assert await outbox.hand_over(["acme"], 10) == [("acme", first)]
    assert await outbox.replay("acme") == 1
    assert await outbox.hand_over(["acme"], 10) == [("acme", second)]
    assert await outbox.replay("rival", first) == 0


async def test_relays_at_once_share_the_rows_out(outbox: Outbox, outside: Any) -> None:
    for _ in range(60):
        await put(outside)

    async def relay() -> list[tuple[str, int]]:
        mine = []
        while rows := await outbox.hand_over(["acme"], 5):
            mine += rows
        return mine

    shares = await asyncio.gather(relay(), relay(), relay())

    handed = [row for share in shares for row in share]
    assert len(handed) == len(set(handed)) == 60
