"""Choosing the addresses of an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CLIENT,
    CONFIG,
    CONTACT,
    DELIVERY_OPTION,
    DESTINATION,
    DUE,
    INSTALLMENT,
    UNPAID,
    Address,
    Basket,
    BasketLine,
    CheckoutSettings,
    ChosenDelivery,
    ChosenInstallment,
    City,
    Client,
    Config,
    Contact,
    Country,
    Destination,
    District,
    Due,
    Fill,
    Junction,
    Message,
    Money,
    PreOrder,
    Proceed,
    Product,
    Record,
    Reject,
    Township,
    Unpaid,
    decode,
)  # fmt: skip
from vezne_shipping_home.address_selection import (
    AddressSelectionContext,
    AddressSelectionForm,
    AddressSelectionPage,
)

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLACES: tuple[Record, ...] = (
    Country(pk=1, name="Türkiye", code="tr", translations={"en": {"name": "Turkey"}}),
    Country(pk=2, name="Germany", code="DE"),
    City(pk=34, name="İstanbul", country=1),
    City(pk=6, name="Ankara", country=1),
    City(pk=100, name="Berlin", country=2),
    Township(pk=3401, name="Kadıköy", city=34),
    Township(pk=601, name="Çankaya", city=6),
    Township(pk=10001, name="Mitte", city=100),
    District(pk=340101, name="Caferağa", city=34, township=3401),
)


class Places:
    """A catalogue of these places."""

    revision = 1

    def all(self, type: Any) -> tuple[Any, ...]:
        return tuple(record for record in PLACES if isinstance(record, type))

    def get(self, type: Any, pk: int | None) -> Any:
        return next((record for record in self.all(type) if record.pk == pk), None)


def address(pk: int, **fields: Any) -> Address:
    usual: dict[str, Any] = {
        "title": f"Address {pk}", "first_name": "Ada", "last_name": "Lovelace", "line": "Moda Cad. 1",
        "country": 1, "city": 34, "township": 3401, "district": 340101,
    }  # fmt: skip
    return Address(pk=pk, **usual | fields)


HOME = address(1, primary=True)
ANKARA = address(2, city=6, township=601, district=None, identity_number="10000000146")
BERLIN = address(3, country=2, city=100, township=10001, district=None)


class Own:
    """The shopper's own addresses, in the order of the page."""

    def __init__(self, *addresses: Address) -> None:
        self.addresses = addresses

    async def of(self, preorder: PreOrder) -> Mapping[int, Address]:
        return {address.pk: address for address in self.addresses if address.pk is not None}


def page(*addresses: Address) -> AddressSelectionPage:
    return AddressSelectionPage(Own(*(addresses or (HOME, ANKARA, BERLIN))), Places())


def preorder(*fills: Fill, total: str = "100.00", language: str = "tr", **settings: Any) -> PreOrder:
    product = Product(
        pk=1, sku="A", name="A", price=Money.of(total, "TRY"), tax_rate=Decimal(20), weight=Decimal(1)
    )
    line = BasketLine(pk=1, product=product, quantity=1, unit_price=product.price)
    return PreOrder.of(
        BASKET.fill(Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)),
        CONFIG.fill(Config(revision=1, checkout=CheckoutSettings(**settings))),
        CLIENT.fill(Client(language=language)),
        CONTACT.fill(Contact("ada@example.com")),
        DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="DeliveryOptionSelectionPage")),
        *fills,
    )


def test_page_serves_home_delivery_and_fills_what_its_junction_owes() -> None:
    assert (AddressSelectionPage.junction, AddressSelectionPage.serves) == (
        Junction.DELIVERY_TARGET,
        "customer",
    )
    assert set(AddressSelectionPage.fills) == {DESTINATION, BILLING_ADDRESS}


async def test_addresses_are_shown_in_the_order_that_they_are_given_in() -> None:
    context = await page(BERLIN, HOME, ANKARA).context(preorder())

    assert isinstance(context, AddressSelectionContext)
    assert [shown.pk for shown in context.addresses] == [3, 1, 2]


async def test_address_is_shown_with_its_places() -> None:
    context = msgspec.to_builtins(await page(HOME).context(preorder(language="en")))

    assert context.keys() == {"addresses", "country"}
    [shown] = context["addresses"]
    assert shown["country"] == {"pk": 1, "name": "Turkey", "code": "tr"}
    assert shown["city"] == {"pk": 34, "name": "İstanbul", "country": 1}
    assert shown["township"] == {"pk": 3401, "name": "Kadıköy", "city": 34}
    assert shown["district"] == {"pk": 340101, "name": "Caferağa", "city": 34, "township": 3401}


async def test_shopper_without_addresses_sees_none() -> None:
    context = await AddressSelectionPage(Own(), Places()).context(preorder())

    assert context == AddressSelectionContext(addresses=[], country=None)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        pytest.param("tr", (1, "Türkiye"), id="as stored"),
        pytest.param("TR", (1, "Türkiye"), id="upper case"),
        pytest.param("de", (2, "Germany"), id="stored in upper case"),
        pytest.param("xx", None, id="no such country"),
        pytest.param(None, None, id="not set"),
    ],
)
async def test_country_of_a_new_address_is_the_default_one(
    setting: str | None, expected: tuple[int, str] | None
) -> None:
    context = await page().context(preorder(DEFAULT_COUNTRY_CODE=setting))

    shown = context.country and (context.country.pk, context.country.name)
    assert shown == expected


async def test_two_addresses_of_the_shopper_are_accepted() -> None:
    outcome = await page().process(preorder(), AddressSelectionForm(billing_address=3, shipping_address=1))

    assert outcome == Proceed(
        DESTINATION.fill(Destination(kind="customer", address=HOME)), BILLING_ADDRESS.fill(BERLIN)
    )


def unknown(pk: int) -> Message:
    return Message('Invalid pk "{pk}" - object does not exist.', {"pk": pk})


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        pytest.param(AddressSelectionForm(9, 1), {"billing_address": [unknown(9)]}, id="billing"),
        pytest.param(AddressSelectionForm(1, 8), {"shipping_address": [unknown(8)]}, id="shipping"),
        pytest.param(
            AddressSelectionForm(9, 8),
            {"billing_address": [unknown(9)], "shipping_address": [unknown(8)]},
            id="both, told at once",
        ),
    ],
)
async def test_address_that_is_not_the_shoppers_own_is_unknown(
    form: AddressSelectionForm, errors: dict[str, list[Message]]
) -> None:
    outcome = await page().process(preorder(), form)

    assert outcome == Reject(errors)
    assert str(unknown(9)) == 'Invalid pk "9" - object does not exist.'


async def test_wrong_billing_address_and_missing_identity_number_are_told_at_once() -> None:
    outcome = await page().process(
        preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(5000)), AddressSelectionForm(9, 1)
    )

    assert isinstance(outcome, Reject)
    assert outcome.errors.keys() == {"billing_address", "shipping_address"}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        pytest.param({}, {"billing_address", "shipping_address"}, id="nothing"),
        pytest.param(
            {"billing_address": "x", "shipping_address": ""},
            {"billing_address", "shipping_address"},
            id="garbage",
        ),
        pytest.param(
            {"billing_address": "1", "shipping_address": "2", "page": "x"}, set(), id="numbers as text"
        ),
    ],
)
def test_form_wants_two_keys(sent: dict[str, str], wrong: set[str]) -> None:
    _, errors = decode(AddressSelectionForm, sent)

    assert errors.keys() == wrong


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        pytest.param((), False, id="nothing chosen"),
        pytest.param((DESTINATION.fill(Destination(kind="customer", address=HOME)),), False, id="no billing"),
        pytest.param((BILLING_ADDRESS.fill(HOME),), False, id="no shipping"),
        pytest.param(
            (DESTINATION.fill(Destination(kind="retail_store", address=HOME)), BILLING_ADDRESS.fill(HOME)),
            False,
            id="goods to a store",
        ),
        pytest.param(
            (DESTINATION.fill(Destination(kind="customer", address=HOME)), BILLING_ADDRESS.fill(HOME)),
            True,
            id="goods go home",
        ),
    ],
)
def test_page_is_done_when_the_goods_go_home(fills: tuple[Fill, ...], expected: bool) -> None:
    assert page().done(preorder(*fills)) is expected


def money(amount: str) -> Money:
    return Money.of(amount, "TRY")


OWED = (
    DUE.fill(Due(lines=money("4980.00"), shipping=money("20.00"), adjustments=(), amount=money("5000.00"))),
    UNPAID.fill(Unpaid(amount=money("5000.00"))),
)
INTEREST = INSTALLMENT.fill(ChosenInstallment(pk=3, count=6, rate=Decimal("4.50")))

MISSING = "An identity number is required in the shipping address for an order of this amount."
INVALID = "The identity number of the shipping address is not valid."


@pytest.mark.parametrize(
    ("shipping", "given", "error"),
    [
        pytest.param(
            HOME, preorder(total="5000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(5000)), None, id="exactly"
        ),
        pytest.param(
            HOME,
            preorder(total="5000.01", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(5000)),
            MISSING,
            id="a cent above",
        ),
        pytest.param(HOME, preorder(total="999999.00"), None, id="not asked for by the merchant"),
        pytest.param(
            HOME,
            preorder(*OWED, total="9999.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(5000)),
            None,
            id="what is owed counts, not the basket",
        ),
        pytest.param(
            HOME,
            preorder(*OWED, INTEREST, IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(5000)),
            MISSING,
            id="interest counts",
        ),
        pytest.param(
            ANKARA,
            preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0)),
            None,
            id="valid number",
        ),
        pytest.param(
            address(4, identity_number="10000000147"),
            preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0)),
            INVALID,
            id="wrong check digit",
        ),
        pytest.param(
            address(4, identity_number="   "),
            preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0)),
            MISSING,
            id="blank number",
        ),
        pytest.param(
            address(4, country=2, city=100, township=10001, identity_number="L01X00T47"),
            preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0)),
            None,
            id="another country numbers otherwise",
        ),
        pytest.param(
            BERLIN,
            preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0)),
            MISSING,
            id="but it must be there",
        ),
    ],
)
async def test_identity_number_is_required_above_the_merchants_amount(
    shipping: Address, given: PreOrder, error: str | None
) -> None:
    assert shipping.pk is not None
    outcome = await page(HOME, shipping).process(given, AddressSelectionForm(1, shipping.pk))

    if error is None:
        assert isinstance(outcome, Proceed)
    else:
        assert outcome == Reject({"shipping_address": [error]})


async def test_identity_number_of_the_billing_address_does_not_count() -> None:
    given = preorder(total="6000.00", IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(0))

    assert isinstance(await page().process(given, AddressSelectionForm(1, 2)), Proceed)
    assert isinstance(await page().process(given, AddressSelectionForm(2, 1)), Reject)
