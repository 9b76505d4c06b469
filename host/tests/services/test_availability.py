"""Whether a payment option is available, and what a shopper reads when it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from vezne_core import (
    BASKET,
    CONFIG,
    DESTINATION,
    DUE,
    RULE_TYPES,
    SHOPPER,
    Address,
    Basket,
    BasketLine,
    CheckoutSettings,
    Config,
    Destination,
    Due,
    Money,
    PaymentOption,
    PreOrder,
    Product,
    Refused,
    RuleBook,
    Shopper,
)  # fmt: skip
from vezne_host.catalogue import Snapshot
from vezne_host.services.availability import Availability, check_payment_options

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BOOK = RuleBook(RULE_TYPES)


def preorder(total: str, due: str | None = None, country: int = 1) -> PreOrder:
    product = Product(
        pk=1, sku="A", name="A", price=Money.of(total, "TRY"), tax_rate=Decimal(20), weight=Decimal(1)
    )
    line = BasketLine(pk=1, product=product, quantity=1, unit_price=product.price)
    made = PreOrder.of(
        BASKET.fill(Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)),
        SHOPPER.fill(Shopper()),
        CONFIG.fill(Config(revision=1, checkout=CheckoutSettings())),
        DESTINATION.fill(Destination(kind="customer", address=Address(country=country, city=1, township=1))),
    )
    if due is None:
        return made
    amount = Money.of(due, "TRY")
    zero = Money.zero("TRY")
    return made.with_value(DUE, Due(lines=amount, shipping=zero, adjustments=(), amount=amount))


def option(*rules: dict[str, Any], pk: int = 3) -> PaymentOption:
    return PaymentOption(
        pk=pk, name="Pay on delivery", slug="pay-on-delivery", payment_type="pay_on_delivery", rules=rules
    )


def availability(clock: Any, *options: PaymentOption) -> Availability:
    return Availability(Snapshot(1, options), lambda: BOOK, clock)


UP_TO_5000 = {"slug": "basket-total-rule", "max": "5000.00"}
TOO_MUCH = ("basket_total", "This payment option is not available for this basket total.")
ELSEWHERE = ("country", "This payment option is not available for this delivery address.")


@pytest.mark.parametrize(
    ("rules", "given", "expected"),
    [
        pytest.param((), preorder("9999.00"), None, id="no rules"),
        pytest.param((UP_TO_5000,), preorder("5000.00"), None, id="exactly the most"),
        pytest.param((UP_TO_5000,), preorder("5000.01"), TOO_MUCH, id="a cent above"),
        pytest.param(
            ({"slug": "country-rule", "countries": [1]}, UP_TO_5000),
            preorder("9999.00", country=2),
            ELSEWHERE,
            id="the first that fails speaks",
        ),
        pytest.param(
            ({"slug": "order-amount-rule", "max": "5000.00"},),
            preorder("4990.00", due="5019.90"),
            ("order_amount", "This payment option is not available for this order amount."),
            id="shipping counts in what is to be paid",
        ),
        pytest.param(
            ({"slug": "not-rule", "child": UP_TO_5000},),
            preorder("100.00"),
            ("not", "This payment option is not available for this order."),
            id="nested rules speak in general",
        ),
    ],
)
def test_option_is_available_while_all_its_rules_pass(
    clock: Any, rules: tuple[dict[str, Any], ...], given: PreOrder, expected: tuple[str, str] | None
) -> None:
    cash = option(*rules)

    assert availability(clock, cash)(given, cash) == expected


def test_changed_rules_of_an_option_count_at_once(clock: Any) -> None:
    judge = availability(clock)

    assert judge(preorder("100.00"), option(UP_TO_5000)) is None
    assert judge(preorder("100.00"), option({"slug": "basket-total-rule", "max": "50.00"})) == TOO_MUCH


def test_time_of_the_order_counts(clock: Any) -> None:
    by_day = option({"slug": "time-window-rule", "start": "09:00", "end": "18:00"})
    judge = availability(clock, by_day)

    clock.time = NOW.replace(hour=17)
    assert judge(preorder("1.00"), by_day) is None
    clock.time = NOW.replace(hour=18)
    assert judge(preorder("1.00"), by_day) == (
        "time_window",
        "This payment option is not available at this time.",
    )


def test_everything_wrong_with_the_options_is_told_at_once() -> None:
    records = (option({"slug": "planet-rule"}), option(UP_TO_5000, {"slug": "city-rule"}, pk=4))

    with pytest.raises(Refused) as refused:
        check_payment_options(Snapshot(1, records), BOOK)

    assert [problem.place for problem in refused.value.problems] == [
        "configuration payment_option 3.rules 1",
        "configuration payment_option 4.rules 2, payment rule city-rule",
    ]
