"""Choosing a shipping option, and keeping the choice true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from vezne_core import (
    BASKET,
    CALCULATOR_TYPES,
    CLIENT,
    CONFIG,
    DELIVERY_OPTION,
    DESTINATION,
    PAYMENT_OPTION,
    RULE_TYPES,
    SHIPPING,
    SHOPPER,
    Address,
    Basket,
    BasketLine,
    CheckoutSettings,
    ChosenDelivery,
    ChosenPayment,
    ChosenShipping,
    Client,
    Config,
    Destination,
    Message,
    Money,
    Offered,
    PreOrder,
    Proceed,
    Product,
    Reject,
    Role,
    RuleBook,
    RuleCase,
    ShippingOption,
    Shopper,
    SlotGraph,
    World,
    decode,
    rule_case,
)  # fmt: skip
from vezne_shipping_standard.shipping_option import (
    ShippingOptionSelectionForm,
    ShippingOptionSelectionPage,
)
from vezne_shipping_standard.standard import StandardShipping

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BOOK = RuleBook([*RULE_TYPES, *CALCULATOR_TYPES])
PAGE = "ShippingOptionSelectionPage"

STANDARD = ShippingOption(
    pk=1, name="Standart", slug="standard", calculator={"slug": "fixed", "amount": "29.90"},
    rules=({"slug": "country-rule", "countries": [1]},), logo="/standard.svg", description="2-3 gün",
    translations={"en": {"name": "Standard", "description": "2-3 days"}},
)  # fmt: skip
FREE = ShippingOption(
    pk=3, name="Ücretsiz", slug="free-over-1000", calculator={"slug": "free"},
    rules=({"slug": "basket-total-rule", "min": "1000.00"},),
)  # fmt: skip
SAME_DAY = ShippingOption(
    pk=5, name="Aynı gün", slug="same-day", calculator={"slug": "fixed", "amount": "79.90"},
    rules=({"slug": "city-rule", "cities": [34]},),
    kwargs={"required_fields": ["delivery_date", "time_slot"], "badge": "new"},
)  # fmt: skip
ISTANBUL = Address(pk=1, country=1, city=34, township=3401)
BERLIN = Address(pk=3, country=2, city=100, township=10001)


class Options:
    """The merchant's options: his records, and a shipping service that really evaluates them."""

    revision = 1

    def __init__(self, *options: ShippingOption, untold: Sequence[int] = ()) -> None:
        self.records = options
        self.untold = untold

    def all(self, type: Any) -> tuple[Any, ...]:
        return tuple(record for record in self.records if isinstance(record, type))

    def get(self, type: Any, pk: int | None) -> Any:
        return next((record for record in self.all(type) if record.pk == pk), None)

    def case(self, preorder: PreOrder) -> RuleCase:
        return rule_case(preorder, self, NOW)

    def options(self, preorder: PreOrder) -> Sequence[ShippingOption]:
        case = self.case(preorder)
        return [
            option for option in self.records
            if option.is_active and all(rule(case) for rule in BOOK.judges(Role.SHIPPING, option.rules))
        ]  # fmt: skip

    async def amount(self, preorder: PreOrder, pk: int) -> Money | None:
        if pk in self.untold:
            return None
        amount = BOOK.judge(Role.CALCULATOR, self.get(ShippingOption, pk).calculator)(self.case(preorder))
        assert isinstance(amount, Money)
        return amount

    async def offered(self, preorder: PreOrder) -> Sequence[Offered]:
        priced = [(option, await self.amount(preorder, option.pk)) for option in self.options(preorder)]
        return [Offered(option, amount) for option, amount in priced if amount is not None]


def preorder(
    total: str = "100.00", *, to: Address | None = ISTANBUL, language: str = "tr", **settings: Any
) -> PreOrder:
    product = Product(
        pk=1, sku="A", name="A", price=Money.of(total, "TRY"), tax_rate=Decimal(20), weight=Decimal(1)
    )
    line = BasketLine(pk=1, product=product, quantity=1, unit_price=product.price)
    made = PreOrder.of(
        BASKET.fill(Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)),
        SHOPPER.fill(Shopper()),
        CONFIG.fill(Config(revision=1, checkout=CheckoutSettings(**settings))),
        CLIENT.fill(Client(language=language)),
        DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="DeliveryOptionSelectionPage")),
    )
    return made.with_value(DESTINATION, Destination(kind="customer", address=to)) if to else made


def page(*options: ShippingOption, untold: Sequence[int] = ()) -> ShippingOptionSelectionPage:
    shop = Options(*(options or (STANDARD, FREE, SAME_DAY)), untold=untold)
    return ShippingOptionSelectionPage(shop, shop)


def form(**sent: Any) -> ShippingOptionSelectionForm:
    made, errors = decode(ShippingOptionSelectionForm, sent)
    assert made is not None, errors
    return made


async def test_options_are_shown_with_their_prices_in_the_shoppers_language() -> None:
    shown = msgspec.to_builtins(await page().context(preorder(language="en")))

    assert shown == {
        "shipping_options": [
            {
                "pk": 1, "name": "Standard", "slug": "standard", "logo": "/standard.svg",
                "shipping_amount": "29.90", "description": "2-3 days", "kwargs": {},
            },
            {
                "pk": 5, "name": "Aynı gün", "slug": "same-day", "logo": None, "shipping_amount": "79.90",
                "description": None,
                "kwargs": {"required_fields": ["delivery_date", "time_slot"], "badge": "new"},
            },
        ]
    }  # fmt: skip


async def test_free_shipping_is_shown_as_an_amount() -> None:
    shown = await page(FREE).context(preorder("1000.00"))

    assert [option.shipping_amount for option in shown.shipping_options] == ["0.00"]


async def test_option_whose_price_cannot_be_told_is_not_shown() -> None:
    shown = await page(untold=[1]).context(preorder())

    assert [option.pk for option in shown.shipping_options] == [5]


async def test_option_offered_is_accepted() -> None:
    outcome = await page().process(preorder(), form(shipping_option="1", note="ignored"))

    assert outcome == Proceed(SHIPPING.fill(ChosenShipping(pk=1, page=PAGE)))


async def test_required_fields_are_kept_with_the_choice_and_others_are_not() -> None:
    sent = form(shipping_option="5", delivery_date="2026-05-05", time_slot=" 10-12 ", csrf="x")

    assert await page().process(preorder(), sent) == Proceed(
        SHIPPING.fill(
            ChosenShipping(pk=5, page=PAGE, fields={"delivery_date": "2026-05-05", "time_slot": "10-12"})
        )
    )


NOT_OFFERED = "This shipping option is not available for this basket and address. Please choose another one."
UNTOLD = "The price of this shipping option cannot be told now. Please choose another one or try again."
REQUIRED = "This field is required."


@pytest.mark.parametrize(
    ("sent", "given", "errors"),
    [
        pytest.param(
            {"shipping_option": "77"},
            preorder(),
            {"shipping_option": [Message('Invalid pk "{pk}" - object does not exist.', {"pk": 77})]},
            id="unknown",
        ),
        pytest.param(
            {"shipping_option": "3"},
            preorder("999.99"),
            {"shipping_option": [NOT_OFFERED]},
            id="basket too small",
        ),
        pytest.param(
            {"shipping_option": "1"},
            preorder(to=BERLIN),
            {"shipping_option": [NOT_OFFERED]},
            id="address too far",
        ),
        pytest.param({"shipping_option": "8"}, preorder(), {"shipping_option": [UNTOLD]}, id="no price"),
        pytest.param(
            {"shipping_option": "5"},
            preorder(),
            {"delivery_date": [REQUIRED], "time_slot": [REQUIRED]},
            id="every missing field is told",
        ),
        pytest.param(
            {"shipping_option": "5", "delivery_date": "2026-05-05", "time_slot": "  "},
            preorder(),
            {"time_slot": [REQUIRED]},
            id="blank is missing",
        ),
    ],
)
async def test_option_that_cannot_be_had_is_refused(
    sent: dict[str, str], given: PreOrder, errors: dict[str, Any]
) -> None:
    carrier = ShippingOption(pk=8, name="Carrier", slug="carrier", calculator={"slug": "free"})

    outcome = await page(STANDARD, FREE, SAME_DAY, carrier, untold=[8]).process(given, form(**sent))

    assert outcome == Reject(errors)


async def test_withdrawn_option_is_unknown() -> None:
    outcome = await page(msgspec.structs.replace(STANDARD, is_active=False)).process(
        preorder(), form(shipping_option="1")
    )

    assert outcome == Reject(
        {"shipping_option": [Message('Invalid pk "{pk}" - object does not exist.', {"pk": 1})]}
    )


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [
        pytest.param((STANDARD,), preorder(AUTOSELECT_SHIPPING=True), 1, id="the only one"),
        pytest.param((STANDARD,), preorder(), None, id="not asked for by the merchant"),
        pytest.param(
            (STANDARD, FREE), preorder(AUTOSELECT_SHIPPING=True), 1, id="the only one that is offered"
        ),
        pytest.param((STANDARD, FREE), preorder("1000.00", AUTOSELECT_SHIPPING=True), None, id="a choice"),
        pytest.param((STANDARD,), preorder(to=BERLIN, AUTOSELECT_SHIPPING=True), None, id="none"),
        pytest.param(
            (SAME_DAY,), preorder(AUTOSELECT_SHIPPING=True), None, id="fields only a shopper can fill"
        ),
    ],
)
async def test_only_option_is_chosen_by_itself(
    options: tuple[ShippingOption, ...], given: PreOrder, expected: int | None
) -> None:
    chosen = await page(*options).preset(given)

    assert (chosen and chosen.shipping_option) == expected
    if chosen is not None:
        assert isinstance(await page(*options).process(given, chosen), Proceed)


async def test_price_that_cannot_be_told_does_not_make_another_option_the_only_one() -> None:
    carrier = ShippingOption(pk=8, name="Carrier", slug="carrier", calculator={"slug": "free"})

    assert await page(STANDARD, carrier, untold=[8]).preset(preorder(AUTOSELECT_SHIPPING=True)) is None


async def test_another_option_resets_the_payment_option_and_the_same_one_does_not() -> None:
    graph = SlotGraph([DELIVERY_OPTION, SHIPPING, PAYMENT_OPTION], [])
    before = (
        preorder()
        .with_value(SHIPPING, ChosenShipping(pk=1, page=PAGE))
        .with_value(PAYMENT_OPTION, ChosenPayment(pk=2, type="funds_transfer"))
    )

    async def cleared(**sent: str) -> frozenset[str]:
        outcome = await page().process(before, form(**sent))
        assert isinstance(outcome, Proceed)
        return before.apply(graph, outcome.changes)[1]

    assert await cleared(shipping_option="1") == frozenset()
    assert await cleared(shipping_option="5", delivery_date="x", time_slot="y") == {"payment_option"}


def world(shop: Options, given: PreOrder) -> World:
    return World(
        shopper=Shopper(), client=Client(), basket=given.get(BASKET), config=given.require(CONFIG),
        catalogue=shop, now=NOW,
    )  # fmt: skip


CHOSEN = ChosenShipping(pk=1, page=PAGE)
FILLED = ChosenShipping(pk=5, page=PAGE, fields={"delivery_date": "x", "time_slot": "y"})


@pytest.mark.parametrize(
    ("choice", "given", "stands"),
    [
        pytest.param(CHOSEN, preorder(), True, id="nothing changed"),
        pytest.param(CHOSEN, preorder(to=BERLIN), False, id="another country"),
        pytest.param(CHOSEN, preorder(to=None), True, id="no address for the moment"),
        pytest.param(ChosenShipping(pk=3, page=PAGE), preorder("1000.00"), True, id="basket large enough"),
        pytest.param(
            ChosenShipping(pk=3, page=PAGE), preorder("999.99"), False, id="basket became too small"
        ),
        pytest.param(ChosenShipping(pk=77, page=PAGE), preorder(), False, id="withdrawn"),
        pytest.param(FILLED, preorder(), True, id="required fields are there"),
        pytest.param(
            ChosenShipping(pk=5, page=PAGE, fields={"delivery_date": "x"}),
            preorder(),
            False,
            id="a new field is required",
        ),
    ],
)
def test_choice_stands_while_it_is_offered(choice: ChosenShipping, given: PreOrder, stands: bool) -> None:
    shop = Options(STANDARD, FREE, SAME_DAY)

    assert StandardShipping(shop).check(given, world(shop, given), choice) == (choice if stands else None)


async def test_shipping_tells_options_and_amounts() -> None:
    shop = Options(STANDARD, FREE, SAME_DAY, untold=[5])
    shipping = StandardShipping(shop)
    given = preorder()

    assert [offered.option.pk for offered in await shipping.options(given)] == [1]
    assert await shipping.amount(given, world(shop, given), CHOSEN) == Money.of("29.90", "TRY")
    assert await shipping.amount(given, world(shop, given), FILLED) is None


def test_mapping_of_fields_is_part_of_the_choice() -> None:
    other: Mapping[str, str] = {"delivery_date": "z", "time_slot": "y"}

    assert SHIPPING.identity(FILLED) != SHIPPING.identity(msgspec.structs.replace(FILLED, fields=dict(other)))
