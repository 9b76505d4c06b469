"""Rules over what is being bought and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta

from vezne_core.rule_case import RuleCase
from vezne_core.rule_kind import Bounds, Listed, Test, availability, code
from vezne_core.rules import Role, RuleType
from vezne_core.world import Product, attribute_texts

_Names = Annotated[frozenset[str], Meta(min_length=1)]

_THESE_PRODUCTS = "This payment option is not available for the products in your basket."


class _Currencies(Listed, frozen=True, kw_only=True):
    currencies: _Names


class _Products(Listed, frozen=True, kw_only=True):
    match: Literal["any", "all"] = "any"
    """Whether one line is enough, or every line must fit."""


class _Attribute(_Products, frozen=True, kw_only=True):
    attribute: str
    values: Annotated[tuple[Any, ...], Meta(min_length=1)]


class _Categories(_Products, frozen=True, kw_only=True):
    categories: _Names


class _DataSources(_Products, frozen=True, kw_only=True):
    data_sources: Annotated[frozenset[int], Meta(min_length=1)]


def _within(given: Bounds, read: Callable[[RuleCase], Decimal | int]) -> Test:
    return lambda case: given.hold(read(case))


def _due(case: RuleCase) -> Decimal:
    return (case.lines_total if case.due is None else case.due).amount


def _in_currency(given: _Currencies) -> Test:
    codes = frozenset(name.upper() for name in given.currencies)
    return lambda case: case.currency in codes


def _lines(given: _Products, fits: Callable[[Product], bool]) -> Test:
    holds = any if given.match == "any" else all
    return lambda case: holds(fits(line.product) for line in case.basket.lines)


def _with_attribute(given: _Attribute) -> Test:
    wanted = attribute_texts(given.values)
    return _lines(
        given, lambda product: bool(wanted & attribute_texts(product.attributes.get(given.attribute)))
    )


BASKET_RULES = (
    *availability(
        "basket-total-rule",
        Bounds,
        lambda given: _within(given, lambda case: case.lines_total.amount),
        "This payment option is not available for this basket total.",
    ),
    *availability(
        "basket-quantity-rule",
        Bounds,
        lambda given: _within(given, lambda case: case.basket.quantity),
        "This payment option is not available for this number of products.",
    ),
    *availability(
        "basket-weight-rule",
        Bounds,
        lambda given: _within(given, lambda case: case.basket.weight),
        "This payment option is not available for a basket of this weight.",
    ),
    *availability(
        "currency-rule", _Currencies, _in_currency, "This payment option is not available in this currency."
    ),
    *availability("product-attribute-rule", _Attribute, _with_attribute, _THESE_PRODUCTS),
    *availability(
        "product-category-rule",
        _Categories,
        lambda given: _lines(given, lambda product: product.category in given.categories),
        _THESE_PRODUCTS,
    ),
    *availability(
        "product-data-source-rule",
        _DataSources,
        lambda given: _lines(given, lambda product: product.data_source in given.data_sources),
        _THESE_PRODUCTS,
    ),
    # What is to be paid contains the shipping: only a payment option may ask for it.
    RuleType(
        role=Role.PAYMENT,
        name="order-amount-rule",
        params=Bounds,
        judge=lambda given, book: _within(given, _due),
        code=code("order-amount-rule"),
        message="This payment option is not available for this order amount.",
    ),
)
