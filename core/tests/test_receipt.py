from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vezne_core import (
    BASKET,
    DUE,
    LINE_PRICES,
    UNPAID,
    Adjustment,
    Basket,
    BasketLine,
    Money,
    PreOrder,
    Product,
    line_discounts,
    line_totals,
    paid_lines,
    totals,
)
from vezne_core.money import unit
from vezne_core.promotions import due, unpaid

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def line(pk: int, price: Money, quantity: int = 1) -> BasketLine:
    product = Product(
        pk=pk, sku=f"SKU-{pk}", name=f"Product {pk}", price=price, tax_rate=Decimal(20), weight=Decimal(1),
        category="home",
    )  # fmt: skip
    return BasketLine(pk=pk, product=product, quantity=quantity, unit_price=price)


def lira(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def adjust(kind: str, amount: Money, **fields: Any) -> Adjustment:
    fields.setdefault("label", kind)
    if kind == "tender":
        fields["reservation"] = "gift_cards"
    return Adjustment(kind=kind, source="test", amount=amount, **fields)  # type: ignore[arg-type]


def order(
    lines: list[BasketLine],
    shipping: Money,
    *adjustments: Adjustment,
    later: tuple[Adjustment, ...] = (),
    prices: dict[int, Money] | None = None,
) -> PreOrder:
    goods = Basket(pk=1, currency=shipping.currency, lines=tuple(lines), created=NOW, modified=NOW)
    owed = due(lines=line_totals(goods, prices), shipping=shipping, adjustments=adjustments)
    made = PreOrder.of(BASKET.fill(goods), DUE.fill(owed), UNPAID.fill(unpaid(owed, later)))
    return made.with_value(LINE_PRICES, prices)


def told(preorder: PreOrder) -> list[tuple[str, int, str]]:
    return [(line.sku, line.quantity, line.total.wire) for line in paid_lines(preorder)]


def test_a_provider_is_told_goods_items_fees_and_shipping() -> None:
    preorder = order(
        [line(1, lira(100)), line(2, lira(50), 2)],
        lira("29.90"),
        adjust("basket", lira(-20)),
        adjust("item", lira(25), sku="VZ-GIFTBOX", label="Gift box"),
        later=(adjust("fee", lira(5)),),
    )

    assert told(preorder) == [
        ("SKU-1", 1, "90.00"),
        ("SKU-2", 2, "90.00"),
        ("VZ-GIFTBOX", 1, "25.00"),
        ("test", 1, "5.00"),
        ("shipping", 1, "29.90"),
    ]


def test_tenders_are_spread_over_every_line() -> None:
    preorder = order([line(1, lira(100))], lira(50), adjust("tender", lira(75)))

    assert told(preorder) == [("SKU-1", 1, "50.00"), ("shipping", 1, "25.00")]


def test_what_costs_nothing_is_not_told() -> None:
    preorder = order([line(1, lira(10)), line(2, lira(0))], lira(0), adjust("item", lira(0), sku="FREE"))

    assert told(preorder) == [("SKU-1", 1, "10.00")]


def test_what_tenders_cover_wholly_leaves_nothing_to_tell() -> None:
    assert told(order([line(1, lira(10))], lira(5), adjust("tender", lira(15)))) == []


def test_nothing_is_told_before_there_is_something_due() -> None:
    assert paid_lines(PreOrder.of()) == ()
    assert line_discounts(PreOrder.of()) == {}


def test_lines_are_told_before_the_payment_option_is_chosen() -> None:
    preorder = order([line(1, lira(10))], lira(5), later=(adjust("fee", lira(1)),)).with_value(UNPAID, None)

    assert told(preorder) == [("SKU-1", 1, "10.00"), ("shipping", 1, "5.00")]


def test_each_line_knows_its_own_discount_and_its_share_of_the_basket_discount() -> None:
    preorder = order(
        [line(1, lira(100)), line(2, lira(50), 2)],
        lira(0),
        adjust("line", lira(-50), line=2),
        adjust("basket", lira("-0.01")),
    )

    assert line_discounts(preorder) == {1: lira("0.01"), 2: lira(50)}


def test_remote_prices_are_what_a_line_costs() -> None:
    preorder = order(
        [line(1, lira(100), 2)], lira(0), adjust("basket", lira(-69)), prices={1: lira("1234.50")}
    )

    assert told(preorder) == [("SKU-1", 2, "2400.00")]
    assert line_discounts(preorder) == {1: lira(69)}


@st.composite
def orders(draw: st.DrawFn) -> PreOrder:
    currency = draw(st.sampled_from(["JPY", "TRY", "KWD"]))

    def money(high: int = 10**6) -> Money:
        return Money(draw(st.integers(0, high)) * unit(currency), currency)

    lines = [line(pk, money(), draw(st.integers(1, 9))) for pk in range(1, draw(st.integers(2, 6)))]
    kinds = st.lists(st.sampled_from(["line", "basket", "shipping", "fee", "item", "tender"]), max_size=8)

    def some() -> tuple[Adjustment, ...]:
        return tuple(
            adjust(kind, -money() if kind in ("line", "basket", "shipping") else money(), line=1)
            for kind in draw(kinds)
        )

    return order(lines, money(), *some(), later=some())


@given(orders())
def test_the_lines_told_add_up_exactly_to_what_is_paid(preorder: PreOrder) -> None:
    sums = totals(preorder)
    assert sums is not None
    lines = paid_lines(preorder)

    assert Money.sum((line.total for line in lines), sums.currency) == sums.unpaid
    assert all(line.total > Money.zero(sums.currency) for line in lines)


@given(orders())
def test_the_discounts_of_the_lines_add_up_exactly_to_the_discount(preorder: PreOrder) -> None:
    sums = totals(preorder)
    assert sums is not None
    prices = line_totals(preorder.require(BASKET))
    shares = line_discounts(preorder)

    assert Money.sum(shares.values(), sums.currency) == sums.discount
    assert all(Money.zero(sums.currency) <= share <= prices[pk] for pk, share in shares.items())
