"""What gift cards take off the price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import BASKET, CONFIG, DUE, Adjustment, Money, PreOrder, Stage
from vezne_core.promotions import due
from vezne_gift_cards.promotion import GiftCardTenders
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard, covered, shares

TENDERS = GiftCardTenders()


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def card(pk: int, amount: str | int, currency: str = "TRY") -> ReservedCard:
    return ReservedCard(card=pk, last_four=f"{pk:04}", amount=Money.of(amount, currency))


def tender(pk: int, amount: str | int) -> Adjustment:
    return Adjustment(
        kind="tender", source="gift_cards", label=f"•••• {pk:04}", amount=tl(amount),
        reservation="gift_cards",
    )  # fmt: skip


def given_off(preorder: PreOrder) -> list[Adjustment]:
    return list(TENDERS.adjust(preorder, None))  # type: ignore[arg-type]


def test_the_price_is_paid_before_the_payment_option_is_chosen() -> None:
    assert TENDERS.stage is Stage.BEFORE_PAYMENT
    assert TENDERS.reads == (GIFT_CARDS, CONFIG)
    assert list(TENDERS.offers(PreOrder.of(), None)) == []  # type: ignore[arg-type]


def test_every_card_is_a_tender_that_names_its_reservation(checkout: Any) -> None:
    assert given_off(checkout(card(1, 30), card(2, 20))) == [tender(1, 30), tender(2, 20)]


def test_without_cards_or_basket_nothing_is_paid(checkout: Any) -> None:
    assert given_off(checkout()) == []
    assert given_off(checkout(card(1, 30)).without([BASKET.name])) == []


def test_a_card_in_another_currency_pays_nothing(checkout: Any) -> None:
    assert given_off(checkout(card(1, 30, "EUR"), card(2, 20))) == [tender(2, 20)]


@pytest.mark.parametrize(
    ("cap", "amounts"), [("0", [30, 20]), ("60", [30, 20]), ("40", [30, 10]), ("10.50", ["10.50", 0])]
)
def test_the_merchants_cap_cuts_the_last_cards_first(checkout: Any, cap: str, amounts: list[Any]) -> None:
    preorder = checkout(card(1, 30), card(2, 20), max_amount_per_order=Decimal(cap))

    assert [each.amount for each in given_off(preorder)] == [tl(amount) for amount in amounts]


def test_the_sums_cut_a_card_to_what_there_is_to_pay(checkout: Any) -> None:
    preorder = checkout(card(1, 30), card(2, 5000), total="100.00")
    owed = preorder.require(DUE)

    assert owed.amount == tl(0)
    assert [each.amount for each in owed.adjustments] == [tl(30), tl(70)]
    assert covered(owed) == tl(100)


@given(
    st.lists(st.integers(1, 500).map(tl), max_size=5),
    st.integers(0, 1000).map(tl),
    st.integers(0, 300).map(tl),
    st.integers(0, 200).map(tl),
)
def test_what_the_reservation_will_take_is_what_the_sums_counted(
    amounts: list[Money], goods: Money, shipping: Money, discount: Money
) -> None:
    """Whatever else changes the price, the parts of the cards come out the same from either side."""
    cards = [card(at, amount.wire) for at, amount in enumerate(amounts)]
    off = Adjustment(kind="basket", source="offers", label="off", amount=-discount)
    tenders = [tender(each.card, each.amount.wire) for each in cards]
    owed = due(lines={1: goods}, shipping=shipping, adjustments=[*tenders, off])

    together = covered(owed)
    counted = [each.amount for each in owed.adjustments if each.kind == "tender"]
    assert [part for part in shares(cards, together) if part] == counted
    assert owed.amount + together == goods + shipping - min(discount, goods)
