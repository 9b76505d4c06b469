"""The page that takes number and PIN."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from vezne_core import (
    CLIENT,
    GENERAL,
    ORDER_NUMBER,
    SHOPPER,
    Client,
    Money,
    Proceed,
    Reject,
    Secret,
    Shopper,
)
from vezne_core.forms import decode
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.cards import GiftCardBook
from vezne_gift_cards.gift_card_apply import (
    ONE_ONLY,
    OTHER_CURRENCY,
    TOO_OFTEN,
    UNUSABLE,
    WRONG,
    GiftCardApplyForm,
    GiftCardApplyPage,
)
from vezne_gift_cards.holds import Holds
from vezne_gift_cards.settings import GiftCardsSettings
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard

pytestmark = pytest.mark.anyio

NOBODY = Secret("6006999999999999")
SETTINGS = GiftCardsSettings(
    key=Secret("a-key-for-gift-cards-of-thirty-two-letters"), tries=3, tries_per_address=5
)


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def using(card: Any, amount: str | int) -> ReservedCard:
    return ReservedCard(card=card.pk, last_four=card.number.reveal()[-4:], amount=tl(amount))


def form(card: Any, amount: str | None = None, pin: Secret | None = None) -> GiftCardApplyForm:
    return GiftCardApplyForm(card.number, pin or card.pin, Decimal(amount) if amount else None)


@pytest.fixture
def page(book: GiftCardBook, balances: ToldBalances, cache: Any) -> GiftCardApplyPage:
    return GiftCardApplyPage(SETTINGS, book, balances, cache)


@pytest.fixture
def page_without_cache(book: GiftCardBook, no_cache: Any) -> GiftCardApplyPage:
    return GiftCardApplyPage(SETTINGS, book, ToldBalances(no_cache), no_cache)


async def test_a_card_is_asked_for_all_that_is_on_it(
    page: GiftCardApplyPage, checkout: Any, issue: Any, balances: ToldBalances
) -> None:
    card = await issue("5000.00")

    assert await page.process(checkout(), form(card)) == Proceed(GIFT_CARDS.fill((using(card, 5000),)))
    assert await balances.of(checkout(), card.pk) == tl(5000)


async def test_a_card_is_asked_for_the_amount_wanted(
    page: GiftCardApplyPage, checkout: Any, issue: Any
) -> None:
    card = await issue("100.00")

    assert await page.process(checkout(), form(card, "30")) == Proceed(GIFT_CARDS.fill((using(card, 30),)))


async def test_too_much_is_refused_at_the_amount(page: GiftCardApplyPage, checkout: Any, issue: Any) -> None:
    card = await issue("100.00")

    outcome = await page.process(checkout(), form(card, "100.01"))

    assert isinstance(outcome, Reject)
    assert [str(text) for text in outcome.errors["amount"]] == [
        "At most 100.00 can be paid with this gift card."
    ]


async def test_a_wrong_pin_reads_like_an_unknown_number(
    page: GiftCardApplyPage, checkout: Any, issue: Any, balances: ToldBalances
) -> None:
    card = await issue("100.00")
    wrong = await page.process(checkout(), form(card, pin=Secret("9999")))
    unknown = await page.process(checkout(), GiftCardApplyForm(NOBODY, card.pin))

    assert wrong == unknown == Reject({GENERAL: [WRONG]})
    assert await balances.of(checkout(), card.pk) is None


@pytest.mark.parametrize(
    ("made", "told"),
    [({"blocked": True}, UNUSABLE), ({"currency": "EUR"}, OTHER_CURRENCY)],
    ids=["blocked", "another currency"],
)
async def test_what_is_wrong_with_a_card_is_told_to_who_knows_its_pin(
    page: GiftCardApplyPage, checkout: Any, issue: Any, made: dict[str, Any], told: str
) -> None:
    card = await issue(**made)

    assert await page.process(checkout(), form(card)) == Reject({GENERAL: [told]})
    assert await page.process(checkout(), form(card, pin=Secret("9999"))) == Reject({GENERAL: [WRONG]})


async def test_a_second_card_is_taken_only_where_the_merchant_allows_it(
    page: GiftCardApplyPage, checkout: Any, issue: Any
) -> None:
    first, second = await issue("10.00"), await issue("20.00")
    mine = using(first, 10)

    assert await page.process(checkout(mine), form(second)) == Reject({GENERAL: [ONE_ONLY]})
    assert await page.process(checkout(mine, multi_card_enabled=True), form(second)) == Proceed(
        GIFT_CARDS.fill((mine, using(second, 20)))
    )


async def test_a_card_in_use_is_confirmed_anew_at_its_place(
    page: GiftCardApplyPage, checkout: Any, issue: Any, balances: ToldBalances
) -> None:
    first, second = await issue("10.00"), await issue("20.00")
    several = checkout(using(first, 1), using(second, 20), multi_card_enabled=True)

    outcome = await page.process(several, form(first))

    assert outcome == Proceed(GIFT_CARDS.fill((using(first, 10), using(second, 20))))
    assert await balances.of(several, first.pk) == tl(10)
    assert await page.process(checkout(using(first, 1)), form(first, "5")) == Proceed(
        GIFT_CARDS.fill((using(first, 5),))
    )


async def test_there_are_at_most_ten_cards(page: GiftCardApplyPage, checkout: Any, issue: Any) -> None:
    others = [ReservedCard(card=at, last_four="0000", amount=tl(1)) for at in range(-10, 0)]

    outcome = await page.process(checkout(*others, multi_card_enabled=True), form(await issue()))

    assert isinstance(outcome, Reject)
    assert [str(text) for text in outcome.errors[GENERAL]] == [
        "At most 10 gift cards can be used for an order."
    ]


async def test_what_the_shoppers_own_payment_holds_is_there(
    page: GiftCardApplyPage, checkout: Any, issue: Any, database: Any
) -> None:
    card = await issue("100.00")
    async with database.transaction() as session:
        assert await Holds(database).claim(session, "attempt-1", "0001", card.pk, 0, tl(100))
    mine = checkout(using(card, 100), slots=[(ORDER_NUMBER, "0001")])
    others = checkout(using(card, 100), slots=[(ORDER_NUMBER, "0002")])

    assert isinstance(await page.process(mine, form(card)), Proceed)
    assert isinstance(await page.process(others, form(card)), Reject)


async def test_a_checkout_may_try_three_cards_and_then_none(
    page: GiftCardApplyPage, checkout: Any, issue: Any
) -> None:
    card = await issue()
    wrong = [
        await page.process(checkout(), GiftCardApplyForm(Secret(f"600600000000999{at}"), card.pin))
        for at in range(3)
    ]

    assert wrong == [Reject({GENERAL: [WRONG]})] * 3
    assert await page.process(checkout(), form(card)) == Reject({GENERAL: [TOO_OFTEN]})
    assert isinstance(await page.process(checkout(id="checkout-2"), form(card)), Proceed)


@pytest.mark.parametrize(
    ("slot", "value", "allowed"),
    [(SHOPPER, Shopper(user=7), 3), (CLIENT, Client(ip="203.0.113.7"), 5)],
    ids=["account", "address"],
)
async def test_many_checkouts_of_one_account_or_address_share_a_limit(
    page: GiftCardApplyPage, checkout: Any, slot: Any, value: Any, allowed: int
) -> None:
    told = [
        await page.process(
            checkout(slots=[(slot, value)], id=f"checkout-{at}"),
            GiftCardApplyForm(Secret(f"600600000000888{at}"), Secret("1234")),
        )
        for at in range(allowed + 1)
    ]

    assert told == [Reject({GENERAL: [WRONG]})] * allowed + [Reject({GENERAL: [TOO_OFTEN]})]


async def test_without_a_cache_a_number_is_locked_all_the_same(
    page_without_cache: GiftCardApplyPage, checkout: Any, issue: Any
) -> None:
    card = await issue()
    told = [
        await page_without_cache.process(checkout(id=f"checkout-{at}"), form(card, pin=Secret("9999")))
        for at in range(6)
    ]

    assert told == [Reject({GENERAL: [WRONG]})] * 5 + [Reject({GENERAL: [TOO_OFTEN]})]
    assert await page_without_cache.process(checkout(), form(card)) == Reject({GENERAL: [TOO_OFTEN]})


async def test_without_a_cache_a_card_can_be_used(
    page_without_cache: GiftCardApplyPage, checkout: Any, issue: Any
) -> None:
    card = await issue("10.00")

    assert await page_without_cache.process(checkout(), form(card)) == Proceed(
        GIFT_CARDS.fill((using(card, 10),))
    )


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"card_number", "pin"}),
        ({"card_number": "6006491234567890", "pin": "1234"}, set()),
        ({"card_number": " 6006 4912 3456 7890 ", "pin": "123456"}, set()),
        ({"card_number": "6006-4912-3456-7890", "pin": "1234", "amount": ""}, set()),
        ({"card_number": "1234567", "pin": "123"}, {"card_number", "pin"}),
        ({"card_number": "6006491234567890' OR 1=1", "pin": "1234"}, {"card_number"}),
        ({"card_number": "1" * 10_000, "pin": "1" * 10_000}, {"card_number", "pin"}),
        ({"card_number": "٦٠٠٦٤٩١٢٣٤٥٦٧٨٩٠", "pin": "١٢٣٤"}, {"card_number", "pin"}),
        ({"card_number": "6006491234567890", "pin": "1234", "amount": "1e3"}, {"amount"}),
        ({"card_number": "6006491234567890", "pin": "1234", "amount": "-1"}, {"amount"}),
    ],
)
async def test_the_form_takes_what_is_printed_on_a_card(sent: dict[str, str], wrong: set[str]) -> None:
    _, errors = decode(GiftCardApplyForm, sent)

    assert errors.keys() == wrong
    assert not any(sent[field] in str(errors) for field in ("card_number", "pin") if field in sent)


async def test_number_and_pin_cannot_be_printed() -> None:
    sent = {"card_number": "6006491234567890", "pin": "123456789012"}

    found, _ = decode(GiftCardApplyForm, sent)

    assert not any(text in repr(found) for text in sent.values())
