import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vezne_core import NoSettings, OrderPlaced, Plugin, hookimpl
from vezne_host.storage.lane import Lane
from vezne_host.storage.outbox import Outbox
from vezne_host.worker.actors import Post
from vezne_host.worker.consumer import Consumers

pytestmark = pytest.mark.anyio


class Rude(Plugin[NoSettings]):
    """Never hears of an order without complaining."""

    @hookimpl
    def vezne_on_order_placed(self, event: OrderPlaced) -> None:
        raise SystemExit("I quit")


class Polite(Plugin[NoSettings]):
    """Hears of orders."""

    heard: list[OrderPlaced] = []

    @hookimpl
    def vezne_on_order_placed(self, event: OrderPlaced) -> None:
        self.heard.append(event)


class SlowMail:
    """Never finishes."""

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        await asyncio.get_running_loop().create_future()


class TimedOutMail:
    """Its server does not answer."""

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        raise TimeoutError("no answer from the mail server")


@pytest.fixture
def outbox(lane: Lane) -> Outbox:
    return Outbox(lane)


async def delivered(outbox: Outbox, post: Post, merchant: str = "acme") -> None:
    for found, pk in await outbox.hand_over([merchant], 10):
        await post.deliver(found, pk)


def suffixes(folder: Path) -> set[str]:
    return {file.suffix for file in folder.iterdir()}


async def test_every_consumer_is_told_and_its_row_done(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any, messages: Path
) -> None:
    Polite.heard.clear()
    shop = make_shop(polite=Polite)
    event = await place("mail", "sms", "polite")

    await delivered(outbox, Post(outbox, Consumers(lane), {"acme": shop}))

    assert await outbox.undelivered(["acme"]) == []
    assert suffixes(messages) == {".eml", ".txt"}
    assert [heard.id for heard in Polite.heard] == [event.id]


async def test_plugin_that_fails_is_told_again_later_and_troubles_nobody_else(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any
) -> None:
    Polite.heard.clear()
    shop = make_shop(rude=Rude, polite=Polite)
    await place("rude", "polite")

    await delivered(outbox, Post(outbox, Consumers(lane), {"acme": shop}))

    (row,) = await outbox.undelivered(["acme"])
    assert row.consumer == "rude"
    assert row.tries == 1
    assert row.error is not None
    assert "plugin rude, vezne_on_order_placed: raised SystemExit: I quit" in row.error
    assert len(Polite.heard) == 1


async def test_consumer_that_does_not_finish_is_given_up_for_now(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any
) -> None:
    await place("mail")
    slow = replace(make_shop(), mail=SlowMail())

    await delivered(outbox, Post(outbox, Consumers(lane), {"acme": slow}, deadline=0.05))

    (row,) = await outbox.undelivered(["acme"])
    assert row.error == "did not finish in 0.05 s"


async def test_time_out_of_the_consumer_is_told_as_such(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any
) -> None:
    await place("mail")
    away = replace(make_shop(), mail=TimedOutMail())

    await delivered(outbox, Post(outbox, Consumers(lane), {"acme": away}))

    (row,) = await outbox.undelivered(["acme"])
    assert row.error is not None
    assert row.error.startswith("TimeoutError: no answer from the mail server")


async def test_event_that_cannot_be_read_is_kept_and_told(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any, outside: Any
) -> None:
    await place("mail")
    await outside.execute("UPDATE outbox SET topic = 'order_eaten'")

    await delivered(outbox, Post(outbox, Consumers(lane), {"acme": make_shop()}))

    (row,) = await outbox.undelivered(["acme"])
    assert row.error is not None
    assert "the message cannot be read: there is no event order_eaten" in row.error


async def test_row_of_a_merchant_who_is_not_served_here_is_left_to_others(
    outbox: Outbox, lane: Lane, place: Any
) -> None:
    await place("mail")

    await delivered(outbox, Post(outbox, Consumers(lane), {}))

    (row,) = await outbox.undelivered(["acme"])
    assert (row.tries, row.error) == (0, None)


async def test_message_that_comes_twice_is_delivered_once(
    outbox: Outbox, lane: Lane, make_shop: Any, place: Any
) -> None:
    Polite.heard.clear()
    await place("polite")
    post = Post(outbox, Consumers(lane), {"acme": make_shop(polite=Polite)})
    ((merchant, pk),) = await outbox.hand_over(["acme"], 10)

    await asyncio.gather(*(post.deliver(merchant, pk) for _ in range(5)))

    assert len(Polite.heard) == 1
