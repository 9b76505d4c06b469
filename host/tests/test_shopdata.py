"""A shop's data as TOML: the demo shops hold what is promised, and mistakes are told all at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from stdnum import iban
from stdnum.tr import tckimlik

from vezne_core import (
    BankAccount,
    Bin,
    Card,
    City,
    Contract,
    DeliveryOption,
    ExtraFieldSchema,
    Installment,
    Money,
    Offer,
    PaymentOption,
    Record,
    Refused,
    Secret,
    ShippingOption,
)
from vezne_core.benefits import BENEFIT_TYPES
from vezne_core.calculators import CALCULATOR_TYPES
from vezne_core.catalogue import RECORDS
from vezne_core.conditions import CONDITION_TYPES
from vezne_core.offers import OfferBook
from vezne_core.rules import Role, RuleBook
from vezne_core.shipping_rules import RULE_TYPES
from vezne_host.catalogue import Setting
from vezne_host.demo.shop import MERCHANTS, demo_shop
from vezne_host.shopdata import ShopData, load

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "shop.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return written


def told(*files: Path) -> set[str]:
    with pytest.raises(Refused) as caught:
        load(*files)
    return {f"{problem.place}: {problem.fact}" for problem in caught.value.problems}


# The demo shops.


@pytest.fixture(scope="module")
def demo() -> ShopData:
    return demo_shop("demo")


@pytest.fixture(scope="module")
def lean() -> ShopData:
    return demo_shop("lean")


def pks(shop: ShopData, type: type[Record]) -> list[int]:
    return [record.pk for record in shop.of(type)]


def test_there_is_no_other_demo_merchant() -> None:
    with pytest.raises(KeyError):
        demo_shop("marketplace")


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_a_demo_shop_becomes_a_configuration(merchant: str) -> None:
    shop = demo_shop(merchant)
    snapshot = shop.snapshot()

    assert sorted(map(repr, shop.records)) == sorted(
        repr(record) for type in snapshot.types for record in snapshot.all(type)
    )
    assert snapshot.unread == frozenset()
    assert set(snapshot.types) <= set(RECORDS)


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_every_rule_of_a_demo_shop_is_known(merchant: str) -> None:
    shop = demo_shop(merchant)
    book = RuleBook([*RULE_TYPES, *CALCULATOR_TYPES, *CONDITION_TYPES, *BENEFIT_TYPES])

    for option in shop.of(ShippingOption):
        book.judge(Role.CALCULATOR, option.calculator)
        for rule in option.rules:
            book.judge(Role.SHIPPING, rule)
    for payment in shop.of(PaymentOption):
        for rule in payment.rules:
            book.judge(Role.PAYMENT, rule)
    OfferBook(shop.of(Offer), book)


def test_demo_offers_every_way_to_deliver_ship_and_pay(demo: ShopData) -> None:
    assert [option.delivery_option_type for option in demo.of(DeliveryOption)] == [
        "customer", "retail_store", "pickup_location",
    ]  # fmt: skip
    assert [option.slug for option in demo.of(ShippingOption)] == [
        "standard", "express", "free-over-1000", "international", "same-day",
    ]  # fmt: skip
    assert [option.payment_type for option in demo.of(PaymentOption)] == [
        "credit_card", "funds_transfer", "pay_on_delivery", "pay_on_delivery", "redirection", "gpay",
        "bkm_express", "masterpass", "masterpass_rest", "stored_card", "credit_payment", "confirmation",
        "confirmation", "confirmation", "confirmation", "cash_register", "loyalty_money", "gift_card",
        "saved_card", "pay_later", "b2b", "wallet",
    ]  # fmt: skip
    for type in (DeliveryOption, ShippingOption, PaymentOption):
        assert pks(demo, type) == list(range(1, len(demo.of(type)) + 1))
    assert pks(demo, Offer) == [201, 202, 203, 204]
    gateways = {option.pk: option.gateway for option in demo.of(PaymentOption) if option.gateway}
    assert gateways == {1: "sandbox", 5: "sandbox_redirect", 19: "sandbox"}
    assert demo.of(PaymentOption)[2].config["payment_choices"] == [
        {"value": "cash", "label": "Cash", "price": "5.00"},
        {"value": "card_terminal", "label": "Card terminal", "price": "7.50"},
    ]
    assert demo.of(ShippingOption)[4].kwargs == {"required_fields": ["delivery_date", "time_slot"]}


def test_lean_offers_one_way_of_each(lean: ShopData) -> None:
    assert pks(lean, DeliveryOption) == [1]
    assert pks(lean, ShippingOption) == [1]
    assert [(option.pk, option.payment_type) for option in lean.of(PaymentOption)] == [(2, "funds_transfer")]
    assert lean.of(Offer) == ()


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_what_all_demo_shops_have(merchant: str) -> None:
    shop = demo_shop(merchant)

    assert pks(shop, City) == [34, 6, 100]
    assert [user.email for user in shop.users] == ["ada@example.com", "grace@example.com"]
    ada, grace = shop.users
    assert (ada.password, ada.phone) == (Secret("checkout-demo-1"), "+905551112233")
    assert [(a.pk, a.district, a.primary) for a in ada.addresses] == [
        (1, 340101, True), (2, 60101, False), (3, 1000101, False),
    ]  # fmt: skip
    assert ada.addresses[0].identity_number is None
    assert tckimlik.is_valid(ada.addresses[1].identity_number or "")
    assert grace.addresses == ()
    assert [(p.pk, p.sku, p.price, p.weight, p.stock) for p in shop.products] == [
        (1, "VZ-TSHIRT", Money.of("199.90", "TRY"), Decimal("0.30"), 1000),
        (2, "VZ-MUG", Money.of("89.50", "TRY"), Decimal("0.45"), 1000),
        (3, "VZ-PHONE", Money.of("24999.00", "TRY"), Decimal("0.40"), 1000),
        (4, "VZ-LAMP", Money.of("450.00", "TRY"), Decimal("1.80"), 1000),
        (5, "VZ-GOLD", Money.of("100.00", "TRY"), Decimal("0.01"), 1000),
        (6, "VZ-LAST", Money.of("49.90", "TRY"), Decimal("0.10"), 1),
        (90, "VZ-GIFTBOX", Money.of("25.00", "TRY"), Decimal(0), 1000),
        (91, "DELIVERY-BAG-001", Money.of("2.50", "TRY"), Decimal(0), 1000),
        (92, "VZ-SAMPLE-A", Money.of("0.00", "TRY"), Decimal(0), 1000),
        (93, "VZ-SAMPLE-B", Money.of("0.00", "TRY"), Decimal(0), 1000),
    ]
    assert {product.tax_rate for product in shop.products} == {Decimal("20.00")}
    assert [contract.slug for contract in shop.of(Contract)] == ["distance-sales", "pre-information"]
    assert len(shop.of(ExtraFieldSchema)) == 1


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_cards_of_the_demo_shops(merchant: str) -> None:
    shop = demo_shop(merchant)

    assert [account.iban for account in shop.of(BankAccount)] == [
        "TR320006200000000001234567", "TR130009900000000007654321",
    ]  # fmt: skip
    assert {each.number: each.card for each in shop.of(Bin)} == {"542119": 1, "479184": 2, "GPAY00": 3}
    assert {card.pk: card.slug for card in shop.of(Card)}[9] == "other"
    assert [
        (each.pk, each.card, each.installment_count, each.rate, each.is_active)
        for each in shop.of(Installment)
    ] == [
        (1, 1, 1, Decimal(0), True),
        (2, 1, 3, Decimal(0), True),
        (3, 1, 6, Decimal("4.50"), True),
        (4, 1, 9, Decimal("7.00"), True),
        (5, 1, 12, Decimal("10.00"), False),
        (11, 2, 1, Decimal(0), True),
        (21, 3, 1, Decimal(0), True),
        (22, 3, 3, Decimal("2.00"), True),
        (91, 9, 1, Decimal(0), True),
    ]


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_what_shoppers_choose_has_a_turkish_name(merchant: str) -> None:
    alike = {"Garanti Pay", "Masterpass", "Masterpass REST", "TomPay", "Paycell", "Apple Pay"}

    for record in demo_shop(merchant).records:
        if isinstance(record, DeliveryOption | ShippingOption | PaymentOption | Offer):
            assert record.text("name", "tr") != record.name or record.name in alike
        if isinstance(record, Contract):
            assert record.text("html", "tr") != record.html


# Reading.

COUNTRY = '[[country]]\npk = 1\nname = "Türkiye"\ncode = "tr"\n'
CITY = '[[city]]\npk = 34\nname = "İstanbul"\ncountry = 1\n'


def product(pk: int, sku: str, **more: str) -> str:
    fields = {"price": '"1.00"', "tax_rate": '"20"', "weight": '"0"', "stock": "1"} | more
    lines = "\n".join(f"{name} = {value}" for name, value in fields.items())
    return f'[[product]]\npk = {pk}\nsku = "{sku}"\nname = "x"\n{lines}\n'


def user(pk: int, email: str, *addresses: str) -> str:
    return f'[[user]]\npk = {pk}\nemail = "{email}"\npassword = "p"\n' + "".join(addresses)


def address(pk: int, country: int = 1, city: int = 34, township: int = 1, **more: int) -> str:
    places = {"country": country, "city": city, "township": township} | more
    return f"[[user.addresses]]\npk = {pk}\n" + "".join(f"{name} = {at}\n" for name, at in places.items())


def test_files_are_taken_together(write: Write) -> None:
    shop = load(write(CITY, "city.toml"), write(COUNTRY, "country.toml"))

    assert [record.pk for record in shop.records] == [34, 1]


def test_numbers_and_times_in_rules_come_out_as_from_the_database(write: Write) -> None:
    text = """
[[shipping_option]]
pk = 1
name = "x"
slug = "x"
calculator = { slug = "fixed", amount = 29.90 }
rules = [{ slug = "date-range-rule", start = 2026-01-01 }]
"""
    [option] = load(write(text)).of(ShippingOption)

    assert option.calculator["amount"] == "29.90"
    assert option.rules[0]["start"] == "2026-01-01"
    assert load(write(text)).snapshot().get(ShippingOption, 1) == option


def test_settings_are_rows_too(write: Write) -> None:
    text = '[[setting]]\npk = 1\nname = "AUTOSELECT_SHIPPING"\nvalue = true\n'
    shop = load(write(text))

    assert [setting.name for setting in shop.of(Setting)] == ["AUTOSELECT_SHIPPING"]
    assert [(kind, pk) for kind, pk, _ in shop.rows()] == [("setting", 1)]


def test_a_plugins_record_type_is_read_when_it_is_known(write: Write) -> None:
    class RetailStore(Record, frozen=True, kw_only=True):
        name: str

    path = write('[[retail_store]]\npk = 1\nname = "Kadıköy Store"\n')

    assert load(path, types=(*RECORDS, RetailStore)).of(RetailStore)[0].name == "Kadıköy Store"
    assert told(path) == {"shop.toml retail_store: is no kind of record"}


def test_everything_wrong_with_a_shop_is_told_at_once(write: Write) -> None:
    first = "".join([
        COUNTRY,
        CITY.replace("country = 1", "country = 7"),
        '[[township]]\npk = 1\nname = "Kadıköy"\ncity = 34\nfoo = 1\n',
        '[[bank]]\nname = "x"\nslug = "x"\n',
        '[[setting]]\npk = 1\nname = "CAN_GUEST"\nvalue = true\n',
        "surprise = 1\n[colour]\nred = 1\n",
    ])  # fmt: skip
    second = "".join([
        'currency = "TL"\n',
        COUNTRY,
        product(1, "A", price='"-1.00"', tax_rate="120", stock="-1"),
        product(2, "B"),
        product(3, "B"),
        user(1, "Ada@Example.com"),
        user(2, "b@example.com", address(1), address(1)),
        user(3, "b@example.com", address(2, colour=5)),
    ])  # fmt: skip
    problems = told(write(first, "one.toml"), write(second, "two.toml"), Path("nowhere.toml"))

    assert problems == {
        "one.toml city 34.country: there is no country 7",
        "one.toml township 1.foo: is unknown",
        "one.toml bank[0].pk: is missing",
        "one.toml setting 1.surprise: is unknown",
        "one.toml colour: is no kind of record",
        "two.toml currency: 'TL' is not a currency",
        "two.toml country 1: country 1 is also in one.toml country 1",
        "two.toml product 1.price: -1.00 is no amount",
        "two.toml product 1.tax_rate: 120 is no percentage",
        "two.toml product 1.stock: must be a whole number >= 0",
        "two.toml product 3: SKU B is also in two.toml product 2",
        r"two.toml user 1.email: must be a text matching regex '^[^@\\sA-Z]+@[^@\\sA-Z]+$'",
        "two.toml user 2 address 1: address 1 is also in two.toml user 2 address 1",
        "two.toml user 2 address 1.city: there is no city 34 in country 1",
        "two.toml user 3.addresses[0].colour: is unknown",
        "nowhere.toml: No such file or directory",
    }


def test_an_unknown_setting_is_told(write: Write) -> None:
    assert told(write('[[setting]]\npk = 1\nname = "CAN_GUEST"\nvalue = true\n')) == {
        "configuration setting 1 CAN_GUEST: is no setting that can be changed at run time"
    }


@pytest.mark.parametrize(
    ("wrong", "fact"),
    [
        ({"country": 2}, "country: there is no country 2"),
        ({"city": 6}, "city: there is no city 6 in country 1"),
        ({"township": 2}, "township: there is no township 2 in city 34"),
        ({"district": 9}, "district: there is no district 9 in township 1"),
    ],
    ids=["country", "city", "township", "district"],
)
def test_an_address_lies_in_places_that_lie_in_each_other(
    write: Write, wrong: dict[str, int], fact: str
) -> None:
    places = "".join([
        COUNTRY, CITY, CITY.replace("34", "6").replace("country = 1", "country = 3"),
        COUNTRY.replace("pk = 1", "pk = 3"),
        '[[township]]\npk = 1\nname = "a"\ncity = 34\n', '[[township]]\npk = 2\nname = "b"\ncity = 6\n',
        '[[district]]\npk = 9\nname = "c"\ncity = 6\ntownship = 2\n',
    ])  # fmt: skip
    load(write(places + user(1, "a@b", address(5))))

    assert f"shop.toml user 1 address 5.{fact}" in told(write(places + user(1, "a@b", address(5, **wrong))))


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("pk = ", "shop.toml: Invalid value (at end of document)"),
        (product(1, "A"), "shop.toml currency: is missing"),
        ("country = 5", "shop.toml country: is not a list of tables"),
        ("country = [5]", "shop.toml country[0]: is a whole number, must be a table"),
        (
            f'currency = "TRY"\n{product(1, "A", price="inf")}',
            "shop.toml product 1.price: Infinity is no amount",
        ),
        (
            f"{user(1, 'a@b')}phone = '0555'",
            r"shop.toml user 1.phone: must be a text matching regex '^\\+[1-9][0-9]{6,14}$'",
        ),
    ],
    ids=["toml", "currency", "number", "list-of-number", "infinity", "national-phone"],
)  # fmt: skip
def test_a_file_that_is_no_shop_is_explained(write: Write, text: str, fact: str) -> None:
    assert told(write(text)) == {fact}


def test_numbers_of_the_demo_are_what_they_look_like(demo: ShopData) -> None:
    assert all(iban.is_valid(account.iban) for account in demo.of(BankAccount))
