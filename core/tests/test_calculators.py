"""Calculators: the amounts of the demo shop, and that every basket has exactly one price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import (
    CALCULATOR_TYPES,
    Basket,
    BasketLine,
    Money,
    Product,
    Refused,
    Role,
    RuleBook,
    RuleCase,
    Shopper,
    Unavailable,
)  # fmt: skip

BOOK = RuleBook(CALCULATOR_TYPES)
NOW = datetime(2024, 6, 3, tzinfo=UTC)


class Nothing:
    """A catalogue without records."""

    revision = 1

    def all(self, type: Any) -> tuple[Any, ...]:
        return ()

    def get(self, type: Any, pk: int | None) -> None:
        return None


def case(
    *lines: tuple[str, str, int],
    currency: str = "TRY",
    prices: dict[int, Money] | None = None,
    sources: tuple[int | None, ...] = (),
) -> RuleCase:
    """Return a case of lines given as price, weight and quantity."""
    basket = Basket(
        pk=1,
        currency=currency,
        lines=tuple(
            BasketLine(
                pk=at,
                product=Product(
                    pk=at, sku=str(at), name="A thing", price=Money.of(price, currency), tax_rate=Decimal(20),
                    weight=Decimal(weight), data_source=sources[at - 1] if sources else None,
                ),
                quantity=quantity,
                unit_price=Money.of(price, currency),
            )
            for at, (price, weight, quantity) in enumerate(lines or (("100.00", "0.30", 1),), start=1)
        ),
        created=NOW,
        modified=NOW,
    )  # fmt: skip
    return RuleCase(
        basket=basket,
        lines_total=basket.total_at(prices or {}),
        line_prices=prices or {},
        shopper=Shopper(),
        now=NOW,
        catalogue=Nothing(),
    )


def price(calculator: dict[str, Any], given: RuleCase) -> Money:
    amount = BOOK.judge(Role.CALCULATOR, calculator)(given)
    assert isinstance(amount, Money)
    return amount


EXPRESS = {
    "slug": "weight",
    "tiers": [
        {"up_to": "1", "amount": "59.90"},
        {"up_to": "5", "amount": "89.90"},
        {"amount": "149.90"},
    ],
}
INTERNATIONAL = {
    "slug": "price",
    "tiers": [{"below": "500.00", "amount": "250.00"}, {"amount": "400.00"}],
}
BY_PIECE = {"slug": "quantity", "tiers": [{"up_to": 2, "amount": 5}, {"amount": 9}]}
BY_SOURCE = {"slug": "data-source", "amounts": {"1": "19.90", "2": "24.90"}}


@pytest.mark.parametrize(
    ("calculator", "given", "expected"),
    [
        pytest.param({"slug": "free"}, case(), "0.00", id="free"),
        pytest.param({"slug": "fixed", "amount": "29.90"}, case(), "29.90", id="fixed"),
        pytest.param({"slug": "fixed", "amount": 29.9}, case(), "29.90", id="fixed, number of a TOML file"),
        pytest.param(EXPRESS, case(("1", "0.30", 1)), "59.90", id="light"),
        pytest.param(EXPRESS, case(("1", "0.50", 2)), "59.90", id="exactly 1 kg"),
        pytest.param(EXPRESS, case(("1", "1.001", 1)), "89.90", id="a gram above"),
        pytest.param(EXPRESS, case(("1", "1.80", 2), ("1", "0.70", 2)), "89.90", id="exactly 5 kg"),
        pytest.param(EXPRESS, case(("1", "1.80", 3)), "149.90", id="heavy"),
        pytest.param(INTERNATIONAL, case(("499.99", "0", 1)), "250.00", id="a cent below"),
        pytest.param(INTERNATIONAL, case(("250.00", "0", 2)), "400.00", id="exactly 500"),
        pytest.param(
            INTERNATIONAL,
            case(("100.00", "0", 1), prices={1: Money.of("1234.50", "TRY")}),
            "400.00",
            id="remote price counts",
        ),
        pytest.param(BY_PIECE, case(("1", "0", 1), ("1", "0", 1)), "5.00", id="two pieces"),
        pytest.param(BY_PIECE, case(("1", "0", 3)), "9.00", id="three pieces"),
        pytest.param(BY_SOURCE, case(("1", "0", 1), ("1", "0", 4), sources=(1, 1)), "19.90", id="one source"),
        pytest.param(
            BY_SOURCE, case(("1", "0", 1), ("1", "0", 1), sources=(1, 2)), "44.80", id="two sources"
        ),
        pytest.param(
            BY_SOURCE | {"other": "1.00"},
            case(("1", "0", 1), ("1", "0", 1), ("1", "0", 1), sources=(1, 7, None)),
            "21.90",
            id="sources without an amount of their own",
        ),
    ],
)
def test_calculator_tells_the_price(calculator: dict[str, Any], given: RuleCase, expected: str) -> None:
    assert price(calculator, given) == Money.of(expected, "TRY")


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        pytest.param("jpy", Money(Decimal(30), "JPY"), id="no decimals"),
        pytest.param("kwd", Money(Decimal("29.900"), "KWD"), id="three decimals"),
    ],
)
def test_amount_has_the_decimals_of_the_baskets_currency(currency: str, expected: Money) -> None:
    assert price({"slug": "fixed", "amount": "29.90"}, case(currency=currency)) == expected


def test_data_source_without_an_amount_has_no_price() -> None:
    with pytest.raises(Unavailable, match="data source 7"):
        price(BY_SOURCE, case(("1", "0", 1), sources=(7,)))


@pytest.mark.parametrize(
    "calculator",
    [
        pytest.param({"slug": "guess"}, id="unknown"),
        pytest.param({"slug": "fixed"}, id="no amount"),
        pytest.param({"slug": "fixed", "amount": "-1"}, id="negative"),
        pytest.param({"slug": "fixed", "amount": "NaN"}, id="not a number"),
        pytest.param({"slug": "fixed", "amount": "1e13"}, id="beyond any price"),
        pytest.param({"slug": "weight", "tiers": []}, id="no tiers"),
        pytest.param({"slug": "weight", "tiers": [{"up_to": 1, "amount": 1}]}, id="no price above the last"),
        pytest.param({"slug": "weight", "tiers": [{"amount": 1}, {"amount": 2}]}, id="two open tiers"),
        pytest.param(
            {
                "slug": "weight",
                "tiers": [{"up_to": 5, "amount": 1}, {"up_to": 1, "amount": 2}, {"amount": 3}],
            },
            id="falling",
        ),
        pytest.param(
            {
                "slug": "weight",
                "tiers": [{"up_to": 5, "amount": 1}, {"up_to": 5, "amount": 2}, {"amount": 3}],
            },
            id="one bound twice",
        ),
        pytest.param(
            {
                "slug": "weight",
                "tiers": [{"up_to": 5, "amount": 1}, {"below": 5, "amount": 2}, {"amount": 3}],
            },
            id="a tier that nothing falls into",
        ),
        pytest.param(
            {"slug": "price", "tiers": [{"up_to": 1, "below": 2, "amount": 1}, {"amount": 3}]},
            id="two bounds",
        ),
        pytest.param({"slug": "price", "tiers": [{"upto": 1, "amount": 1}, {"amount": 3}]}, id="misspelt"),
        pytest.param({"slug": "data-source", "amounts": {"1": "-5"}}, id="negative for a source"),
    ],
)
def test_wrong_calculator_is_refused_when_it_is_made_ready(calculator: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        BOOK.judge(Role.CALCULATOR, calculator)


bounds = st.lists(
    st.tuples(st.integers(0, 60_000), st.booleans()), unique_by=lambda bound: bound[0], max_size=5
).map(sorted)


@given(bounds, st.integers(1, 50_000), st.integers(1, 4))
def test_tiers_cover_every_basket_and_the_lowest_that_takes_it_wins(
    edges: list[tuple[int, bool]], cents: int, quantity: int
) -> None:
    tiers = [
        {"up_to" if closed else "below": str(Decimal(edge) / 100), "amount": at}
        for at, (edge, closed) in enumerate(edges)
    ]
    total = cents * quantity
    passed = sum(edge < total or (edge == total and not closed) for edge, closed in edges)

    amount = price(
        {"slug": "price", "tiers": [*tiers, {"amount": len(edges)}]},
        case((str(Decimal(cents) / 100), "0", quantity)),
    )

    assert amount == Money.of(passed, "TRY")
