"""The conditions under which an offer applies.

They look at the basket as it is before discounts, so that whether an offer
applies does not hang on which others came before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from vezne_core.offer_case import LineFilter, OfferCase
from vezne_core.rule_kind import Bounds, Params, code
from vezne_core.rules import Role, RuleType

P = TypeVar("P", bound=Struct)

_Names = Annotated[frozenset[str], Meta(min_length=1)]


class _Total(Bounds, frozen=True, kw_only=True):
    after_discounts: bool = False
    """Count what earlier offers left instead of the full prices."""


class _Contains(LineFilter, frozen=True, kw_only=True):
    quantity: Annotated[int, Meta(ge=1)] = 1
    """Pieces of it, at least."""

    def __post_init__(self) -> None:
        if self.everything:
            raise ValueError("needs `categories`, `brands`, `products` or `attributes`")


class _Segments(Params, frozen=True, kw_only=True):
    segments: _Names


class _DeliveryTypes(Params, frozen=True, kw_only=True):
    types: _Names


class _Currencies(Params, frozen=True, kw_only=True):
    currencies: _Names


def condition(name: str, params: type[P], holds: Callable[[P, OfferCase], bool], message: str) -> RuleType:
    """Return a kind of condition.

    :param holds: pure; tells whether the condition holds in a case.
    :param message: what a shopper who asks for the offer is told where it does not.
    """
    return RuleType(
        role=Role.CONDITION,
        name=name,
        params=params,
        judge=lambda given, book: lambda case: holds(given, case),
        code=code(name),
        message=message,
    )


def _total(given: _Total, case: OfferCase) -> bool:
    return given.hold(case.total(discounted=given.after_discounts).amount)


def _contains(given: _Contains, case: OfferCase) -> bool:
    return sum(line.quantity for line in given.pick(case)) >= given.quantity


def _first_order(given: Params, case: OfferCase) -> bool:
    # of a guest nobody knows whether it is: he could be one again and again
    return not case.shopper.is_guest and case.shopper.orders == 0


def _currency(given: _Currencies, case: OfferCase) -> bool:
    return case.currency in {name.upper() for name in given.currencies}


CONDITION_TYPES: tuple[RuleType, ...] = (
    condition("basket-total", _Total, _total, "The total of your basket does not qualify for this offer."),
    condition(
        "basket-quantity",
        Bounds,
        lambda given, case: given.hold(case.basket.quantity),
        "The number of products in your basket does not qualify for this offer.",
    ),
    condition(
        "contains", _Contains, _contains, "Your basket does not contain the products that this offer is for."
    ),
    condition(
        "user-segment",
        _Segments,
        lambda given, case: not given.segments.isdisjoint(case.shopper.segments),
        "This offer is not available for your customer group.",
    ),
    condition(
        "registered",
        Params,
        lambda given, case: not case.shopper.is_guest,
        "Please sign in to use this offer.",
    ),
    condition(
        "guest",
        Params,
        lambda given, case: case.shopper.is_guest,
        "This offer is only for shopping without an account.",
    ),
    condition("first-order", Params, _first_order, "This offer is only for the first order of an account."),
    condition(
        "delivery-option-type",
        _DeliveryTypes,
        lambda given, case: case.delivery_type in given.types,
        "This offer is not available for the chosen delivery option.",
    ),
    condition("currency", _Currencies, _currency, "This offer is not available in this currency."),
)
"""The kinds of conditions of core."""
