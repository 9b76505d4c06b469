"""Exact amounts of money: a Decimal with a currency, never a float."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from iso4217 import Currency as Iso4217
from msgspec import Struct

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)

_LABELS = {"TRY": "TL"}
"""What shoppers call a currency where it is not its code (contract: ``currency_type_label``)."""


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of a currency (TRY 2, JPY 0, KWD 3).

    :raises ValueError: the code is not an ISO 4217 currency.
    """
    return int(Iso4217(currency).exponent or 0)


@cache
def unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency."""
    return Decimal(1).scaleb(-exponent(currency))


def label(currency: str) -> str:
    """Return the name of a currency as shoppers see it."""
    return _LABELS.get(currency, currency)


def parse_amount(text: str) -> Decimal:
    """Read a plain positive amount: ASCII digits, at most one point.

    Signs, exponents, separators, blanks and non-ASCII digits are refused.

    :raises ValueError: the text is anything else.
    """
    if not _AMOUNT.fullmatch(text):
        raise ValueError("not a plain amount")
    return Decimal(text)


class Money(Struct, frozen=True, array_like=True):
    """An amount in one currency, always a multiple of the currency's smallest unit.

    Arithmetic and comparison refuse to mix currencies.
    """

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> "Money":
        """Round half up to the decimals of the currency."""
        code = currency.upper()
        return cls(Decimal(amount).quantize(unit(code), rounding=ROUND_HALF_UP), code)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Return nothing, in a currency."""
        return _zero(currency)

    @classmethod
    def sum(cls, amounts: Iterable["Money"], currency: str) -> "Money":
        """Add amounts up; none give zero of the currency."""
        total = cls.zero(currency)
        for amount in amounts:
            total += amount
        return total

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be combined")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money.of(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def percent(self, rate: Decimal) -> "Money":
        """Return so many per cent of the amount."""
        return self * (rate / 100)

    @property
    def wire(self) -> str:
        """The form of the HTTP contract: ``"12.50"``."""
        return format(self.amount, "f")

    @property
    def minor(self) -> int:
        """The amount in the currency's smallest units, as many gateways want it."""
        return int(self.amount / unit(self.currency))

    def split(self, weights: list[Decimal]) -> list["Money"]:
        """Share the amount out by weight so that the parts sum exactly to it.

        What rounding leaves goes, unit by unit, to the parts that lost most.
        """
        total = sum(weights, Decimal(0))
        if not weights or not total:
            return [self] + [Money.zero(self.currency)] * (len(weights) - 1) if weights else []
        step = unit(self.currency)
        exact = [self.amount * weight / total for weight in weights]
        parts = [(share // step) * step for share in exact]
        left = int((self.amount - sum(parts, Decimal(0))) / step)
        behind = sorted(range(len(parts)), key=lambda at: abs(exact[at] - parts[at]), reverse=True)
        for place in range(abs(left)):
            parts[behind[place % len(parts)]] += step if left > 0 else -step
        return [Money(part.quantize(step), self.currency) for part in parts]


@cache
def _zero(currency: str) -> Money:
    return Money.of(0, currency)
