import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vezne_core import Event, NoSettings, OrderPlaced, Plugin, PreorderExpired, SlotsCleared, hookimpl
from vezne_host.collected import EVENTS, PluginFailed
from vezne_host.storage.lane import Lane
from vezne_host.worker.apart import MOST, Apart, StandsStill
from vezne_host.worker.consumer import TOLD, CannotDeliver, Consumers
from vezne_host.worker.shop import Shop

pytestmark = pytest.mark.anyio

HEARD: list[Event] = []


class Lockers(Plugin[NoSettings]):
    """Hears of everything."""

    @hookimpl
    def vezne_on_order_placed(self, event: OrderPlaced) -> None:
        HEARD.append(event)

    @hookimpl
    def vezne_on_slots_cleared(self, event: SlotsCleared) -> None:
        HEARD.append(event)

    @hookimpl
    def vezne_on_preorder_expired(self, event: PreorderExpired) -> None:
        raise LookupError("no such locker")


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    HEARD.clear()


@pytest.fixture
def shop(make_shop: Any) -> Shop:
    return make_shop(lockers=Lockers)  # type: ignore[no-any-return]


@pytest.fixture
def consumers(lane: Lane) -> Consumers:
    return Consumers(lane)


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()] if folder.exists() else []


async def test_every_event_has_a_hook_to_be_told_by() -> None:
    assert set(TOLD) == set(EVENTS)


async def test_mail_confirms_the_order_in_the_language_of_the_checkout(
    consumers: Consumers, shop: Shop, place: Any, messages: Path
) -> None:
    event = await place(language="tr")

    await consumers.deliver(shop, "mail", event)

    mail = email.message_from_bytes((messages / f"{event.id}.eml").read_bytes(), policy=email.policy.default)
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "1234567890123 numaralı siparişiniz")
    text = mail.get_content()
    assert "1 × T-shirt: 199,90 TL" in text
    assert "2 × Kupa {0}: 89,40 TL" in text, "names are no templates"
    assert "İndirim: -10,00 TL" in text
    assert "https://acme.example/orders/completed/1234567890123/" in text


async def test_mail_of_the_same_event_takes_the_place_of_the_first(
    consumers: Consumers, shop: Shop, place: Any, messages: Path
) -> None:
    event = await place()
    for _ in range(3):
        await consumers.deliver(shop, "mail", event)

    assert names(messages) == [f"{event.id}.eml"]


async def test_text_message_goes_to_the_phone_of_the_order(
    consumers: Consumers, shop: Shop, place: Any, messages: Path
) -> None:
    event = await place()

    await consumers.deliver(shop, "sms", event)

    assert (messages / f"{event.id}.txt").read_text() == (
        "+905551112233\n\nWe have received your order 1234567890123.\n"
    )


async def test_order_without_a_phone_gets_no_text_message(
    consumers: Consumers, shop: Shop, place: Any, messages: Path, outside: Any
) -> None:
    event = await place()
    await outside.execute("UPDATE \"order\" SET body = '{}'")

    await consumers.deliver(shop, "sms", event)

    assert names(messages) == []


async def test_plugin_hears_of_the_order_by_its_key(
    consumers: Consumers, shop: Shop, place: Any, outside: Any
) -> None:
    event = await place()

    await consumers.deliver(shop, "lockers", event)

    (heard,) = HEARD
    assert isinstance(heard, OrderPlaced)
    assert heard.order == await outside.fetchval('SELECT pk FROM "order" WHERE merchant = $1', "acme")
    assert heard.id == event.id


async def test_plugin_that_goes_wrong_is_named(consumers: Consumers, shop: Shop, place: Any) -> None:
    placed = await place()
    expired = PreorderExpired(id="e", merchant="acme", at=placed.at, preorder="p")

    with pytest.raises(PluginFailed, match="plugin lockers, vezne_on_preorder_expired: raised LookupError"):
        await consumers.deliver(shop, "lockers", expired)


@pytest.mark.parametrize(
    ("consumer", "reason"),
    [("pickup", "pickup is not enabled"), ("webhook", "no webhook wants OrderPlaced")],
)
async def test_consumer_that_nobody_is_cannot_be_delivered_to(
    consumers: Consumers, shop: Shop, place: Any, consumer: str, reason: str
) -> None:
    with pytest.raises(CannotDeliver, match=reason):
        await consumers.deliver(shop, consumer, await place())


async def test_order_that_is_not_there_cannot_be_confirmed(
    consumers: Consumers, shop: Shop, place: Any, outside: Any
) -> None:
    event = await place()
    await outside.execute('DELETE FROM "order"')

    with pytest.raises(CannotDeliver, match="there is no order 1234567890123"):
        await consumers.deliver(shop, "mail", event)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


async def test_plugin_that_stands_still_holds_up_nobody_but_itself(gate: threading.Event) -> None:
    apart = Apart()

    def stand() -> None:
        gate.wait()

    stuck = [asyncio.create_task(apart.call("stuck", stand)) for _ in range(MOST)]
    await asyncio.sleep(0)

    with pytest.raises(StandsStill, match=f"{MOST} calls of stuck have not returned"):
        await apart.call("stuck", HEARD.clear)
    await apart.call("quick", HEARD.clear)

    gate.set()
    await asyncio.gather(*stuck)
    await apart.call("stuck", HEARD.clear)


async def test_call_that_was_given_up_does_not_count_once_it_returns(gate: threading.Event) -> None:
    apart, returned = Apart(), threading.Event()

    def slow() -> None:
        gate.wait()
        returned.set()

    calls = [asyncio.create_task(apart.call("slow", slow)) for _ in range(MOST)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    with pytest.raises(StandsStill):
        await apart.call("slow", HEARD.clear)
    gate.set()
    await asyncio.to_thread(returned.wait)
    while True:
        try:
            await apart.call("slow", HEARD.clear)
            break
        except StandsStill:
            await asyncio.sleep(0)


async def test_what_a_plugin_raises_is_raised() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        await Apart().call("rude", leave)
