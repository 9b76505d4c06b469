"""Discounts, fees, items and tenders as additive adjustments, and the sums of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from vezne_core.adjustment import Adjustment, Kind
from vezne_core.money import Money
from vezne_core.settlement import Settlement
from vezne_core.slots import Slot, Value

if TYPE_CHECKING:
    from vezne_core.catalogue import Catalogue, Offer
    from vezne_core.preorder import PreOrder
    from vezne_core.world import Basket


class Stage(Enum):
    """When a promotion is counted: before or after the payment option is chosen."""

    BEFORE_PAYMENT = "before"
    AFTER_PAYMENT = "after"


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
    """Price of the goods before discounts."""
    shipping: Money
    """Before discounts."""
    adjustments: tuple[Adjustment, ...]
    """As they count: cut to what there was to take, shares of the shipping as amounts."""
    amount: Money
    goods: dict[int, Money] = {}
    """What each basket line costs after discounts."""


class Unpaid(Value, frozen=True, kw_only=True):
    """What the main payment takes, before interest."""

    amount: Money
    adjustments: tuple[Adjustment, ...] = ()
    """Those that depend on the payment option, as they count."""
    goods: dict[int, Money] = {}
    """What each basket line costs after these, too."""


class Promotion(Protocol):
    """Something that changes what a basket costs. Pure; never does I/O."""

    @property
    def stage(self) -> Stage:
        """When it is counted; a class attribute will do."""

    @property
    def reads(self) -> Sequence[Slot[Any]]:
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
    """Price of the goods before discounts."""
    items: Money
    discount: Money
    """On the goods; above zero."""
    shipping: Money
    """After shipping discounts."""
    fees: Money
    tenders: Money
    total: Money
    unpaid: Money
    interest: Money
    with_interest: Money
    adjustments: tuple[Adjustment, ...]


def line_totals(basket: Basket, prices: Mapping[int, Money] | None = None) -> dict[int, Money]:
    """Return what each line costs before discounts, by its key.

    :param prices: value of LINE_PRICES: what a piece costs where a remote service says so.
    """
    remote = prices or {}
    return {line.pk: remote.get(line.pk, line.unit_price) * line.quantity for line in basket.lines}


def due(*, lines: Mapping[int, Money], shipping: Money, adjustments: Iterable[Adjustment]) -> Due:
    """Add up goods, shipping and adjustments: charges, then discounts, then tenders.

    Within these each takes from what the earlier ones left. A discount never
    exceeds what it discounts, a tender never what is to be paid.

    :param lines: of :func:`line_totals`.
    """
    sums = Settlement(lines, shipping)
    sums.take_all(adjustments)
    return Due(
        lines=Money.sum(lines.values(), shipping.currency),
        shipping=shipping,
        adjustments=tuple(sums.taken),
        amount=sums.owed,
        goods=sums.goods,
    )


def unpaid(due: Due, adjustments: Iterable[Adjustment]) -> Unpaid:
    """Add what depends on the payment option; a discount takes at most what tenders left to pay."""
    carriage = due.shipping + _sum(due.adjustments, due.shipping.currency, "shipping")
    sums = Settlement(due.goods, carriage, due.amount)
    sums.take_all(adjustments)
    return Unpaid(amount=sums.owed, adjustments=tuple(sums.taken), goods=sums.goods)


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
    left = preorder.get(UNPAID) or Unpaid(amount=owed.amount, goods=owed.goods)
    every = owed.adjustments + left.adjustments
    currency = owed.amount.currency
    installment = preorder.get(INSTALLMENT)
    extra = Money.zero(currency)
    if installment is not None:
        extra = interest(left.amount, installment.rate, installment.interest)
    tenders = _sum(every, currency, "tender")
    total = left.amount + tenders
    return Totals(
        currency=currency,
        lines=owed.lines,
        items=_sum(every, currency, "item"),
        discount=-_sum(every, currency, "line", "basket"),
        shipping=owed.shipping + _sum(every, currency, "shipping"),
        fees=_sum(every, currency, "fee"),
        tenders=tenders,
        total=total,
        unpaid=left.amount,
        interest=extra,
        with_interest=total + extra,
        adjustments=every,
    )


def offers_used(preorder: PreOrder) -> frozenset[int]:
    """Return the offers that this order makes use of: the ones whose uses the claim takes.

    An offer that applies but finds nothing left to reduce is not used.
    """
    from vezne_core.standard import OFFERS  # as above

    sums, applied = totals(preorder), preorder.get(OFFERS)
    counted = [each.offer for each in sums.adjustments if each.offer is not None] if sums else []
    picked = [choice.offer for choice in applied.samples] if applied else []
    return frozenset(counted + picked)


def _sum(adjustments: Iterable[Adjustment], currency: str, *kinds: Kind) -> Money:
    return Money.sum((each.amount for each in adjustments if each.kind in kinds), currency)
