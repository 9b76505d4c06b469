from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import (
    DUE,
    INSTALLMENT,
    LINE_PRICES,
    OFFERS,
    UNPAID,
    Adjustment,
    AppliedOffers,
    ChosenInstallment,
    Due,
    Money,
    PreOrder,
    SampleChoice,
    Unpaid,
    canonical,
    offers_used,
    totals,
)
from vezne_core.money import unit
from vezne_core.promotions import due, interest, unpaid


def lira(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def adjust(kind: str, amount: Money, **fields: Any) -> Adjustment:
    if kind == "tender":
        fields.setdefault("reservation", "gift_cards")
    if kind == "line":
        fields.setdefault("line", 1)
    return Adjustment(kind=kind, source="test", label=kind, amount=amount, **fields)  # type: ignore[arg-type]


def add_up(
    lines: dict[int, Money], shipping: Money, *adjustments: Adjustment, later: tuple[Adjustment, ...] = ()
) -> tuple[Due, Unpaid, PreOrder]:
    owed = due(lines=lines, shipping=shipping, adjustments=adjustments)
    left = unpaid(owed, later)
    return owed, left, PreOrder.of(DUE.fill(owed), UNPAID.fill(left))


TABLE = [
    pytest.param((), "150.00", id="goods and shipping"),
    pytest.param((adjust("basket", lira(-10)),), "140.00", id="a basket discount"),
    pytest.param((adjust("line", lira(-500)),), "110.00", id="a line discount takes its own line at most"),
    pytest.param((adjust("line", lira(-5), line=9),), "150.00", id="a line that is not there takes nothing"),
    pytest.param((adjust("basket", lira(-500)),), "50.00", id="a basket discount leaves the shipping"),
    pytest.param((adjust("shipping", lira(-500)),), "100.00", id="a shipping discount leaves the goods"),
    pytest.param(
        (adjust("shipping", lira(0), share=Decimal(100)),), "100.00", id="the whole shipping is free"
    ),
    pytest.param(
        (adjust("shipping", lira(-20)), adjust("shipping", lira(0), share=Decimal(50))),
        "115.00",
        id="a share counts from what an earlier discount left of the shipping",
    ),
    pytest.param((adjust("item", lira(25)), adjust("fee", lira(5))), "180.00", id="items and fees are added"),
    pytest.param(
        (adjust("basket", lira(-500)), adjust("item", lira(25))),
        "75.00",
        id="a discount on the goods leaves items alone",
    ),
    pytest.param((adjust("tender", lira(30)),), "120.00", id="a tender"),
    pytest.param((adjust("tender", lira(900)), adjust("fee", lira(7))), "0.00", id="a tender covers all"),
    pytest.param(
        (adjust("tender", lira(140)), adjust("basket", lira(-20))),
        "0.00",
        id="discounts come before tenders, whatever the order",
    ),
]


@pytest.mark.parametrize(("adjustments", "amount"), TABLE)
def test_due_is_goods_shipping_and_what_is_set_against_them(
    adjustments: tuple[Adjustment, ...], amount: str
) -> None:
    owed = due(lines={1: lira(40), 2: lira(60)}, shipping=lira(50), adjustments=adjustments)

    assert owed.amount.wire == amount


def test_what_found_too_little_is_cut_and_what_found_nothing_is_left_out() -> None:
    owed = due(
        lines={1: lira(40)},
        shipping=lira(10),
        adjustments=[
            adjust("basket", lira(-30)),
            adjust("line", lira(-30)),
            adjust("line", lira(-30)),
            adjust("shipping", lira(0), share=Decimal(100)),
            adjust("tender", lira(5)),
        ],
    )

    assert [(each.kind, each.amount.wire) for each in owed.adjustments] == [
        ("basket", "-30.00"),
        ("line", "-10.00"),
        ("shipping", "-10.00"),
    ]


def test_a_basket_discount_is_shared_out_exactly_over_what_the_lines_still_cost() -> None:
    owed = due(
        lines={1: lira("33.33"), 2: lira("33.33"), 3: lira("33.34")},
        shipping=lira(0),
        adjustments=[adjust("line", lira("-33.33"), line=2), adjust("basket", lira("-0.01"))],
    )

    assert owed.goods == {1: lira("33.33"), 2: lira(0), 3: lira("33.33")}


def test_a_later_discount_takes_no_more_than_tenders_left_to_pay() -> None:
    owed, left, preorder = add_up(
        {1: lira(100)}, lira(0), adjust("tender", lira(97)), later=(adjust("basket", lira(-5)),)
    )
    sums = totals(preorder)

    assert owed.amount == lira(3)
    assert left.amount == lira(0)
    assert sums is not None
    assert (sums.total, sums.tenders, sums.discount) == (lira(97), lira(97), lira(3))


def test_a_fee_of_the_payment_option_is_never_covered_by_an_earlier_tender() -> None:
    _, left, _ = add_up({1: lira(100)}, lira(0), adjust("tender", lira(500)), later=(adjust("fee", lira(5)),))

    assert left.amount == lira(5)


def test_totals_know_the_interest_of_the_installment_on_what_is_left_to_pay() -> None:
    *_, preorder = add_up({1: lira(100)}, lira(20), adjust("tender", lira(20)))
    chosen = ChosenInstallment(pk=3, count=6, rate=Decimal("4.50"))

    sums = totals(preorder.with_value(INSTALLMENT, chosen))

    assert sums is not None
    assert (sums.total, sums.unpaid, sums.interest, sums.with_interest) == (
        lira(120),
        lira(100),
        lira("4.50"),
        lira("124.50"),
    )


def test_an_interest_stated_by_a_provider_wins_over_the_rate() -> None:
    assert interest(lira(100), Decimal(50), lira("1.23")) == lira("1.23")


def test_there_are_no_totals_before_there_is_something_due() -> None:
    assert totals(PreOrder.of()) is None


def test_totals_do_without_the_payment_option() -> None:
    owed = due(lines={1: lira(100)}, shipping=lira(20), adjustments=[adjust("basket", lira(-10))])

    sums = totals(PreOrder.of(DUE.fill(owed)))

    assert sums is not None
    assert (sums.total, sums.unpaid) == (lira(110), lira(110))


def test_offers_are_used_only_where_they_found_something_to_reduce() -> None:
    *_, preorder = add_up(
        {1: lira(100)},
        lira(0),
        adjust("basket", lira(-100), offer=1),
        adjust("basket", lira(-1), offer=2),
        adjust("shipping", lira(0), share=Decimal(100), offer=3),
    )
    applied = AppliedOffers(samples=(SampleChoice(offer=4, products=(92,), allowed=1),))

    assert offers_used(preorder.with_value(OFFERS, applied)) == {1, 4}


WRONG = [
    pytest.param(lambda: adjust("basket", lira(1)), id="a discount above zero"),
    pytest.param(lambda: adjust("line", lira(1)), id="a line discount above zero"),
    pytest.param(lambda: adjust("fee", lira(-1)), id="a fee below zero"),
    pytest.param(lambda: adjust("item", lira(-1)), id="an item below zero"),
    pytest.param(lambda: adjust("tender", lira(-1)), id="a tender below zero"),
    pytest.param(lambda: adjust("line", lira(-1), line=None), id="a line discount without a line"),
    pytest.param(lambda: adjust("tender", lira(1), reservation=None), id="a tender nobody holds"),
    pytest.param(lambda: adjust("basket", lira(0), share=Decimal(5)), id="a share of the goods"),
    pytest.param(lambda: adjust("shipping", lira(-1), share=Decimal(5)), id="a share and an amount"),
    pytest.param(lambda: adjust("shipping", lira(0), share=Decimal(101)), id="more than everything"),
]


@pytest.mark.parametrize("make", WRONG)
def test_an_adjustment_that_makes_no_sense_cannot_be_made(make: Callable[[], Adjustment]) -> None:
    with pytest.raises(ValueError, match="of test"):
        make()


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="cannot be combined"):
        due(lines={1: lira(1)}, shipping=lira(0), adjustments=[adjust("fee", Money.of(1, "EUR"))])


def test_renaming_an_offer_is_no_change_of_the_offers_that_apply() -> None:
    def applied(label: str, amount: str) -> bytes:
        one = Adjustment(kind="basket", source="offers", label=label, amount=lira(amount), offer=1)
        return OFFERS.identity(AppliedOffers(adjustments=(one,)))

    assert applied("Spring", "-1") == applied("Summer", "-1") != applied("Spring", "-2")


def test_the_prices_of_lines_are_kept_by_number_and_compared_whatever_their_order() -> None:
    prices = {1: lira(3), 2: lira(4)}

    assert LINE_PRICES.decode(LINE_PRICES.encode(prices)) == prices
    assert LINE_PRICES.identity(prices) == LINE_PRICES.identity({2: lira(4), 1: lira(3)})
    assert LINE_PRICES.identity(prices) != LINE_PRICES.identity({1: lira(4), 2: lira(3)})


def test_a_due_survives_the_snapshot_of_an_attempt() -> None:
    owed = due(lines={1: lira(40)}, shipping=lira(10), adjustments=[adjust("basket", lira(-3))])

    assert DUE.decode(DUE.encode(owed)) == owed


# Properties, over currencies with 0, 2 and 3 decimals.

CURRENCIES = st.sampled_from(["JPY", "TRY", "KWD"])


@st.composite
def amounts(draw: st.DrawFn, currency: str, low: int = 0, high: int = 10**7) -> Money:
    return Money(draw(st.integers(low, high)) * unit(currency), currency)


@st.composite
def adjustments(draw: st.DrawFn, currency: str) -> tuple[Adjustment, ...]:
    made = []
    for kind in draw(st.lists(st.sampled_from(["line", "basket", "shipping", "fee", "item", "tender"]))):
        amount = draw(amounts(currency))
        share = draw(st.none() | st.integers(1, 10000).map(lambda n: Decimal(n) / 100))
        fields: dict[str, Any] = {"line": draw(st.integers(1, 6))} if kind == "line" else {}
        if kind == "shipping" and share is not None:
            amount, fields = Money.zero(currency), {"share": share}
        if kind in ("line", "basket", "shipping"):
            amount = -amount
        made.append(adjust(kind, amount, **fields))
    return tuple(made)


@st.composite
def orders(draw: st.DrawFn) -> tuple[dict[int, Money], Due, Unpaid, PreOrder]:
    currency = draw(CURRENCIES)
    lines = dict(enumerate(draw(st.lists(amounts(currency), min_size=1, max_size=5)), start=1))
    owed, left, preorder = add_up(
        lines,
        draw(amounts(currency)),
        *draw(adjustments(currency)),
        later=draw(adjustments(currency)),
    )
    rate = draw(st.none() | st.integers(0, 5000).map(lambda n: Decimal(n) / 100))
    if rate is not None:
        preorder = preorder.with_value(INSTALLMENT, ChosenInstallment(pk=1, count=3, rate=rate))
    return lines, owed, left, preorder


@given(orders())
def test_the_sums_of_an_order_add_up_exactly(order: tuple[dict[int, Money], Due, Unpaid, PreOrder]) -> None:
    lines, owed, left, preorder = order
    sums = totals(preorder)
    assert sums is not None
    zero = Money.zero(sums.currency)

    assert sums.lines == Money.sum(lines.values(), sums.currency)
    assert sums.total == sums.lines - sums.discount + sums.items + sums.shipping + sums.fees
    assert sums.unpaid == sums.total - sums.tenders
    assert sums.with_interest == sums.total + sums.interest
    assert min(sums.discount, sums.shipping, sums.unpaid, sums.tenders, sums.interest) >= zero
    assert sums.discount <= sums.lines
    assert Money.sum(left.goods.values(), sums.currency) == sums.lines - sums.discount
    for line, price in left.goods.items():
        assert zero <= price <= owed.goods[line] <= lines[line]


@given(orders())
def test_every_amount_is_a_multiple_of_the_currency_unit(
    order: tuple[dict[int, Money], Due, Unpaid, PreOrder],
) -> None:
    _, _, left, preorder = order
    sums = totals(preorder)
    assert sums is not None
    parts = [sums.items, sums.discount, sums.shipping, sums.fees, sums.tenders, sums.total, sums.unpaid]
    parts += [sums.interest, sums.with_interest, *left.goods.values()]
    parts += [each.amount for each in sums.adjustments]

    for part in parts:
        assert part == Money.of(part.amount, sums.currency)


@given(orders())
def test_what_counts_once_counts_the_same_again(
    order: tuple[dict[int, Money], Due, Unpaid, PreOrder],
) -> None:
    lines, owed, _, _ = order

    assert canonical(due(lines=lines, shipping=owed.shipping, adjustments=owed.adjustments)) == canonical(
        owed
    )


@given(CURRENCIES.flatmap(lambda code: st.tuples(amounts(code, -(10**7)), st.lists(st.integers(0, 10**7)))))
def test_split_parts_are_fair_and_sum_exactly(case: tuple[Money, list[int]]) -> None:
    amount, weights = case
    parts = amount.split([Decimal(weight) for weight in weights])

    if weights:
        assert Money.sum(parts, amount.currency) == amount
    if sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            exact = amount.amount * weight / sum(weights)
            assert abs(part.amount - exact) < unit(amount.currency)
