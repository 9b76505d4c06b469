"""What conditions and benefits of offers look at: one basket, and what earlier offers left of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from vezne_core.money import Money
from vezne_core.preorder import PreOrder
from vezne_core.promotions import line_totals
from vezne_core.rule_kind import Params
from vezne_core.standard import BASKET, DELIVERY_OPTION, LINE_PRICES, SHOPPER
from vezne_core.world import Basket, BasketLine, Product, Shopper, attribute_texts


class OfferCase(Struct, frozen=True, kw_only=True):
    """The case that a condition judges and a benefit is worked out for."""

    basket: Basket
    prices: Mapping[int, Money]
    """What each line costs before discounts, by its key; remote prices counted."""
    left: Mapping[int, Money]
    """What earlier offers left of it."""
    shopper: Shopper
    delivery_type: str | None = None
    """Of the delivery option chosen."""
    now: datetime

    @classmethod
    def of(cls, preorder: PreOrder, now: datetime) -> OfferCase:
        """Return the case of a pre-order before any offer.

        :raises Missing: basket or shopper are not known.
        """
        basket, delivery = preorder.require(BASKET), preorder.get(DELIVERY_OPTION)
        prices = line_totals(basket, preorder.get(LINE_PRICES))
        return cls(
            basket=basket,
            prices=prices,
            left=prices,
            shopper=preorder.require(SHOPPER),
            delivery_type=delivery.type if delivery else None,
            now=now,
        )

    @property
    def currency(self) -> str:
        """Code of the basket's currency, upper case."""
        return self.basket.currency.upper()

    def total(self, lines: Iterable[int] | None = None, *, discounted: bool = True) -> Money:
        """Return what lines cost, all of them by default.

        :param discounted: less what earlier offers took.
        """
        costs = self.left if discounted else self.prices
        return Money.sum((costs[line] for line in (costs if lines is None else lines)), self.currency)


class LineFilter(Params, frozen=True, kw_only=True):
    """Parameters that pick basket lines: all that are named must fit; none named pick every line."""

    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    products: frozenset[int] = frozenset()
    attributes: dict[str, Any] = {}
    """Wanted value by name, or a list of values of which one is enough."""

    @property
    def everything(self) -> bool:
        """Nothing is named."""
        return not (self.categories or self.brands or self.products or self.attributes)

    def pick(self, case: OfferCase) -> list[BasketLine]:
        """Return the lines that fit."""
        return [line for line in case.basket.lines if self._fits(line)]

    def _fits(self, line: BasketLine) -> bool:
        product = line.product
        return (
            (not self.categories or product.category in self.categories)
            and (not self.products or product.pk in self.products)
            and (
                not self.brands
                or not self.brands.isdisjoint(attribute_texts(product.attributes.get("brand")))
            )
            and all(
                not attribute_texts(wanted).isdisjoint(attribute_texts(product.attributes.get(name)))
                for name, wanted in self.attributes.items()
            )
        )


def _has(product: Product, attribute: str, wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(attribute_texts(product.attributes.get(attribute)))
