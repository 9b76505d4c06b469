"""The page that takes a code."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_core import (
    CLIENT,
    ORDER_NUMBER,
    SHOPPER,
    VOUCHER,
    Client,
    Offer,
    PreOrder,
    Proceed,
    Reject,
    ReservedFor,
    Shopper,
    SlotGraph,
)
from vezne_core.forms import decode
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.settings import VouchersSettings
from vezne_vouchers.uses import VoucherUses
from vezne_vouchers.voucher_code import VoucherCodeContext, VoucherCodeForm, VoucherCodePage

pytestmark = pytest.mark.anyio

TEN_PERCENT = ({"slug": "percentage", "rate": "10"},)


def voucher(pk: int, code: str, **fields: Any) -> Offer:
    return Offer(
        pk=pk, name=code, offer_type="voucher", voucher_code=code, **{"benefits": TEN_PERCENT, **fields}
    )


WELCOME = voucher(202, "WELCOME2024", uses=100)
ONCE = voucher(203, "ONCE", uses=1)


@pytest.fixture
def page(shop: Any, codes: VoucherCodes, desk: Any, uses: VoucherUses, cache: Any) -> VoucherCodePage:
    settings = VouchersSettings(tries=3, tries_per_address=5)
    return VoucherCodePage(settings, shop, codes, desk, uses, cache)


def used_for(number: str) -> ReservedFor:
    return ReservedFor(attempt=f"attempt-{number}", order_number=number, shopper=None, values={})


async def test_a_code_is_kept_as_the_merchant_writes_it(
    page: VoucherCodePage, shop: Any, checkout: Any
) -> None:
    shop.load(WELCOME)

    outcome = await page.process(checkout(), VoucherCodeForm(" welcome2024 "))

    assert outcome == Proceed(VOUCHER.fill("WELCOME2024"))


@pytest.mark.parametrize("sent", [{}, {"voucher_code": ""}, {"voucher_code": "  "}, {"voucher_code": None}])
async def test_an_empty_or_missing_code_takes_the_code_back(
    page: VoucherCodePage, checkout: Any, sent: dict[str, Any]
) -> None:
    form, errors = decode(VoucherCodeForm, sent)
    assert form is not None, errors
    graph = SlotGraph([VOUCHER], [])

    outcome = await page.process(checkout((VOUCHER, "ONCE")), form)

    assert outcome == Proceed()
    cleared, _ = PreOrder.of(VOUCHER.fill("ONCE")).apply(graph, outcome.changes, page.resets)
    assert not cleared.has(VOUCHER)


async def test_a_code_of_more_than_128_characters_is_refused() -> None:
    assert decode(VoucherCodeForm, {"voucher_code": "x" * 128})[1] == {}
    assert "voucher_code" in decode(VoucherCodeForm, {"voucher_code": "x" * 129})[1]


REFUSED = [
    pytest.param((), "This voucher code is not valid.", id="unknown"),
    pytest.param((voucher(203, "ONCE", is_active=False),), "This voucher code is not valid.", id="withdrawn"),
    pytest.param(
        (voucher(203, "ONCE", conditions=({"slug": "basket-total", "min": "1000"},)),),
        "The total of your basket does not qualify for this offer.",
        id="not for this basket",
    ),
    pytest.param(
        (voucher(203, "ONCE", benefits=({"slug": "fixed-amount", "amount": "5", "products": [99]},)),),
        "This offer gives no advantage for your basket.",
        id="nothing to reduce",
    ),
    pytest.param((voucher(203, "ONCE", uses=0),), "This voucher code has already been used.", id="no uses"),
]


@pytest.mark.parametrize(("offers", "reason"), REFUSED)
async def test_a_code_that_would_give_nothing_is_refused_with_the_reason(
    page: VoucherCodePage, shop: Any, checkout: Any, offers: tuple[Offer, ...], reason: str
) -> None:
    shop.load(*offers)

    outcome = await page.process(checkout(), VoucherCodeForm("ONCE"))

    assert outcome == Reject({"voucher_code": [reason]})


async def test_a_code_whose_last_use_is_taken_is_refused(
    page: VoucherCodePage, shop: Any, checkout: Any, uses: VoucherUses, database: Any
) -> None:
    shop.load(ONCE)
    async with database.transaction() as session:
        assert await uses.claim(session, ONCE, used_for("1000000000001"))

    outcome = await page.process(checkout(), VoucherCodeForm("ONCE"))

    assert outcome == Reject({"voucher_code": ["This voucher code has already been used."]})


async def test_the_use_that_the_own_payment_holds_is_still_the_shoppers(
    page: VoucherCodePage, shop: Any, checkout: Any, uses: VoucherUses, database: Any
) -> None:
    shop.load(ONCE)
    async with database.transaction() as session:
        await uses.claim(session, ONCE, used_for("1000000000001"))

    outcome = await page.process(checkout((ORDER_NUMBER, "1000000000001")), VoucherCodeForm("ONCE"))

    assert outcome == Proceed(VOUCHER.fill("ONCE"))


async def test_of_several_offers_of_a_code_those_that_give_something_decide(
    page: VoucherCodePage, shop: Any, checkout: Any
) -> None:
    for_members = voucher(1, "SPRING", conditions=({"slug": "registered"},), uses=0)
    shop.load(for_members, voucher(2, "SPRING"))

    assert await page.process(checkout(), VoucherCodeForm("spring")) == Proceed(VOUCHER.fill("SPRING"))


async def test_a_code_is_tried_beside_the_rest_of_the_basket_not_beside_the_code_before(
    page: VoucherCodePage, shop: Any, checkout: Any
) -> None:
    everything = voucher(1, "ALL", benefits=({"slug": "percentage", "rate": "100"},))
    shop.load(everything, WELCOME)

    outcome = await page.process(checkout((VOUCHER, "ALL")), VoucherCodeForm("WELCOME2024"))

    assert outcome == Proceed(VOUCHER.fill("WELCOME2024"))


async def test_guessing_ends_after_some_tries_of_a_checkout(
    page: VoucherCodePage, shop: Any, checkout: Any
) -> None:
    shop.load(WELCOME)
    for _ in range(3):
        await page.process(checkout(), VoucherCodeForm("GUESS"))

    outcome = await page.process(checkout(), VoucherCodeForm("WELCOME2024"))

    assert outcome == Reject({"voucher_code": ["Too many attempts. Please try again later."]})
    assert await page.process(checkout(), VoucherCodeForm()) == Proceed()


@pytest.mark.parametrize(
    ("slot", "value", "tries"),
    [
        pytest.param(SHOPPER, Shopper(user=9), 3, id="of an account"),
        pytest.param(CLIENT, Client(ip="192.0.2.1"), 5, id="from an address"),
    ],
)
async def test_a_fresh_checkout_gives_no_fresh_tries(
    page: VoucherCodePage, shop: Any, checkout: Any, slot: Any, value: Any, tries: int
) -> None:
    shop.load(WELCOME)

    outcomes = [
        await page.process(checkout((slot, value), id=f"checkout-{n}"), VoucherCodeForm("WELCOME2024"))
        for n in range(tries + 1)
    ]

    assert [isinstance(outcome, Proceed) for outcome in outcomes] == [True] * tries + [False]


async def test_guests_of_one_shop_do_not_share_their_tries(
    page: VoucherCodePage, shop: Any, checkout: Any
) -> None:
    shop.load(WELCOME)
    outcomes = [
        await page.process(checkout(id=f"checkout-{n}"), VoucherCodeForm("WELCOME2024")) for n in range(9)
    ]

    assert outcomes == [Proceed(VOUCHER.fill("WELCOME2024"))] * 9


async def test_the_context_shows_the_code_in_use(page: VoucherCodePage, checkout: Any) -> None:
    assert await page.context(checkout()) == VoucherCodeContext(None)
    assert await page.context(checkout((VOUCHER, "ONCE"))) == VoucherCodeContext("ONCE")
