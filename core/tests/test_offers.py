from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from vezne_core import (
    BASKET,
    BENEFIT_TYPES,
    CONDITION_TYPES,
    DELIVERY_OPTION,
    LINE_PRICES,
    SHOPPER,
    AppliedOffers,
    Basket,
    BasketLine,
    Catalogue,
    ChosenDelivery,
    Gives,
    GivesNothing,
    LineOff,
    Money,
    Offer,
    OfferBook,
    OfferCase,
    PreOrder,
    Product,
    Refused,
    Role,
    RuleBook,
    RuleType,
    Shopper,
    Stage,
    apply_offers,
    dry_run,
    offer_candidates,
)
from vezne_core.money import unit
from vezne_core.promotions import due

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULES = RuleBook([*CONDITION_TYPES, *BENEFIT_TYPES])
ADA = Shopper(user=1, email="ada@example.com", segments=("gold",), orders=2)


def lira(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def line(pk: int, price: Money, quantity: int = 1, **product: Any) -> BasketLine:
    made = Product(
        pk=pk, sku=f"SKU-{pk}", name=f"Product {pk}", price=price, tax_rate=Decimal(20), weight=Decimal(1),
        **product,
    )  # fmt: skip
    return BasketLine(pk=pk, product=made, quantity=quantity, unit_price=price)


def basket(*lines: BasketLine, currency: str = "TRY") -> Basket:
    return Basket(pk=1, currency=currency, lines=lines, created=NOW, modified=NOW)


SHIRT = line(1, lira(200), category="clothing", attributes={"brand": "Anatolia", "colors": ["red", "blue"]})
MUG = line(2, lira(50), 2, category="home", attributes={"brand": "Anatolia", "gift": True, "size": 3})
PHONE = line(3, lira(700), category="electronics", attributes={"brand": "Bosphorus"})
GOODS = basket(SHIRT, MUG, PHONE)  # 1000.00


def case(goods: Basket = GOODS, shopper: Shopper = ADA, now: datetime = NOW, **slots: Any) -> OfferCase:
    return OfferCase.of(PreOrder.of(BASKET.fill(goods), SHOPPER.fill(shopper), *slots.values()), now)


def offer(pk: int, *benefits: dict[str, Any], when: Iterable[dict[str, Any]] = (), **fields: Any) -> Offer:
    return Offer(pk=pk, name=f"Offer {pk}", benefits=benefits, conditions=tuple(when), **fields)


def percent(rate: str | int, **only: Any) -> dict[str, Any]:
    return {"slug": "percentage", "rate": str(rate), **only}


def off(amount: str | int, **only: Any) -> dict[str, Any]:
    return {"slug": "fixed-amount", "amount": str(amount), **only}


FREE_SHIPPING = {"slug": "free-shipping"}


def applied(*offers: Offer, at: OfferCase | None = None, rules: RuleBook = RULES) -> AppliedOffers:
    return apply_offers([("offers", one) for one in offers], OfferBook(offers, rules), at or case())


def amounts(given: AppliedOffers) -> list[tuple[int | None, str, int | None, str]]:
    return [(a.offer, a.kind, a.line, a.amount.wire) for a in given.adjustments]


# Benefits.


def test_a_percentage_is_taken_from_the_whole_basket() -> None:
    assert amounts(applied(offer(1, percent(10)))) == [(1, "basket", None, "-100.00")]


def test_an_adjustment_says_which_offer_of_which_plugin_gave_it() -> None:
    (given,) = applied(offer(7, off(5), offer_type="voucher", voucher_code="FIVE")).adjustments

    assert (given.source, given.label, given.offer, given.offer_type, given.code) == (
        "offers", "Offer 7", 7, "voucher", "FIVE",
    )  # fmt: skip


def test_a_percentage_of_some_lines_is_shared_out_over_them_exactly() -> None:
    goods = basket(*(line(pk, lira("33.33"), category="home") for pk in (1, 2, 3)), line(4, lira(900)))

    given = applied(offer(1, percent(10, categories=["home"])), at=case(goods))

    # 10 % of 99.99 is 10.00, though 10 % of each line would be 3.33
    assert amounts(given) == [
        (1, "line", 1, "-3.34"),
        (1, "line", 2, "-3.33"),
        (1, "line", 3, "-3.33"),
    ]


def test_a_fixed_amount_never_exceeds_the_lines_it_is_for() -> None:
    given = applied(offer(1, off(500, categories=["home"])))

    assert amounts(given) == [(1, "line", 2, "-100.00")]


def test_a_fixed_amount_never_exceeds_the_basket() -> None:
    assert amounts(applied(offer(1, off(5000)))) == [(1, "basket", None, "-1000.00")]


FILTERS = [
    pytest.param({"categories": ["clothing"]}, [1], id="category"),
    pytest.param({"categories": ["clothing", "home"]}, [1, 2], id="one of several categories"),
    pytest.param({"brands": ["Anatolia"]}, [1, 2], id="brand"),
    pytest.param({"products": [3]}, [3], id="product"),
    pytest.param({"attributes": {"colors": "red"}}, [1], id="attribute among several values"),
    pytest.param({"attributes": {"colors": ["green", "blue"]}}, [1], id="attribute, one of several"),
    pytest.param({"attributes": {"gift": "true"}}, [2], id="a boolean attribute is the text true"),
    pytest.param({"attributes": {"size": 3}}, [2], id="a number"),
    pytest.param({"brands": ["Anatolia"], "categories": ["home"]}, [2], id="all that is named must fit"),
    pytest.param({"attributes": {"colors": "red", "gift": "true"}}, [], id="every attribute must fit"),
    pytest.param({"attributes": {"brand": ""}}, [], id="an attribute that no line has"),
]


@pytest.mark.parametrize(("only", "lines"), FILTERS)
def test_a_filter_picks_the_lines_that_fit(only: dict[str, Any], lines: list[int]) -> None:
    given = applied(offer(1, percent(50, **only)))

    assert [a.line for a in given.adjustments] == lines


def test_free_shipping_is_a_share_that_the_sums_set_against_the_shipping() -> None:
    given = applied(offer(1, FREE_SHIPPING))

    owed = due(lines={1: lira(100)}, shipping=lira("29.90"), adjustments=given.adjustments)

    assert owed.amount == lira(100)
    assert [a.amount.wire for a in owed.adjustments] == ["-29.90"]


def test_shipping_that_is_free_already_cannot_be_given_again() -> None:
    assert applied(offer(1, FREE_SHIPPING), offer(2, FREE_SHIPPING)).offers == {1}


def test_samples_are_offered_beside_the_discounts_of_the_same_offer() -> None:
    given = applied(offer(1, percent(1), {"slug": "sample-products", "products": [92, 93], "allowed": 2}))

    assert [(s.offer, s.products, s.allowed) for s in given.samples] == [(1, (92, 93), 2)]
    assert given.offers == {1}
    assert amounts(given) == [(1, "basket", None, "-10.00")]


def test_remote_prices_count_instead_of_the_basket_prices() -> None:
    at = case(prices=LINE_PRICES.fill({1: lira("1234.50")}))

    assert amounts(applied(offer(1, percent(10, products=[1])), at=at)) == [(1, "line", 1, "-123.45")]


# Order.


def test_each_offer_takes_from_what_the_earlier_ones_left() -> None:
    given = applied(offer(1, percent(40)), offer(2, percent(70)), offer(3, off(100)))

    assert [a.amount.wire for a in given.adjustments] == ["-400.00", "-420.00", "-100.00"]


def test_offers_apply_by_sort_order_then_key() -> None:
    given = applied(offer(3, off(1)), offer(2, off(1), sort_order=1), offer(1, off(1), sort_order=1))

    assert [a.offer for a in given.adjustments] == [3, 1, 2]


def test_the_benefits_of_one_offer_follow_each_other() -> None:
    given = applied(offer(1, percent(50), percent(50)))

    assert [a.amount.wire for a in given.adjustments] == ["-500.00", "-250.00"]


def test_an_offer_that_two_promotions_bring_in_applies_once() -> None:
    one = offer(1, off(10))

    given = apply_offers([("offers", one), ("coupons", one)], OfferBook([one], RULES), case())

    assert [(a.source, a.amount.wire) for a in given.adjustments] == [("offers", "-10.00")]


def test_an_offer_that_finds_nothing_left_gives_nothing() -> None:
    assert applied(offer(1, percent(100)), offer(2, percent(10))).offers == {1}


# Conditions.

GUEST = Shopper(email="guest@example.com")
NEWCOMER = Shopper(user=2)
HOME = DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="DeliveryOptionSelectionPage"))
EURO = basket(line(1, Money.of(10, "EUR")), currency="EUR")

CONDITIONS = [
    pytest.param({"slug": "basket-total", "min": "1000.00"}, case(), True, id="total just enough"),
    pytest.param({"slug": "basket-total", "min": "1000.01"}, case(), False, id="total too low"),
    pytest.param({"slug": "basket-total", "max": "999.99"}, case(), False, id="total too high"),
    pytest.param(
        {"slug": "basket-total", "min": "1500"},
        case(prices=LINE_PRICES.fill({1: lira(900)})),
        True,
        id="total with remote prices",
    ),
    pytest.param({"slug": "basket-quantity", "min": 4, "max": 4}, case(), True, id="pieces"),
    pytest.param({"slug": "basket-quantity", "min": 5}, case(), False, id="too few pieces"),
    pytest.param({"slug": "contains", "categories": ["home"]}, case(), True, id="contains a category"),
    pytest.param({"slug": "contains", "categories": ["food"]}, case(), False, id="lacks a category"),
    pytest.param({"slug": "contains", "brands": ["Bosphorus"]}, case(), True, id="contains a brand"),
    pytest.param({"slug": "contains", "products": [4]}, case(), False, id="lacks a product"),
    pytest.param({"slug": "contains", "attributes": {"size": "3"}}, case(), True, id="contains an attribute"),
    pytest.param(
        {"slug": "contains", "brands": ["Anatolia"], "quantity": 3}, case(), True, id="contains enough of it"
    ),
    pytest.param(
        {"slug": "contains", "brands": ["Anatolia"], "quantity": 4}, case(), False, id="contains too few"
    ),
    pytest.param({"slug": "user-segment", "segments": ["gold"]}, case(), True, id="in the segment"),
    pytest.param({"slug": "user-segment", "segments": ["silver"]}, case(), False, id="in another segment"),
    pytest.param({"slug": "registered"}, case(), True, id="signed in"),
    pytest.param({"slug": "registered"}, case(shopper=GUEST), False, id="not signed in"),
    pytest.param({"slug": "guest"}, case(shopper=GUEST), True, id="guest"),
    pytest.param({"slug": "guest"}, case(), False, id="no guest"),
    pytest.param({"slug": "first-order"}, case(shopper=NEWCOMER), True, id="first order"),
    pytest.param({"slug": "first-order"}, case(), False, id="third order"),
    pytest.param({"slug": "first-order"}, case(shopper=GUEST), False, id="of a guest nobody knows"),
    pytest.param(
        {"slug": "delivery-option-type", "types": ["customer"]}, case(home=HOME), True, id="brought home"
    ),
    pytest.param(
        {"slug": "delivery-option-type", "types": ["retail_store"]}, case(home=HOME), False, id="not fetched"
    ),
    pytest.param(
        {"slug": "delivery-option-type", "types": ["customer"]}, case(), False, id="delivery not chosen yet"
    ),
    pytest.param({"slug": "currency", "currencies": ["eur"]}, case(EURO), True, id="currency"),
    pytest.param({"slug": "currency", "currencies": ["EUR"]}, case(), False, id="another currency"),
]


@pytest.mark.parametrize(("rule", "at", "holds"), CONDITIONS)
def test_a_condition_holds_or_not(rule: dict[str, Any], at: OfferCase, holds: bool) -> None:
    assert bool(applied(offer(1, percent(10), when=[rule]), at=at).offers) is holds


def test_every_kind_of_condition_is_in_the_table_and_has_a_sentence() -> None:
    listed = {param.values[0]["slug"] for param in CONDITIONS}  # type: ignore[index, call-overload]

    assert {kind.name for kind in CONDITION_TYPES} == listed
    assert all(kind.message.endswith(".") for kind in CONDITION_TYPES)


def test_all_conditions_must_hold() -> None:
    when = [{"slug": "registered"}, {"slug": "basket-quantity", "min": 100}]

    assert applied(offer(1, percent(10), when=when)) == AppliedOffers()


def test_a_total_counts_before_discounts_unless_it_says_otherwise() -> None:
    first = offer(1, off(100))
    enough = {"slug": "basket-total", "min": "1000"}

    assert applied(first, offer(2, off(1), when=[enough])).offers == {1, 2}
    assert applied(first, offer(2, off(1), when=[enough | {"after_discounts": True}])).offers == {1}


DAY = timedelta(days=1)
DATES = [
    pytest.param({}, True, id="without dates"),
    pytest.param({"starts": NOW}, True, id="starting now"),
    pytest.param({"starts": NOW + DAY}, False, id="starting tomorrow"),
    pytest.param({"ends": NOW}, False, id="ending now"),
    pytest.param({"ends": NOW + DAY}, True, id="ending tomorrow"),
    pytest.param({"is_active": False}, False, id="switched off"),
]


@pytest.mark.parametrize(("fields", "in_force"), DATES)
def test_an_offer_applies_only_while_it_is_in_force(fields: dict[str, Any], in_force: bool) -> None:
    assert bool(applied(offer(1, off(1), **fields)).offers) is in_force


# Dry run.


def test_a_dry_run_says_what_the_offer_gives_beside_the_others() -> None:
    first, second = offer(1, percent(50)), offer(2, percent(10))
    book = OfferBook([first, second], RULES)

    verdict = dry_run(second, [("offers", first), ("vouchers", second)], book, case())

    assert isinstance(verdict, Gives)
    assert [(a.source, a.amount.wire) for a in verdict.adjustments] == [("vouchers", "-50.00")]


def test_a_dry_run_knows_an_offer_that_nobody_brought_in() -> None:
    one = offer(1, off(5))

    assert isinstance(dry_run(one, [], OfferBook([one], RULES), case()), Gives)


REASONS = [
    pytest.param(offer(1, off(1), is_active=False), "not valid at the moment", id="switched off"),
    pytest.param(offer(1, off(1), ends=NOW), "not valid at the moment", id="over"),
    pytest.param(
        offer(1, off(1), when=[{"slug": "registered"}, {"slug": "basket-total", "min": 5000}]),
        "The total of your basket",
        id="the condition that fails",
    ),
    pytest.param(offer(1, off(1, products=[99])), "no advantage", id="nothing it is for"),
    pytest.param(offer(1), "no advantage", id="no benefit"),
]


@pytest.mark.parametrize(("one", "reason"), REASONS)
def test_a_dry_run_says_why_the_offer_gives_nothing(one: Offer, reason: str) -> None:
    verdict = dry_run(one, [("vouchers", one)], OfferBook([one], RULES), case())

    assert isinstance(verdict, GivesNothing)
    assert reason in str(verdict.reason)


def test_candidates_come_from_every_promotion_under_its_name() -> None:
    class Brings:
        stage = Stage.BEFORE_PAYMENT
        reads = ()

        def __init__(self, *offers: Offer) -> None:
            self._offers = offers

        def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Offer]:
            return self._offers

        def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> tuple[()]:
            return ()

    class Empty:
        revision = 1

        def all(self, type: type[Any]) -> tuple[Any, ...]:
            return ()

        def get(self, type: type[Any], pk: int | None) -> None:
            return None

    one, two = offer(1), offer(2)
    promotions = [("offers", Brings(one)), ("coupons", Brings(one, two))]

    assert offer_candidates(promotions, PreOrder.of(), Empty()) == [
        ("offers", one), ("coupons", one), ("coupons", two),
    ]  # fmt: skip


# The book.


class NoParams(Struct, frozen=True, forbid_unknown_fields=True):
    pass


def test_the_book_names_everything_that_is_wrong_at_once() -> None:
    wrong = [
        offer(1, {"slug": "percentage", "rate": "101"}, when=[{"slug": "full-moon"}]),
        offer(2, {"slug": "percentage", "percent": "5"}, starts=datetime(2026, 1, 1)),
        offer(3, off(0), when=[{"slug": "contains"}]),
        offer(4, offer_type="voucher", voucher_code=" "),
        offer(5, uses=10),
    ]

    with pytest.raises(Refused) as refused:
        OfferBook(wrong, RULES)

    text = str(refused.value)
    for part in (
        "offer 1, condition 1: 'full-moon' is no offer condition",
        "offer 1, benefit 1, offer benefit percentage: `rate` is a percentage",
        "offer 2: `starts` has no time zone",
        "offer 2, benefit 1, offer benefit percentage: ",
        "offer 3, condition 1, offer condition contains: needs `categories`",
        "offer 3, benefit 1, offer benefit fixed-amount: `amount` is zero",
        "offer 4: is a voucher without a code",
        "offer 5: limits the uses of a basket offer, which nobody counts",
    ):
        assert part in text


def test_a_kind_of_benefit_of_a_stranger_is_cut_to_what_is_left() -> None:
    def second_for_free(given: Any, book: RuleBook) -> Any:
        return lambda at: [LineOff(one.pk, one.unit_price * 5) for one in at.basket.lines if one.quantity > 1]

    kind = RuleType(role=Role.BENEFIT, name="second-for-free", params=NoParams, judge=second_for_free)
    rules = RuleBook([*BENEFIT_TYPES, kind])

    given = applied(offer(1, {"slug": "second-for-free"}), rules=rules)

    assert amounts(given) == [(1, "line", 2, "-100.00")]


# Properties.


@st.composite
def cases(draw: st.DrawFn) -> tuple[OfferCase, list[Offer]]:
    currency = draw(st.sampled_from(["JPY", "TRY", "KWD"]))
    step = unit(currency)
    lines = [
        line(
            pk,
            Money(draw(st.integers(0, 10**7)) * step, currency),
            draw(st.integers(1, 20)),
            category=draw(st.sampled_from(["a", "b", None])),
        )
        for pk in range(1, draw(st.integers(1, 6)) + 1)
    ]
    filters = st.sampled_from([{}, {"categories": ["a"]}, {"products": [1, 3]}])
    rates = st.integers(1, 10000).map(lambda n: str(Decimal(n) / 100))
    values = st.integers(1, 10**8).map(lambda n: str(n * step))
    benefits = st.one_of(
        st.builds(lambda rate, only: percent(rate, **only), rates, filters),
        st.builds(lambda value, only: off(value, **only), values, filters),
        st.just(FREE_SHIPPING),
    )
    many = draw(st.lists(st.lists(benefits, min_size=1, max_size=3), max_size=6))
    offers = [offer(pk, *some) for pk, some in enumerate(many, start=1)]
    return case(basket(*lines, currency=currency)), offers


@given(cases())
def test_whatever_applies_adds_up_and_leaves_no_line_below_zero(given: tuple[OfferCase, list[Offer]]) -> None:
    at, offers = given
    goods = at.basket
    shipping = Money(17 * unit(at.currency), at.currency)

    result = applied(*offers, at=at)
    owed = due(lines=at.prices, shipping=shipping, adjustments=result.adjustments)

    discount = Money.sum((a.amount for a in result.adjustments if a.kind != "shipping"), at.currency)
    assert all(price >= Money.zero(at.currency) for price in owed.goods.values())
    assert Money.sum(owed.goods.values(), at.currency) == goods.total + discount
    # nothing was left for the sums to cut: what the offers say is what counts
    assert [a.amount for a in owed.adjustments if a.kind != "shipping"] == [
        a.amount for a in result.adjustments if a.kind != "shipping"
    ]
    for a in result.adjustments:
        assert a.amount == Money.of(a.amount.amount, at.currency)


@given(cases())
def test_a_dry_run_gives_exactly_what_applying_gives(given: tuple[OfferCase, list[Offer]]) -> None:
    at, offers = given
    book, brought = OfferBook(offers, RULES), [("offers", one) for one in offers]

    result = apply_offers(brought, book, at)

    for one in offers:
        verdict = dry_run(one, brought, book, at)
        own = tuple(a for a in result.adjustments if a.offer == one.pk)
        assert own == (verdict.adjustments if isinstance(verdict, Gives) else ())
