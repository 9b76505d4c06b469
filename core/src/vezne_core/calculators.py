"""What shipping costs: the contract's calculators.

Amounts are in the basket's currency; a merchant with several keeps an option
to one of them with a ``currency-rule``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

from vezne_core.errors import Unavailable
from vezne_core.money import Money
from vezne_core.rule_case import RuleCase
from vezne_core.rule_kind import Params, plain
from vezne_core.rules import Judge, Role, RuleBook, RuleType

Calculator = Callable[[RuleCase], Money | Awaitable[Money]]
"""The judge of a calculator: ``async def`` if it asks a service, else a plain function.

It raises :class:`Unavailable` where it cannot tell the price; the option is
then left out. It never guesses.
"""


class _Fixed(Params, frozen=True, kw_only=True):
    amount: Decimal

    def __post_init__(self) -> None:
        plain(self.amount)


class _Tier(Params, frozen=True, kw_only=True):
    """``up_to`` takes its bound in, ``below`` does not; a tier without either takes the rest."""

    amount: Decimal
    up_to: Decimal | None = None
    below: Decimal | None = None

    def __post_init__(self) -> None:
        plain(self.amount)
        if self.up_to is not None and self.below is not None:
            raise ValueError("a tier has `up_to` or `below`, not both")
        if self.bound is not None:
            plain(self.bound)

    @property
    def bound(self) -> Decimal | None:
        return self.below if self.up_to is None else self.up_to

    def takes(self, value: Decimal) -> bool:
        if self.below is not None:
            return value < self.below
        return self.up_to is None or value <= self.up_to


class _Tiers(Params, frozen=True, kw_only=True):
    """Lowest first; the first that takes the value gives the amount."""

    tiers: tuple[_Tier, ...]

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[-1].bound is not None:
            raise ValueError("the last tier has no bound, so that every basket has a price")
        edges = []
        for tier in self.tiers[:-1]:
            if tier.bound is None:
                raise ValueError("only the last tier has no bound")
            edges.append((tier.bound, tier.up_to is not None))
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError("the bounds of the tiers do not rise")

    def amount(self, value: Decimal) -> Decimal:
        """Return the amount of the tier that takes a value."""
        return next(tier.amount for tier in self.tiers if tier.takes(value))


class _Sources(Params, frozen=True, kw_only=True):
    amounts: dict[int, Decimal]
    """By data source."""
    other: Decimal | None = None
    """For every further data source; without it such a basket has no price."""

    def __post_init__(self) -> None:
        for amount in (*self.amounts.values(), self.other or Decimal(0)):
            plain(amount)


P = TypeVar("P", bound=Struct)


def calculator(name: str, params: type[P], price: Callable[[P, RuleCase], Decimal]) -> RuleType:
    """Return a kind of calculator that tells its price without asking anybody."""

    def judge(given: P, book: RuleBook) -> Judge:
        return lambda case: Money.of(price(given, case), case.currency)

    return RuleType(role=Role.CALCULATOR, name=name, params=params, judge=judge)


def _by_source(given: _Sources, case: RuleCase) -> Decimal:
    total = Decimal(0)
    for source in {line.product.data_source for line in case.basket.lines}:
        amount = given.other if source is None else given.amounts.get(source, given.other)
        if amount is None:
            raise Unavailable(f"no amount for data source {source}")
        total += amount
    return total


CALCULATOR_TYPES: tuple[RuleType, ...] = (
    calculator("free", Params, lambda given, case: Decimal(0)),
    calculator("fixed", _Fixed, lambda given, case: given.amount),
    calculator("weight", _Tiers, lambda given, case: given.amount(case.basket.weight)),
    calculator("price", _Tiers, lambda given, case: given.amount(case.lines_total.amount)),
    calculator("quantity", _Tiers, lambda given, case: given.amount(Decimal(case.basket.quantity))),
    calculator("data-source", _Sources, _by_source),
)
"""The calculators that ask nobody; ``calculator_types`` adds the one that does."""
