"""The pages that list, change and take back cards, and the one that places the order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from vezne_core import (
    DUE,
    GENERAL,
    PAYMENT_OPTION,
    ChosenPayment,
    Junction,
    Money,
    Pay,
    PreOrder,
    Proceed,
    Reject,
)
from vezne_core.forms import decode
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.gift_card import NOT_IN_USE, GiftCardForm, GiftCardPage
from vezne_gift_cards.gift_card_apply import GiftCardApplyPage
from vezne_gift_cards.gift_card_payment import GiftCardPaymentForm, GiftCardPaymentPage
from vezne_gift_cards.gift_card_update_amount import (
    AGAIN,
    GiftCardUpdateAmountForm,
    GiftCardUpdateAmountPage,
)
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard

pytestmark = pytest.mark.anyio


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def card(pk: int, amount: str | int) -> ReservedCard:
    return ReservedCard(card=pk, last_four=f"{pk:04}", amount=tl(amount))


def change(pk: int, amount: str) -> GiftCardUpdateAmountForm:
    return GiftCardUpdateAmountForm(pk, Decimal(amount))


# What all of them show.


@pytest.mark.parametrize("page", [GiftCardPage, GiftCardUpdateAmountPage, GiftCardPaymentPage])
async def test_the_cards_in_use_are_shown_with_what_they_pay(
    page: Any, checkout: Any, balances: ToldBalances
) -> None:
    preorder = checkout(card(1, 30), card(2, 500), total="100.00", multi_card_enabled=True)
    await balances.keep(preorder, 1, tl(40), 60)

    shown = msgspec.to_builtins(await page(balances).context(preorder))

    assert shown == {
        "gift_cards": [
            {"pk": 1, "last_four": "0001", "amount": "30.00", "balance": "40.00"},
            {"pk": 2, "last_four": "0002", "amount": "70.00", "balance": None},
        ],
        "unpaid_amount": "0.00",
        "multi_card_enabled": True,
        "max_amount_per_order": None,
    }


async def test_without_cards_there_is_the_whole_price_to_pay(checkout: Any, balances: ToldBalances) -> None:
    shown = await GiftCardPage(balances).context(
        checkout(total="100.00", max_amount_per_order=Decimal("250"))
    )

    assert (shown.gift_cards, shown.unpaid_amount, shown.max_amount_per_order) == ([], "100.00", "250.00")


# Taking back.


async def test_one_card_is_taken_back_and_the_others_stay(checkout: Any, balances: ToldBalances) -> None:
    page, preorder = GiftCardPage(balances), checkout(card(1, 30), card(2, 20), multi_card_enabled=True)

    assert await page.process(preorder, GiftCardForm(1)) == Proceed(GIFT_CARDS.fill((card(2, 20),)))


async def test_the_last_card_leaves_nothing_behind(checkout: Any, balances: ToldBalances) -> None:
    outcome = await GiftCardPage(balances).process(checkout(card(1, 30)), GiftCardForm(1))

    assert outcome == Proceed(GIFT_CARDS.clear())


async def test_all_cards_are_taken_back_where_none_is_named(checkout: Any, balances: ToldBalances) -> None:
    page, preorder = GiftCardPage(balances), checkout(card(1, 30), card(2, 20), multi_card_enabled=True)

    assert await page.process(preorder, GiftCardForm()) == Proceed(GIFT_CARDS.clear())
    assert await page.process(checkout(), GiftCardForm()) == Proceed(GIFT_CARDS.clear())


async def test_a_card_that_is_not_in_use_cannot_be_taken_back(checkout: Any, balances: ToldBalances) -> None:
    outcome = await GiftCardPage(balances).process(checkout(card(1, 30)), GiftCardForm(2))

    assert outcome == Reject({"gift_card": [NOT_IN_USE]})


# Changing the amount.


@pytest.fixture
def page(balances: ToldBalances) -> GiftCardUpdateAmountPage:
    return GiftCardUpdateAmountPage(balances)


async def test_the_amount_is_changed_within_the_balance_that_was_told(
    page: GiftCardUpdateAmountPage, checkout: Any, balances: ToldBalances
) -> None:
    preorder = checkout(card(1, 30), card(2, 20), multi_card_enabled=True)
    await balances.keep(preorder, 2, tl(50), 60)

    assert await page.process(preorder, change(2, "50")) == Proceed(
        GIFT_CARDS.fill((card(1, 30), card(2, 50)))
    )
    outcome = await page.process(preorder, change(2, "51"))
    assert isinstance(outcome, Reject)
    assert outcome.errors.keys() == {"amount"}


async def test_a_balance_that_is_forgotten_has_the_card_added_again(
    page: GiftCardUpdateAmountPage, checkout: Any
) -> None:
    outcome = await page.process(checkout(card(1, 30)), change(1, "10"))

    assert outcome == Reject({GENERAL: [AGAIN]}, back_to=GiftCardApplyPage)
    assert GIFT_CARDS in GiftCardApplyPage.fills, "so going back there takes the card away"


async def test_a_balance_is_not_that_of_another_checkout(
    page: GiftCardUpdateAmountPage, checkout: Any, balances: ToldBalances
) -> None:
    await balances.keep(checkout(id="checkout-2"), 1, tl(50), 60)

    outcome = await page.process(checkout(card(1, 30), id="checkout-1"), change(1, "10"))

    assert outcome == Reject({GENERAL: [AGAIN]}, back_to=GiftCardApplyPage)


async def test_a_card_that_is_not_in_use_cannot_be_changed(
    page: GiftCardUpdateAmountPage, checkout: Any, balances: ToldBalances
) -> None:
    preorder = checkout(card(1, 30))
    await balances.keep(preorder, 2, tl(50), 60)

    assert await page.process(preorder, change(2, "10")) == Reject({"gift_card": [NOT_IN_USE]})


@pytest.mark.parametrize(
    "sent", [{}, {"gift_card": "x", "amount": "NaN"}, {"gift_card": "1.5", "amount": ""}]
)
async def test_card_and_amount_are_both_asked_for(sent: dict[str, str]) -> None:
    _, errors = decode(GiftCardUpdateAmountForm, sent)

    assert errors.keys() == {"gift_card", "amount"}


async def test_a_card_added_is_followed_by_its_amount_whenever_it_is(checkout: Any, page: Any) -> None:
    assert not page.done(checkout(card(1, 30)))
    assert GIFT_CARDS in page.needs


# Placing the order.


def chosen(preorder: PreOrder) -> PreOrder:
    return preorder.with_value(PAYMENT_OPTION, ChosenPayment(18, "gift_card"))


def test_the_page_is_where_gift_cards_are_chosen_to_pay() -> None:
    page = GiftCardPaymentPage

    assert (page.junction, page.serves, page.pays, page.post_order) == (
        Junction.PAYMENT, "gift_card", True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cards", "total", "applies"),
    [
        ([], "100.00", False),
        ([], "0.00", False),
        ([card(1, 30)], "100.00", False),
        ([card(1, "99.99")], "100.00", False),
        ([card(1, 100)], "100.00", True),
        ([card(1, 5000)], "100.00", True),
        ([card(1, 60), card(2, 40)], "100.00", True),
    ],
)
def test_it_applies_exactly_when_gift_cards_cover_everything(
    checkout: Any, cards: list[ReservedCard], total: str, applies: bool
) -> None:
    page = GiftCardPaymentPage(None)  # type: ignore[arg-type]

    assert page.applies(checkout(*cards, total=total)) is applies
    assert page.applies(checkout(*cards, total=total).without([DUE.name])) is False


async def test_the_order_is_placed_by_agreeing(checkout: Any, balances: ToldBalances) -> None:
    form, errors = decode(GiftCardPaymentForm, {"agreement": "true"})
    assert form is not None, errors

    assert await GiftCardPaymentPage(balances).process(chosen(checkout(card(1, 500))), form) == Pay()
    for sent in ({}, {"agreement": "0"}):
        assert decode(GiftCardPaymentForm, sent)[1].keys() == {"agreement"}
