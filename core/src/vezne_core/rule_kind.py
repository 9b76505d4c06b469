"""What the kinds of availability rules have in common."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from vezne_core.rule_case import RuleCase
from vezne_core.rules import Judge, Role, RuleBook, RuleType

ROLES = (Role.SHIPPING, Role.PAYMENT)
"""The options that availability rules are for."""

_CEILING = Decimal(10) ** 12


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a kind; a misspelt one is refused."""


class Listed(Params, frozen=True, kw_only=True):
    """Parameters of a rule that looks something up in a list; ``exclude`` turns it round."""

    exclude: bool = False


class Bounds(Params, frozen=True, kw_only=True):
    """A range with at least one end; both ends belong to it."""

    min: Decimal | None = None
    max: Decimal | None = None

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        for end in (self.min, self.max):
            if end is not None:
                plain(end)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` is above `max`")

    def hold(self, value: Decimal | int) -> bool:
        """Tell whether a value lies in the range."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


P = TypeVar("P", bound=Struct)

Test = Callable[[RuleCase], bool]


def availability(
    name: str, params: type[P], make: Callable[[P], Test], message: str = ""
) -> tuple[RuleType, ...]:
    """Return a kind of rule, for shipping options and for payment options alike.

    :param make: turns the parameters into the test; ``exclude`` is taken care of here.
    :param message: what a shopper reads beside a payment option that fails it.
    """

    def judge(given: P, book: RuleBook) -> Judge:
        test = make(given)
        if isinstance(given, Listed) and given.exclude:
            return lambda case: not test(case)
        return test

    return tuple(
        RuleType(role=role, name=name, params=params, judge=judge, code=code(name), message=message)
        for role in ROLES
    )


def code(name: str) -> str:
    """Return the error code of a kind: ``basket-total-rule`` gives ``basket_total``."""
    return name.removesuffix("-rule").replace("-", "_")


def plain(value: Decimal) -> Decimal:
    """Return an amount or weight as it is.

    :raises ValueError: it is negative, not a number, or beyond any price.
    """
    if not value.is_finite() or not 0 <= value < _CEILING:
        raise ValueError(f"{value} is no plain amount")
    return value
