"""Who is told of an event, by the name in the outbox: ``mail``, ``sms``, or a plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from vezne_core import (
    Event,
    OrderMoved,
    OrderPlaced,
    PaymentGivenBack,
    PaymentRefunded,
    PreorderExpired,
    SlotsCleared,
)
from vezne_host.collected import Collected
from vezne_host.storage.lane import Lane
from vezne_host.storage.placed import OrderSummary, load_summary
from vezne_host.webhook.message import WEBHOOK
from vezne_host.worker.apart import Apart
from vezne_host.worker.confirmation import Letter, confirmation, given_back, moved, refunded, short_message
from vezne_host.worker.shop import Shop


class CannotDeliver(Exception):
    """There is nobody to give an event to, or nothing to tell of it; the text is for operators."""


TOLD: Mapping[type[Event], Callable[[Collected, str, Any], None]] = {
    SlotsCleared: Collected.on_slots_cleared,
    OrderPlaced: Collected.on_order_placed,
    PreorderExpired: Collected.on_preorder_expired,
}


class Consumers:
    """Gives events to whom they are for; each may be given more than once."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._apart = Apart()
        self._ours: Mapping[str, Callable[[Shop, Event], Awaitable[None]]] = {
            "mail": self._mail,
            "sms": self._sms,
            WEBHOOK: self._webhook,
        }

    async def deliver(self, shop: Shop, consumer: str, event: Event) -> None:
        """Give an event to a consumer and return when he has finished.

        :raises Exception: whatever goes wrong; the event is to be given again later.
        """
        ours = self._ours.get(consumer)
        if ours is not None:
            await ours(shop, event)
        else:
            await self._tell(shop, consumer, event)

    async def _tell(self, shop: Shop, plugin: str, event: Event) -> None:
        if plugin not in shop.collected.listeners(type(event)):
            raise CannotDeliver(
                f"{plugin} is not enabled, or does not listen; enable it, or drop the message"
            )
        if isinstance(event, OrderPlaced) and not event.order:
            event = replace(event, order=(await self._order(event)).pk)
        await self._apart.call(plugin, TOLD[type(event)], shop.collected, plugin, event)

    async def _mail(self, shop: Shop, event: Event) -> None:
        if isinstance(event, PaymentGivenBack | PaymentRefunded | OrderMoved):
            letter = _letter(event, shop)
            await shop.mail.send(event.email, letter.subject, letter.text, id=event.id)
            return
        placed = _order_placed(event, "mail")
        letter = confirmation(placed, await self._order(placed), shop.texts, shop.order_link(placed.number))
        await shop.mail.send(placed.email, letter.subject, letter.text, id=placed.id)

    async def _webhook(self, shop: Shop, event: Event) -> None:
        if shop.webhooks is None or not shop.webhooks.wants(type(event)):
            raise CannotDeliver(
                f"no webhook wants {type(event).__name__}; add one to plugins.toml, or drop the message"
            )
        await shop.webhooks.send(event)

    async def _sms(self, shop: Shop, event: Event) -> None:
        placed = _order_placed(event, "sms")
        phone = (await self._order(placed)).body.phone_number
        if phone:
            await shop.sms.send(phone, short_message(placed, shop.texts), id=placed.id)

    async def _order(self, event: OrderPlaced) -> OrderSummary:
        order = await load_summary(self._lane, event.merchant, event.number)
        if order is None:
            raise CannotDeliver(f"there is no order {event.number}")
        return order


def _letter(event: PaymentGivenBack | PaymentRefunded | OrderMoved, shop: Shop) -> Letter:
    match event:
        case PaymentGivenBack():
            return given_back(event, shop.texts)
        case PaymentRefunded():
            return refunded(event, shop.texts)
        case OrderMoved():
            return moved(event, shop.texts, shop.order_link(event.number))


def _order_placed(event: Event, consumer: str) -> OrderPlaced:
    if not isinstance(event, OrderPlaced):
        raise CannotDeliver(f"{consumer} has nothing to say of {type(event).__name__}")
    return event
