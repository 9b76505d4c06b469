"""What an offer gives: money off lines, the basket or the shipping, or samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from vezne_core.money import Money
from vezne_core.offer_case import LineFilter, OfferCase
from vezne_core.rule_kind import Params, code, plain
from vezne_core.rules import Role, RuleType

P = TypeVar("P", bound=Struct)


class LineOff(Struct, frozen=True):
    """Money off one basket line; the amount is above zero."""

    line: int
    amount: Money


class BasketOff(Struct, frozen=True):
    """Money off the goods as a whole; the amount is above zero."""

    amount: Money


class ShippingOff(Struct, frozen=True):
    """A share of the shipping amount, in per cent."""

    share: Decimal


class Samples(Struct, frozen=True):
    """So many samples, to be picked among these products."""

    products: tuple[int, ...]
    allowed: int


MoneyOff = LineOff | BasketOff | ShippingOff
Benefit = MoneyOff | Samples


class _Percentage(LineFilter, frozen=True, kw_only=True):
    rate: Decimal
    """Per cent."""

    def __post_init__(self) -> None:
        if not (self.rate.is_finite() and 0 < self.rate <= 100):  # msgspec cannot constrain a Decimal
            raise ValueError("`rate` is a percentage above 0, up to 100")


class _Amount(LineFilter, frozen=True, kw_only=True):
    amount: Decimal
    """In the currency of the basket; a ``currency`` condition limits it to one."""

    def __post_init__(self) -> None:
        if not plain(self.amount):
            raise ValueError("`amount` is zero")


class _Samples(Params, frozen=True, kw_only=True):
    products: Annotated[tuple[int, ...], Meta(min_length=1)]
    allowed: Annotated[int, Meta(ge=1)] = 1


def benefit(name: str, params: type[P], give: Callable[[P, OfferCase], Iterator[Benefit]]) -> RuleType:
    """Return a kind of benefit.

    :param give: pure; yields what is given in a case. Whatever exceeds
        ``case.left`` is cut, so it need not look.
    """
    return RuleType(
        role=Role.BENEFIT,
        name=name,
        params=params,
        judge=lambda given, book: lambda case: tuple(give(given, case)),
        code=code(name),
    )


def _percentage(given: _Percentage, case: OfferCase) -> Iterator[Benefit]:
    lines = None if given.everything else [line.pk for line in given.pick(case)]
    yield from _off(case, lines, case.total(lines).percent(given.rate))


def _amount(given: _Amount, case: OfferCase) -> Iterator[Benefit]:
    lines = None if given.everything else [line.pk for line in given.pick(case)]
    yield from _off(case, lines, min(Money.of(given.amount, case.currency), case.total(lines)))


def _off(case: OfferCase, lines: list[int] | None, amount: Money) -> Iterator[Benefit]:
    """Take an amount from the goods as a whole, or share it out exactly over some lines."""
    if lines is None:
        yield BasketOff(amount)
        return
    for line, part in zip(lines, amount.split([case.left[line].amount for line in lines]), strict=True):
        yield LineOff(line, part)


def _free_shipping(given: Params, case: OfferCase) -> Iterator[Benefit]:
    yield ShippingOff(Decimal(100))


def _samples(given: _Samples, case: OfferCase) -> Iterator[Benefit]:
    yield Samples(given.products, given.allowed)


BENEFIT_TYPES: tuple[RuleType, ...] = (
    benefit("percentage", _Percentage, _percentage),
    benefit("fixed-amount", _Amount, _amount),
    benefit("free-shipping", Params, _free_shipping),
    benefit("sample-products", _Samples, _samples),
)
"""The kinds of benefits of core."""
