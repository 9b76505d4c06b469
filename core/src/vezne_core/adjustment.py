"""One addition to the sums of an order, and the discounts that a basket or an order lists."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from vezne_core.money import Money
from vezne_core.slots import Value

Kind = Literal["line", "basket", "shipping", "fee", "item", "tender"]

DISCOUNTS: frozenset[Kind] = frozenset({"line", "basket", "shipping"})


class Adjustment(Value, frozen=True, kw_only=True):
    """One addition to the sums of an order; nobody rewrites somebody else's.

    ``line``, ``basket`` and ``shipping`` are discounts (amount below zero),
    ``fee`` and ``item`` are charges (above zero), ``tender`` is what is paid
    otherwise (above zero) and names the reservation that holds it.

    :raises ValueError: the amount has the wrong sign, or a field is missing
        that the kind needs.
    """

    kind: Kind
    source: str
    """Name of the plugin."""
    label: str
    amount: Money
    share: Decimal | None = None
    """Of a ``shipping`` discount, instead of an amount: per cent of what the
    shipping costs by then. The sums turn it into an amount."""
    line: int | None = None
    """Basket line that a ``line`` discount is for."""
    offer: int | None = None
    offer_type: str | None = None
    code: str | None = None
    reservation: str | None = None
    sku: str | None = None
    """Product behind an ``item``."""

    def __post_init__(self) -> None:
        value = self.amount.amount
        if value > 0 if self.kind in DISCOUNTS else value < 0:
            raise ValueError(f"{self.kind} of {self.source}: {value} has the wrong sign")
        if self.kind == "line" and self.line is None:
            raise ValueError(f"line of {self.source}: names no line")
        if self.kind == "tender" and self.reservation is None:
            raise ValueError(f"tender of {self.source}: names no reservation")
        if self.share is not None and (self.kind != "shipping" or value or not 0 < self.share <= 100):
            raise ValueError(f"{self.kind} of {self.source}: share {self.share} is of no use here")


class Discount(Struct, frozen=True, kw_only=True):
    """What one promotion takes off, as a basket or an order lists it."""

    on: Literal["goods", "shipping"]
    source: str
    label: str
    amount: Money
    """Above zero."""
    offer: int | None = None
    offer_type: str | None = None
    code: str | None = None


def discounts(adjustments: Iterable[Adjustment]) -> tuple[Discount, ...]:
    """Gather the discounts by promotion, in the order in which they apply."""
    found: dict[tuple[object, ...], Discount] = {}
    for each in adjustments:
        if each.kind not in DISCOUNTS or not each.amount:
            continue
        on: Literal["goods", "shipping"] = "shipping" if each.kind == "shipping" else "goods"
        key = (on, each.source, each.offer, each.label, each.code)
        known = found.get(key)
        found[key] = Discount(
            on=on,
            source=each.source,
            label=each.label,
            amount=known.amount - each.amount if known else -each.amount,
            offer=each.offer,
            offer_type=each.offer_type,
            code=each.code,
        )
    return tuple(found.values())
