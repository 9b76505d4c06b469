"""What the first digits of a card number say about the rest of it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Brand(Struct, frozen=True):
    """A card scheme: how long its numbers and security codes are."""

    name: str
    lengths: frozenset[int] = frozenset({16})
    cvv: int = 3
    ranges: tuple[tuple[str, str], ...] = ()
    """First digits, from and to."""

    def issues(self, number: str) -> bool:
        """Tell whether a number begins as this scheme's do."""
        return any(low <= number[: len(low)] <= high for low, high in self.ranges)


def _brand(name: str, ranges: str, lengths: Iterable[int] = (16,), cvv: int = 3) -> Brand:
    spans = [(span.partition("-")[0], span.partition("-")[2]) for span in ranges.split()]
    return Brand(name, frozenset(lengths), cvv, tuple((low, high or low) for low, high in spans))


BRANDS = (
    _brand("American Express", "34 37", lengths=(15,), cvv=4),
    _brand("Visa", "4"),
    _brand("Mastercard", "51-55 2221-2720"),
    _brand("Troy", "9792"),
    _brand("JCB", "3528-3589"),
    _brand("Discover", "6011 644-649 65"),
    _brand("Diners Club", "300-305 3095 36 38-39", lengths=range(14, 20)),
    _brand("UnionPay", "62", lengths=range(16, 20)),
)

OTHER = Brand("", frozenset(range(12, 20)))
"""Of any other card only what ISO/IEC 7812 allows is known."""


def brand_of(number: str) -> Brand:
    """Return the scheme of a card number, or of its first digits."""
    return next((brand for brand in BRANDS if brand.issues(number)), OTHER)
