"""Availability rules: every kind of the contract, and the laws between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vezne_core import (
    RULE_TYPES,
    Address,
    Basket,
    BasketLine,
    Client,
    Money,
    Product,
    Refused,
    Role,
    RuleBook,
    RuleCase,
    Shopper,
)  # fmt: skip

BOOK = RuleBook(RULE_TYPES)
ISTANBUL = ZoneInfo("Europe/Istanbul")
MONDAY_NOON = datetime(2024, 6, 3, 12, 0, tzinfo=ISTANBUL)

CAFERAGA = Address(country=1, city=34, township=3401, district=340101, postcode="34710")
BERLIN = Address(country=2, city=100, township=10001, postcode=None)


class Nothing:
    """A catalogue without records."""

    revision = 1

    def all(self, type: Any) -> tuple[Any, ...]:
        return ()

    def get(self, type: Any, pk: int | None) -> None:
        return None


def product(pk: int = 1, **fields: Any) -> Product:
    usual: dict[str, Any] = {
        "sku": f"SKU-{pk}", "name": "A thing", "price": Money.of("199.90", "TRY"), "tax_rate": Decimal(20),
        "weight": Decimal("0.30"),
    }  # fmt: skip
    return Product(pk=pk, **usual | fields)


def case(
    *lines: tuple[Product, int],
    destination: Address | None = CAFERAGA,
    shopper: Shopper | None = None,
    now: datetime = MONDAY_NOON,
    currency: str = "TRY",
    prices: Mapping[int, Money] | None = None,
    due: str | None = None,
) -> RuleCase:
    basket = Basket(
        pk=1,
        currency=currency,
        lines=tuple(
            BasketLine(pk=at, product=one, quantity=count, unit_price=Money.of(one.price.amount, currency))
            for at, (one, count) in enumerate(lines or [(product(), 1)], start=1)
        ),
        created=MONDAY_NOON,
        modified=MONDAY_NOON,
    )
    return RuleCase(
        basket=basket,
        lines_total=basket.total_at(prices or {}),
        line_prices=prices or {},
        destination=destination,
        shopper=shopper or Shopper(),
        client=Client(),
        now=now,
        catalogue=Nothing(),
        due=Money.of(due, currency) if due else None,
    )


def passes(rule: Mapping[str, Any], given: RuleCase, role: Role = Role.SHIPPING) -> bool:
    return bool(BOOK.judge(role, rule)(given))


TSHIRT = product(
    1, category="clothing", data_source=1,
    attributes={"brand": "Anatolia", "colours": ["red", "blue"], "has_remote_price": True},
)  # fmt: skip
MUG = product(
    2, category="home", data_source=2, weight=Decimal("0.45"), price=Money.of("89.50", "TRY"),
    attributes={"brand": "Anatolia", "size": 2},
)  # fmt: skip
LAMP = product(4, category="home", data_source=2, weight=Decimal("1.80"), attributes={"brand": "Bosphorus"})
GUEST = Shopper(user=None)
ADA = Shopper(user=1, segments=("gold", "staff"), orders=3)


def at(text: str) -> RuleCase:
    return case(now=datetime.fromisoformat(text).replace(tzinfo=ISTANBUL))


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        pytest.param({"slug": "any-rule"}, case(destination=None), True, id="any"),
        pytest.param({"slug": "country-rule", "countries": [1, 7]}, case(), True, id="country"),
        pytest.param(
            {"slug": "country-rule", "countries": [1]}, case(destination=BERLIN), False, id="other country"
        ),
        pytest.param({"slug": "city-rule", "cities": ["34"]}, case(), True, id="city, key as text"),
        pytest.param({"slug": "city-rule", "cities": [6]}, case(), False, id="other city"),
        pytest.param({"slug": "township-rule", "townships": [3401]}, case(), True, id="township"),
        pytest.param({"slug": "township-rule", "townships": [3402]}, case(), False, id="other township"),
        pytest.param({"slug": "district-rule", "districts": [340101]}, case(), True, id="district"),
        pytest.param(
            {"slug": "district-rule", "districts": [340101]},
            case(destination=BERLIN),
            False,
            id="address without a district",
        ),
        pytest.param({"slug": "postal-code-rule", "postal_codes": ["34710"]}, case(), True, id="postcode"),
        pytest.param(
            {"slug": "postal-code-rule", "postal_codes": ["sw1a 1aa"]},
            case(destination=Address(country=3, city=1, township=1, postcode=" SW1A-1AA")),
            True,
            id="postcode written differently",
        ),
        pytest.param(
            {"slug": "postal-code-rule", "postal_codes": ["3471"]}, case(), False, id="half a postcode"
        ),
        pytest.param(
            {"slug": "postal-code-rule", "postal_codes": ["34710"]},
            case(destination=BERLIN),
            False,
            id="address without a postcode",
        ),
        pytest.param(
            {"slug": "country-rule", "countries": [1], "exclude": True}, case(), False, id="excluded country"
        ),
        pytest.param(
            {"slug": "country-rule", "countries": [1]}, case(destination=None), False, id="no address yet"
        ),
        pytest.param(
            {"slug": "not-rule", "child": {"slug": "country-rule", "countries": [1]}},
            case(destination=BERLIN),
            True,
            id="not",
        ),
        pytest.param(
            {
                "slug": "and-rule",
                "children": [
                    {"slug": "country-rule", "countries": [1]},
                    {"slug": "city-rule", "cities": [6]},
                ],
            },
            case(),
            False,
            id="and: one fails",
        ),
        pytest.param(
            {
                "slug": "or-rule",
                "children": [
                    {"slug": "country-rule", "countries": [2]},
                    {"slug": "city-rule", "cities": [34]},
                ],
            },
            case(),
            True,
            id="or: one passes",
        ),
    ],
)
def test_location_rule_looks_at_the_delivery_address(
    rule: dict[str, Any], given: RuleCase, expected: bool
) -> None:
    assert passes(rule, given) is expected
    assert passes(rule, given, Role.PAYMENT) is expected


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        pytest.param({"min": "1000.00"}, case((LAMP, 5)), False, id="a cent below"),
        pytest.param({"min": "999.50"}, case((LAMP, 5)), True, id="exactly the least"),
        pytest.param({"max": "999.50"}, case((LAMP, 5)), True, id="exactly the most"),
        pytest.param({"max": 999}, case((LAMP, 5)), False, id="above the most"),
        pytest.param({"min": 100, "max": 200}, case((TSHIRT, 1)), True, id="between"),
        pytest.param(
            {"min": "1234.50"},
            case((TSHIRT, 1), prices={1: Money.of("1234.50", "TRY")}),
            True,
            id="remote price counts",
        ),
        pytest.param({"min": "400"}, case((TSHIRT, 1), (MUG, 2)), False, id="several lines: 378.90"),
        pytest.param({"max": "378.90"}, case((TSHIRT, 1), (MUG, 2)), True, id="several lines, exactly"),
    ],
)
def test_basket_total_rule_takes_both_of_its_ends_in(
    rule: dict[str, Any], given: RuleCase, expected: bool
) -> None:
    assert passes({"slug": "basket-total-rule"} | rule, given) is expected


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        pytest.param(
            {"slug": "basket-quantity-rule", "max": 3},
            case((TSHIRT, 1), (MUG, 2)),
            True,
            id="pieces, not lines",
        ),
        pytest.param(
            {"slug": "basket-quantity-rule", "max": 2},
            case((TSHIRT, 1), (MUG, 2)),
            False,
            id="too many pieces",
        ),
        pytest.param(
            {"slug": "basket-weight-rule", "max": "1.20"},
            case((TSHIRT, 1), (MUG, 2)),
            True,
            id="weight at most",
        ),
        pytest.param(
            {"slug": "basket-weight-rule", "min": "1.21"}, case((TSHIRT, 1), (MUG, 2)), False, id="too light"
        ),
        pytest.param(
            {"slug": "currency-rule", "currencies": ["try"]}, case(), True, id="currency, lower case"
        ),
        pytest.param(
            {"slug": "currency-rule", "currencies": ["TRY"]}, case(currency="eur"), False, id="other currency"
        ),
        pytest.param(
            {"slug": "product-category-rule", "categories": ["home"]},
            case((TSHIRT, 1), (MUG, 1)),
            True,
            id="any line of a category",
        ),
        pytest.param(
            {"slug": "product-category-rule", "categories": ["home"], "match": "all"},
            case((TSHIRT, 1), (MUG, 1)),
            False,
            id="not every line of a category",
        ),
        pytest.param(
            {"slug": "product-category-rule", "categories": ["home"], "match": "all"},
            case((LAMP, 1), (MUG, 1)),
            True,
            id="every line of a category",
        ),
        pytest.param(
            {"slug": "product-category-rule", "categories": ["home"], "exclude": True},
            case((TSHIRT, 1), (MUG, 1)),
            False,
            id="no line of a category",
        ),
        pytest.param(
            {"slug": "product-data-source-rule", "data_sources": [2], "match": "all"},
            case((MUG, 1), (LAMP, 1)),
            True,
            id="one data source",
        ),
        pytest.param(
            {"slug": "product-data-source-rule", "data_sources": [3]},
            case((MUG, 1)),
            False,
            id="other source",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "brand", "values": ["Anatolia"]},
            case((LAMP, 1), (MUG, 1)),
            True,
            id="attribute of a line",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "brand", "values": ["anatolia"]},
            case((MUG, 1)),
            False,
            id="attribute values are exact",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "has_remote_price", "values": ["true"]},
            case((TSHIRT, 1)),
            True,
            id="truth as text",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "size", "values": ["2"]},
            case((MUG, 1)),
            True,
            id="number as text",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "colours", "values": ["blue"]},
            case((TSHIRT, 1)),
            True,
            id="one of several values",
        ),
        pytest.param(
            {"slug": "product-attribute-rule", "attribute": "voltage", "values": ["None"]},
            case((MUG, 1)),
            False,
            id="a missing attribute is no text",
        ),
    ],
)
def test_basket_rule_looks_at_what_is_bought(rule: dict[str, Any], given: RuleCase, expected: bool) -> None:
    assert passes(rule, given) is expected


@pytest.mark.parametrize(
    ("rule", "shopper", "expected"),
    [
        pytest.param({"slug": "user-segment-rule", "segments": ["gold"]}, ADA, True, id="segment"),
        pytest.param({"slug": "user-segment-rule", "segments": ["gold"]}, GUEST, False, id="guest has none"),
        pytest.param(
            {"slug": "user-segment-rule", "segments": ["staff"], "exclude": True}, ADA, False, id="not staff"
        ),
        pytest.param(
            {"slug": "user-membership-rule", "membership": "registered"}, ADA, True, id="registered"
        ),
        pytest.param(
            {"slug": "user-membership-rule", "membership": "registered"}, GUEST, False, id="signed out"
        ),
        pytest.param({"slug": "user-membership-rule", "membership": "guest"}, GUEST, True, id="guest"),
        pytest.param({"slug": "user-membership-rule", "membership": "guest"}, ADA, False, id="not a guest"),
        pytest.param({"slug": "user-order-history-rule", "min": 3}, ADA, True, id="regular"),
        pytest.param({"slug": "user-order-history-rule", "max": 0}, ADA, False, id="not the first order"),
        pytest.param({"slug": "user-order-history-rule", "max": 0}, GUEST, True, id="guests have no history"),
    ],
)
def test_user_rule_looks_at_the_shopper(rule: dict[str, Any], shopper: Shopper, expected: bool) -> None:
    assert passes(rule, case(shopper=shopper)) is expected


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        pytest.param(
            {"slug": "weekday-rule", "weekdays": ["monday"]}, at("2024-06-03T00:00"), True, id="weekday"
        ),
        pytest.param(
            {"slug": "weekday-rule", "weekdays": ["monday"]},
            at("2024-06-02T23:59"),
            False,
            id="the day before",
        ),
        pytest.param(
            {"slug": "weekday-rule", "weekdays": ["saturday", "sunday"], "exclude": True},
            at("2024-06-02T10:00"),
            False,
            id="not at the weekend",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "09:00", "end": "18:00"},
            at("2024-06-03T09:00"),
            True,
            id="the start belongs to the window",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "09:00", "end": "18:00"},
            at("2024-06-03T18:00"),
            False,
            id="the end does not",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "22:00", "end": "06:00"},
            at("2024-06-03T23:30"),
            True,
            id="over midnight, before it",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "22:00", "end": "06:00"},
            at("2024-06-03T05:59"),
            True,
            id="over midnight, after it",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "22:00", "end": "06:00"},
            at("2024-06-03T12:00"),
            False,
            id="over midnight, by day",
        ),
        pytest.param(
            {"slug": "time-window-rule", "start": "18:00", "end": "00:00"},
            at("2024-06-03T23:59"),
            True,
            id="until midnight",
        ),
        pytest.param(
            {"slug": "date-range-rule", "start": "2024-06-01", "end": "2024-06-03"},
            at("2024-06-03T23:59"),
            True,
            id="the last day to its end",
        ),
        pytest.param(
            {"slug": "date-range-rule", "start": "2024-06-01", "end": "2024-06-03"},
            at("2024-06-04T00:00"),
            False,
            id="the day after",
        ),
        pytest.param(
            {"slug": "date-range-rule", "start": date(2024, 6, 4)},
            at("2024-06-03T12:00"),
            False,
            id="not yet, date of a TOML file",
        ),
        pytest.param(
            {"slug": "date-range-rule", "end": "2024-06-03"}, at("1999-01-01T00:00"), True, id="open"
        ),
    ],
)
def test_time_rule_looks_at_the_clock(rule: dict[str, Any], given: RuleCase, expected: bool) -> None:
    assert passes(rule, given) is expected


def test_time_rules_are_on_the_merchants_clock() -> None:
    """22:30 in London is already Tuesday in İstanbul."""
    moment = datetime(2024, 6, 3, 21, 30, tzinfo=UTC)
    tuesday = {"slug": "weekday-rule", "weekdays": ["tuesday"]}

    assert passes(tuesday, case(now=moment.astimezone(ISTANBUL)))
    assert not passes(tuesday, case(now=moment.astimezone(ZoneInfo("Europe/London"))))


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param("5000.00", True, id="exactly the most"),
        pytest.param("5000.01", False, id="a cent above"),
        pytest.param(None, True, id="not summed up yet: the lines count"),
    ],
)
def test_order_amount_rule_looks_at_what_is_to_be_paid(due: str | None, expected: bool) -> None:
    rule = {"slug": "order-amount-rule", "max": "5000.00"}

    assert passes(rule, case((LAMP, 1), due=due), Role.PAYMENT) is expected


def test_order_amount_rule_is_not_for_shipping_options() -> None:
    with pytest.raises(Refused, match="'order-amount-rule' is no shipping rule"):
        BOOK.judge(Role.SHIPPING, {"slug": "order-amount-rule", "max": 1})


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"slug": "planet-rule"}, id="unknown kind"),
        pytest.param({}, id="no kind"),
        pytest.param({"slug": "country-rule"}, id="no countries"),
        pytest.param({"slug": "country-rule", "countries": []}, id="an empty list"),
        pytest.param({"slug": "country-rule", "countries": ["tr"]}, id="codes instead of keys"),
        pytest.param({"slug": "country-rule", "countries": [1], "exclud": True}, id="misspelt parameter"),
        pytest.param({"slug": "any-rule", "countries": [1]}, id="a parameter too many"),
        pytest.param({"slug": "not-rule", "child": {"slug": "planet-rule"}}, id="unknown child"),
        pytest.param({"slug": "and-rule", "children": []}, id="no children"),
        pytest.param({"slug": "basket-total-rule"}, id="no end"),
        pytest.param({"slug": "basket-total-rule", "min": 5, "max": 4}, id="ends crossed"),
        pytest.param({"slug": "basket-total-rule", "min": "-1"}, id="negative"),
        pytest.param({"slug": "basket-total-rule", "max": "NaN"}, id="not a number"),
        pytest.param({"slug": "basket-total-rule", "max": "Infinity"}, id="infinite"),
        pytest.param(
            {"slug": "product-category-rule", "categories": ["x"], "match": "most"}, id="unknown match"
        ),
        pytest.param({"slug": "user-membership-rule", "membership": "vip"}, id="unknown membership"),
        pytest.param({"slug": "weekday-rule", "weekdays": ["noday"]}, id="no weekday"),
        pytest.param({"slug": "time-window-rule", "start": "9:00", "end": "18:00"}, id="hour of one digit"),
        pytest.param({"slug": "time-window-rule", "start": "09:00", "end": "24:00"}, id="hour 24"),
        pytest.param({"slug": "time-window-rule", "start": "09:00", "end": "09:00"}, id="empty window"),
        pytest.param({"slug": "date-range-rule"}, id="no dates"),
        pytest.param(
            {"slug": "date-range-rule", "start": "2024-06-02", "end": "2024-06-01"}, id="dates crossed"
        ),
    ],
)
def test_wrong_rule_is_refused_when_it_is_made_ready(rule: dict[str, Any]) -> None:
    for role in (Role.SHIPPING, Role.PAYMENT):
        with pytest.raises(Refused):
            BOOK.judge(role, rule)


def test_every_problem_of_nested_rules_is_told_with_its_place() -> None:
    rule = {
        "slug": "or-rule",
        "children": [
            {"slug": "planet-rule"},
            {"slug": "any-rule"},
            {"slug": "not-rule", "child": {"slug": "city-rule", "cities": []}},
        ],
    }

    with pytest.raises(Refused) as refused:
        BOOK.judges(Role.SHIPPING, [{"slug": "any-rule"}, rule], "shipping option 2, rule")

    first, second = map(str, refused.value.problems)
    assert first.startswith("shipping option 2, rule 2, or-rule child 1: 'planet-rule' is no shipping rule")
    assert "known: and-rule, any-rule" in first
    assert second.startswith(
        "shipping option 2, rule 2, or-rule child 3, not-rule child, shipping rule city-rule"
    )


def test_every_kind_that_can_fail_says_why_to_a_shopper() -> None:
    payment = [kind for kind in RULE_TYPES if kind.role is Role.PAYMENT and kind.name != "any-rule"]

    assert all(kind.code and kind.message.endswith(".") for kind in payment)
    assert BOOK.type(Role.PAYMENT, "basket-total-rule").code == "basket_total"  # type: ignore[union-attr]


def test_kinds_of_the_contract_are_all_there_for_both_roles() -> None:
    contract = {
        "any-rule", "country-rule", "city-rule", "township-rule", "district-rule", "postal-code-rule",
        "not-rule", "and-rule", "or-rule",
    }  # fmt: skip

    for role in (Role.SHIPPING, Role.PAYMENT):
        assert contract <= {kind.name for kind in RULE_TYPES if kind.role is role}


keys = st.integers(1, 4)
addresses = st.none() | st.builds(
    Address,
    country=keys,
    city=keys,
    township=keys,
    district=st.none() | keys,
    postcode=st.none() | st.sampled_from(["1000", "10 00", "2000", ""]),
)
listed = st.one_of(
    *(
        st.fixed_dictionaries({"slug": st.just(slug), field: st.lists(values, min_size=1)})
        for slug, field, values in (
            ("country-rule", "countries", keys),
            ("city-rule", "cities", keys),
            ("township-rule", "townships", keys),
            ("district-rule", "districts", keys),
            ("postal-code-rule", "postal_codes", st.sampled_from(["1000", "2000", "3000"])),
            ("user-segment-rule", "segments", st.sampled_from(["gold", "staff"])),
            ("product-category-rule", "categories", st.sampled_from(["home", "clothing"])),
            ("product-data-source-rule", "data_sources", keys),
            ("currency-rule", "currencies", st.sampled_from(["TRY", "EUR"])),
            ("weekday-rule", "weekdays", st.sampled_from(["monday", "sunday"])),
        )
    )
)
cases = st.builds(
    lambda destination, shopper, lines, now: case(*lines, destination=destination, shopper=shopper, now=now),
    addresses,
    st.sampled_from([ADA, GUEST]),
    st.lists(st.tuples(st.sampled_from([TSHIRT, MUG, LAMP]), st.integers(1, 3)), min_size=1, max_size=3),
    st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2025, 1, 1), timezones=st.just(ISTANBUL)),
)


@given(listed, cases)
def test_exclude_is_the_same_as_not(rule: dict[str, Any], given: RuleCase) -> None:
    excluded = passes(rule | {"exclude": True}, given)

    assert excluded is passes({"slug": "not-rule", "child": rule}, given)
    assert excluded is not passes(rule, given)


@given(st.lists(listed, min_size=1, max_size=4), cases)
def test_or_is_the_same_as_not_all_not(rules: list[dict[str, Any]], given: RuleCase) -> None:
    none = {"slug": "and-rule", "children": [{"slug": "not-rule", "child": rule} for rule in rules]}

    assert passes({"slug": "or-rule", "children": rules}, given) is not passes(none, given)


@given(
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 24 * 60 - 1),
)
def test_a_window_and_the_window_from_its_end_to_its_start_share_out_the_day(
    start: int, end: int, now: int
) -> None:
    assume(start != end)

    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    moment = case(now=MONDAY_NOON.replace(hour=now // 60, minute=now % 60))
    window = {"slug": "time-window-rule", "start": clock(start), "end": clock(end)}
    rest = {"slug": "time-window-rule", "start": clock(end), "end": clock(start)}

    assert passes(window, moment) is not passes(rest, moment)
