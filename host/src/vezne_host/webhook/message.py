"""What webhooks say of an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from vezne_core import Event, Money, OrderMoved, OrderPlaced, PaymentRefunded
from vezne_host.config import WebhookEvent

WEBHOOK = "webhook"
"""The consumer's name in the outbox."""

NAMES: Mapping[type[Event], WebhookEvent] = {
    OrderPlaced: "order.placed",
    OrderMoved: "order.moved",
    PaymentRefunded: "payment.refunded",
}
"""The events that webhooks can tell of."""


def message(event: Event) -> bytes:
    """Return the body: the same bytes for every repeat, and nothing of the shopper but his order's number.

    :raises LookupError: webhooks do not tell of such an event.
    """
    told = {"type": NAMES[type(event)], "timestamp": event.at, "data": _data(event)}
    return msgspec.json.encode(told)


def _data(event: Event) -> Mapping[str, Any]:
    match event:
        case OrderPlaced():
            return {"number": event.number} | _amount("amount", event.amount)
        case OrderMoved():
            moved = {"number": event.number, "before": str(event.before), "status": str(event.status)}
            return moved | _amount("amount", event.amount)
        case PaymentRefunded():
            return {"number": event.number} | _amount("amount", event.amount) | _amount("kept", event.kept)
    raise LookupError(type(event).__name__)


def _amount(name: str, money: Money) -> dict[str, str]:
    return {name: money.wire, "currency": money.currency}
