"""Discounts, fees, items and tenders as additive adjustments, and the sums of an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from vezne_core.money import Money
from vezne_core.slots import Slot, Value

if TYPE_CHECKING:
    from vezne_core.catalogue import Catalogue, Offer
    from vezne_core.preorder import PreOrder

Kind = Literal["line", "basket", "shipping", "fee", "item", "tender"]


class Stage(Enum):
    """When a promotion is counted: before or after the payment option is chosen."""

    BEFORE_PAYMENT = "before"
    AFTER_PAYMENT = "after"


class Adjustment(Value, frozen=True, kw_only=True):
    """One addition to the sums of an order; nobody rewrites somebody else's.

    ``line``, ``basket`` and ``shipping`` are discounts (amount below zero),
    ``fee`` and ``item`` are charges (above zero), ``tender`` is what is paid
    otherwise (above zero) and names the reservation that holds it.
    """

    kind: Kind
    source: str
    """Name of the plugin."""
    label: str
    amount: Money
    line: int | None = None
    """Basket line that a ``line`` discount is for."""
    offer: int | None = None
    offer_type: str | None = None
    code: str | None = None
    reservation: str | None = None
    sku: str | None = None
    """Product behind an ``item``."""


class SampleChoice(Value, frozen=True, kw_only=True):
    """An offer that lets the shopper pick samples."""

    offer: int
    products: tuple[int, ...]
    allowed: int


class AppliedOffers(Value, frozen=True, kw_only=True):
    """What the offers in force give to this basket."""

    adjustments: tuple[Adjustment, ...] = ()
    samples: tuple[SampleChoice, ...] = ()

    @property
    def offers(self) -> frozenset[int]:
        """The offers that gave something."""
        return frozenset(
            [a.offer for a in self.adjustments if a.offer is not None] + [s.offer for s in self.samples]
        )


class Due(Value, frozen=True, kw_only=True):
    """What is to be paid before anything that depends on the payment option."""

    lines: Money
    shipping: Money
    adjustments: tuple[Adjustment, ...]
    amount: Money


class Unpaid(Value, frozen=True, kw_only=True):
    """What the main payment takes, before interest."""

    amount: Money
    adjustments: tuple[Adjustment, ...] = ()


class Promotion(Protocol):
    """Something that changes what a basket costs. Pure; never does I/O."""

    stage: Stage
    reads: Sequence[Slot[Any]]
    """Slots that :meth:`adjust` looks at, beside basket, offers and shipping amount."""

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
        """Return the offers of the catalogue that this promotion brings in."""

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        """Return this promotion's own additions to the sums."""


class Totals(Struct, frozen=True, kw_only=True):
    """The sums of an order.

    ``total`` is goods, items, shipping and fees less discounts; ``unpaid`` is
    that less tenders; ``with_interest`` is the total and the installment's interest.
    """

    currency: str
    lines: Money
    items: Money
    discount: Money
    """Above zero."""
    shipping: Money
    """After shipping discounts."""
    fees: Money
    tenders: Money
    total: Money
    unpaid: Money
    interest: Money
    with_interest: Money
    adjustments: tuple[Adjustment, ...]


def due(*, lines: Money, shipping: Money, adjustments: Iterable[Adjustment]) -> Due:
    """Add up goods, shipping and adjustments; no part goes below zero.

    Discounts never exceed what they discount; tenders never exceed the total.
    """
    every = tuple(adjustments)
    zero = Money.zero(lines.currency)

    def of(*kinds: Kind) -> Money:
        return Money.sum((a.amount for a in every if a.kind in kinds), lines.currency)

    goods = max(lines + of("line", "basket"), zero)
    carriage = max(shipping + of("shipping"), zero)
    total = goods + of("item", "fee") + carriage
    return Due(lines=lines, shipping=shipping, adjustments=every, amount=max(total - of("tender"), zero))


def unpaid(due: Due, adjustments: Iterable[Adjustment]) -> Unpaid:
    """Add what depends on the payment option."""
    every = tuple(adjustments)
    return Unpaid(
        amount=Money.sum((a.amount for a in every), due.amount.currency) + due.amount, adjustments=every
    )


def interest(amount: Money, rate: Decimal | None, fixed: Money | None = None) -> Money:
    """Return the interest of an installment: a stated amount, or a rate in per cent."""
    if fixed is not None:
        return fixed
    return amount.percent(rate) if rate else Money.zero(amount.currency)


def totals(preorder: PreOrder) -> Totals | None:
    """Return the sums of a pre-order, or None while there is nothing to sum up."""
    from vezne_core.standard import DUE, INSTALLMENT, UNPAID  # the slots are typed by this module

    owed = preorder.get(DUE)
    if owed is None:
        return None
    currency = owed.amount.currency
    left = preorder.get(UNPAID) or Unpaid(amount=owed.amount)
    every = owed.adjustments + left.adjustments
    installment = preorder.get(INSTALLMENT)
    zero = Money.zero(currency)

    def of(*kinds: Kind) -> Money:
        return Money.sum((a.amount for a in every if a.kind in kinds), currency)

    goods = max(owed.lines + of("line", "basket"), zero)
    carriage = max(owed.shipping + of("shipping"), zero)
    total = goods + of("item", "fee") + carriage
    extra = interest(left.amount, installment.rate, installment.interest) if installment else zero
    return Totals(
        currency=currency,
        lines=owed.lines,
        items=of("item"),
        discount=owed.lines - goods,
        shipping=carriage,
        fees=of("fee"),
        tenders=total - left.amount,
        total=total,
        unpaid=left.amount,
        interest=extra,
        with_interest=total + extra,
        adjustments=every,
    )
