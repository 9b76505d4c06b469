"""One addition to the sums of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from vezne_core.money import Money
from vezne_core.slots import Value

Kind = Literal["line", "basket", "shipping", "fee", "item", "tender"]

_DISCOUNTS: frozenset[Kind] = frozenset({"line", "basket", "shipping"})


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
        if value > 0 if self.kind in _DISCOUNTS else value < 0:
            raise ValueError(f"{self.kind} of {self.source}: {value} has the wrong sign")
        if self.kind == "line" and self.line is None:
            raise ValueError(f"line of {self.source}: names no line")
        if self.kind == "tender" and self.reservation is None:
            raise ValueError(f"tender of {self.source}: names no reservation")
        if self.share is not None and (self.kind != "shipping" or value or not 0 < self.share <= 100):
            raise ValueError(f"{self.kind} of {self.source}: share {self.share} is of no use here")
