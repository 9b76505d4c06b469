"""What the ``vezne_on_*`` hooks are told. Sent by the worker, at least once."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from vezne_core.money import Money


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; ``id`` is the same for every repeat."""

    id: str
    merchant: str
    at: datetime


class SlotsCleared(Event, frozen=True, kw_only=True):
    """A change emptied slots of this plugin."""

    preorder: str
    slots: tuple[str, ...]


class OrderPlaced(Event, frozen=True, kw_only=True):
    """An order stands."""

    preorder: str
    order: int
    number: str
    amount: Money
    email: str
    language: str = "en"


class PaymentGivenBack(Event, frozen=True, kw_only=True):
    """Money that came when its order could not stand any more went back to the shopper."""

    number: str
    amount: Money
    email: str
    language: str = "en"


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """Money of an order that stood went back to the shopper."""

    number: str
    amount: Money
    """That went back now."""
    kept: Money
    """What the shop still has of the order."""
    email: str
    language: str = "en"


class OrderMoved(Event, frozen=True, kw_only=True):
    """An order has another status (contract: objects, status codes)."""

    number: str
    before: int
    status: int
    amount: Money
    """Of the order."""
    email: str
    language: str = "en"


class PreorderExpired(Event, frozen=True, kw_only=True):
    """A pre-order was given up."""

    preorder: str
