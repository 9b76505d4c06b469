from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vezne_core import (
    Basket,
    BasketLine,
    Card,
    Filtered,
    Installment,
    InstallmentCase,
    Message,
    Money,
    Product,
    Refused,
    Role,
    RuleBook,
    Shopper,
    ThreeDCase,
    TrialLimit,
    apply_filters,
    trials_of,
)
from vezne_core.card_rules import CARD_RULES

BOOK = RuleBook(CARD_RULES)
NOW = datetime(2026, 5, 4, tzinfo=UTC)
COUNTS = (1, 3, 6, 9, 12)
OPTIONS = tuple(Installment(pk=count, card=1, installment_count=count) for count in COUNTS)


def line(pk=1, price="100.00", currency="TRY", category=None, attributes=None, own=None) -> BasketLine:
    money = Money.of(price, currency)
    product = Product(
        pk=pk, sku=f"S{pk}", name="x", price=money, tax_rate=Decimal(20), weight=Decimal(0),
        category=category, attributes=attributes or {},
    )  # fmt: skip
    return BasketLine(pk=pk, product=product, quantity=1, unit_price=money, attributes=own or {})


def case(*lines, amount="100.00", currency="TRY", **more) -> InstallmentCase:
    lines = lines or (line(currency=currency),)
    basket = Basket(pk=1, currency=currency, lines=lines, created=NOW, modified=NOW)
    return InstallmentCase(
        basket=basket, amount=Money.of(amount, currency), installments=OPTIONS, **more
    )  # fmt: skip


def installment_filter(name, **params):
    return BOOK.judge(Role.INSTALLMENT_FILTER, {"slug": name, **params})


def counts(filtered: Filtered) -> tuple[int, ...]:
    return tuple(option.installment_count for option in filtered.options)


CARD = Card(pk=1, name="Company", slug="company", bank=1, is_commercial=True)
PRIVATE = Card(pk=2, name="Private", slug="private", bank=1)
CLOTHES = {"categories": ["clothing"]}
PRICES = {**CLOTHES, "min_price": "50", "max_price": "100"}


@pytest.mark.parametrize(
    ("name", "params", "concerned", "other"),
    [
        ("CategoryInstallmentFilter", CLOTHES,
         case(line(1), line(2, category="clothing")), case(line(category="home"))),
        ("CategorySpecialInstallmentFilter", PRICES,
         case(line(category="clothing", price="100.00")), case(line(category="clothing", price="100.01"))),
        ("CategorySpecialInstallmentFilter", PRICES,
         case(line(category="clothing", price="50.00")), case(line(category="clothing", price="49.99"))),
        ("CategorySpecialInstallmentFilter", PRICES,
         case(line(category="clothing")),
         case(line(1, category="clothing", price="500"), line(2, category="home"))),
        ("CommerceCardInstallmentFilter", {}, case(card=CARD), case(card=PRIVATE)),
        ("CommerceCardInstallmentFilter", {}, case(card=CARD), case()),
        ("CategorySpecialInstallmentCommerceCardFilter", PRICES,
         case(line(category="clothing"), card=CARD), case(line(category="clothing"), card=PRIVATE)),
        ("CategorySpecialInstallmentCommerceCardFilter", PRICES,
         case(line(category="clothing"), card=CARD), case(line(category="home"), card=CARD)),
        ("ProductInstallmentFilter", {"attribute": "brand", "value": "Anatolia"},
         case(line(attributes={"brand": "Anatolia"})), case(line(own={"brand": "Anatolia"}))),
        ("ProductInstallmentFilter", {"attribute": "imported", "value": True},
         case(line(attributes={"imported": "true"})), case(line(attributes={"imported": False}))),
        ("ProductInstallmentFilter", {"attribute": "tags", "value": "gold"},
         case(line(attributes={"tags": ["silver", "gold"]})), case(line(attributes={"tags": ["silver"]}))),
        ("AttributeFilter", {"attribute": "engraved", "value": "yes"},
         case(line(own={"engraved": "yes"})), case(line(own={"engraved": "no"}))),
        ("AttributeFilter", {"attribute": "brand", "value": "Anatolia"},
         case(line(attributes={"brand": "Anatolia"})), case(line())),
        ("AmountInstallmentFilter", {"max_amount": "100"}, case(amount="100.00"), case(amount="100.01")),
        ("AmountInstallmentFilter", {"min_amount": "100"}, case(amount="100.00"), case(amount="99.99")),
        ("SegmentInstallmentFilter", {"segments": ["vip", "staff"]},
         case(segments=frozenset({"vip"})), case(segments=frozenset({"new"}))),
        ("CampaignInstallmentFilter", {"offers": [201]},
         case(offers=frozenset({201, 202})), case(offers=frozenset({202}))),
        ("CurrencyInstallmentFilter", {"currencies": ["usd"]}, case(currency="USD"), case()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_filter_caps_what_it_concerns_and_nothing_else(name, params, concerned, other) -> None:
    judge = installment_filter(name, **params, max_installment=6)

    capped = judge(concerned)
    assert counts(capped) == (1, 3, 6)
    assert capped.messages == (Message("Up to {n} installments are available for this order.", {"n": 6}),)
    assert judge(other) == Filtered(options=OPTIONS)


def test_only_the_filter_of_commercial_cards_has_the_last_word() -> None:
    final = {
        kind.name
        for kind in CARD_RULES
        if kind.role is Role.INSTALLMENT_FILTER
        for judge in [kind.judge(kind.params(**{"max_installment": 1, **_some(kind.params)}), BOOK)]
        if judge(EVERYTHING).final
    }

    assert final == {"CommerceCardInstallmentFilter"}


EVERYTHING = case(
    line(category="clothing", attributes={"brand": "x"}), card=CARD,
    segments=frozenset({"vip"}), offers=frozenset({1}),
)  # fmt: skip


def _some(params):
    known = {
        "categories": frozenset({"clothing"}), "attribute": "brand", "value": "x",
        "segments": frozenset({"vip"}), "offers": frozenset({1}), "currencies": frozenset({"TRY"}),
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in params.__struct_fields__}


def test_a_filter_that_takes_nothing_away_stays_silent() -> None:
    assert installment_filter("AmountInstallmentFilter", max_installment=12)(case()).messages == ()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_installment": 1}, "Installments are not available for this order."),
        ({"max_installment": 3, "message": "Altında üç taksit."}, "Altında üç taksit."),
    ],
    ids=["single payment", "the merchant's words"],
)
def test_a_filter_says_what_it_did(params, message) -> None:
    assert installment_filter("AmountInstallmentFilter", **params)(case()).messages == (message,)


def test_filters_run_in_order_until_one_is_final() -> None:
    commercial = installment_filter("CommerceCardInstallmentFilter", max_installment=9)
    amount = installment_filter("AmountInstallmentFilter", max_installment=3)

    assert counts(apply_filters(case(card=CARD), [commercial, amount])) == (1, 3, 6, 9)
    assert counts(apply_filters(case(card=CARD), [amount, commercial])) == (1, 3)
    assert counts(apply_filters(case(card=PRIVATE), [commercial, amount])) == (1, 3)


def test_the_same_sentence_is_told_once() -> None:
    usual = "Just three."
    filters = [
        installment_filter("AmountInstallmentFilter", max_installment=9, message=usual),
        installment_filter("AmountInstallmentFilter", max_installment=3, message=usual),
    ]

    assert apply_filters(case(), filters).messages == (usual,)


def test_a_filter_of_a_stranger_cannot_add_options() -> None:
    invented = Installment(pk=99, card=2, installment_count=36)

    def generous(case: InstallmentCase) -> Filtered:
        return Filtered(options=(*case.installments, invented))

    assert apply_filters(case(), [generous]).options == OPTIONS


@settings(deadline=None)
@given(caps=st.lists(st.integers(1, 15), max_size=5))
def test_one_payment_at_once_is_always_left(caps) -> None:
    filters = [installment_filter("AmountInstallmentFilter", max_installment=cap) for cap in caps]

    left = counts(apply_filters(case(), filters))
    assert left == tuple(count for count in COUNTS if count <= min(caps, default=99))
    assert 1 in left


def three_d(name, **params):
    return BOOK.judge(Role.THREE_D, {"slug": name, **params})


def payment(total="100.00", currency="TRY", **more) -> ThreeDCase:
    fields = {"gateway": "sandbox", "payment_type": "credit_card", "shopper": Shopper(user=1, orders=2)}
    return ThreeDCase(total=Money.of(total, currency), **(fields | more))


@pytest.mark.parametrize(
    ("name", "params", "holds", "fails"),
    [
        ("amount_limit", {"limit": 1000.00}, payment("1000.01"), payment("1000.00")),
        ("masterpass_amount_limit", {"limit": 10},
         payment(payment_type="masterpass_rest"), payment(payment_type="credit_card")),
        ("masterpass_amount_limit", {"limit": 100},
         payment("100.01", payment_type="masterpass"), payment(payment_type="masterpass")),
        ("check_pos_slug_three_d_only", {"pos_slugs": ["bank-a", "bank-b"]},
         payment(gateway="bank-b"), payment(gateway="bank-c")),
        ("only_guest_user", {}, payment(shopper=Shopper()), payment()),
        ("is_first_order", {}, payment(shopper=Shopper(user=1)), payment()),
        ("is_first_order", {}, payment(shopper=Shopper()), payment()),
        ("payment_currency", {"currencies": ["usd", "EUR"]}, payment(currency="USD"), payment()),
        ("trial_limit_per_user_email", {"limit": 3, "minutes": 10},
         payment(spent=frozenset({TrialLimit("email", 3, 10)})),
         payment(spent=frozenset({TrialLimit("email", 2, 10), TrialLimit("ip", 3, 10)}))),
        ("trial_limit_per_remote_addr", {"limit": 3, "minutes": 10},
         payment(spent=frozenset({TrialLimit("ip", 3, 10)})), payment()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_rule_requires_three_d_only_where_it_holds(name, params, holds, fails) -> None:
    rule = three_d(name, **params)

    assert rule(holds) is True
    assert rule(fails) is False


def test_the_counters_that_rules_want_are_known() -> None:
    rules = [
        three_d("amount_limit", limit=1),
        three_d("trial_limit_per_user_email", limit=3, minutes=10),
        three_d("trial_limit_per_remote_addr", limit=5, minutes=60),
    ]

    assert trials_of(rules) == {TrialLimit("email", 3, 10), TrialLimit("ip", 5, 60)}


NAMED_BY_THE_CONTRACT = {
    Role.THREE_D: {
        "amount_limit", "masterpass_amount_limit", "check_pos_slug_three_d_only",
        "trial_limit_per_user_email", "trial_limit_per_remote_addr", "payment_currency",
        "only_guest_user", "is_first_order",
    },
    Role.INSTALLMENT_FILTER: {
        "CategoryInstallmentFilter", "CategorySpecialInstallmentFilter", "CommerceCardInstallmentFilter",
        "CategorySpecialInstallmentCommerceCardFilter", "ProductInstallmentFilter", "AttributeFilter",
        "AmountInstallmentFilter", "SegmentInstallmentFilter", "CampaignInstallmentFilter",
        "CurrencyInstallmentFilter",
    },
}  # fmt: skip


@pytest.mark.parametrize("role", NAMED_BY_THE_CONTRACT, ids=lambda role: role.name)
def test_every_kind_of_the_contract_is_there(role) -> None:
    assert {kind.name for kind in CARD_RULES if kind.role is role} == NAMED_BY_THE_CONTRACT[role]


@pytest.mark.parametrize(
    ("role", "config"),
    [
        (Role.THREE_D, {"slug": "no_such_rule"}),
        (Role.THREE_D, {"slug": "amount_limit"}),
        (Role.THREE_D, {"slug": "amount_limit", "limit": "inf"}),
        (Role.THREE_D, {"slug": "amount_limit", "limit": -1}),
        (Role.THREE_D, {"slug": "only_guest_user", "limit": 1}),
        (Role.THREE_D, {"slug": "trial_limit_per_user_email", "limit": 0, "minutes": 1}),
        (Role.THREE_D, {"slug": "amount_limit", "limit": 1, "unknown": 1}),
        (Role.INSTALLMENT_FILTER, {"slug": "AmountInstallmentFilter", "max_installment": 0}),
        (Role.INSTALLMENT_FILTER, {"slug": "AmountInstallmentFilter"}),
        (Role.INSTALLMENT_FILTER,
         {"slug": "AmountInstallmentFilter", "max_installment": 1, "min_amount": 2, "max_amount": 1}),
        (Role.INSTALLMENT_FILTER,
         {"slug": "CategorySpecialInstallmentFilter", "max_installment": 1, "categories": ["a"],
          "min_price": "nan"}),
        (Role.INSTALLMENT_FILTER, {"slug": "CategoryInstallmentFilter", "max_installment": 1}),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_refused(role, config) -> None:
    with pytest.raises(Refused):
        BOOK.judge(role, config)


@pytest.mark.parametrize("value", ["x", True, 3, 1.5, Decimal("1.5")])
def test_the_value_of_an_attribute_may_be_text_number_or_flag(value) -> None:
    judge = installment_filter("AttributeFilter", attribute="a", value=value, max_installment=1)

    assert counts(judge(case(line(attributes={"a": value})))) == (1,)
