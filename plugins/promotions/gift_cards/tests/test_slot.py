"""Which cards stay in a checkout, and what each of them pays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import BASKET, CONFIG, Client, Fact, Money, PreOrder, Shopper, SlotGraph, Source, World
from vezne_gift_cards.slot import GIFT_CARDS, GIFT_CARDS_SOURCE, ReservedCard, shares

AMOUNTS = st.integers(0, 10**6).map(lambda minor: Money.of(minor, "TRY"))


def card(pk: int, amount: str | int, currency: str = "TRY") -> ReservedCard:
    return ReservedCard(card=pk, last_four="7890", amount=Money.of(amount, currency))


def world(preorder: PreOrder) -> World:
    return World(
        shopper=Shopper(), client=Client(), basket=None, config=preorder.require(CONFIG),
        catalogue=None, now=datetime(2026, 5, 1, tzinfo=UTC),
    )  # type: ignore[arg-type]  # fmt: skip


def checked(preorder: PreOrder) -> Any:
    return GIFT_CARDS_SOURCE.read(preorder, world(preorder))


def test_nothing_takes_the_cards_away_but_the_shopper() -> None:
    facts = [Fact(slot.name, slot.type) for slot in (BASKET, CONFIG)]
    graph = SlotGraph(
        [GIFT_CARDS, *facts],
        [GIFT_CARDS_SOURCE, *(Source(fact, lambda preorder, world: None) for fact in facts)],
    )

    assert GIFT_CARDS.depends_on == ()
    assert GIFT_CARDS.name not in graph.cascade([BASKET.name, CONFIG.name])


def test_a_slot_holds_no_more_of_a_number_than_its_end() -> None:
    assert ReservedCard.__struct_fields__ == ("card", "last_four", "amount")


def test_cards_of_the_basket_stay(checkout: Any) -> None:
    cards = (card(1, 10), card(2, 20))

    assert checked(checkout(*cards, multi_card_enabled=True)) == cards


def test_a_card_in_another_currency_than_the_basket_is_dropped(checkout: Any) -> None:
    cards = (card(1, 10), card(2, 20, "EUR"))

    assert checked(checkout(*cards, multi_card_enabled=True, currency="EUR")) == cards[1:]
    assert checked(checkout(cards[0], currency="EUR")) is None


def test_where_one_card_is_allowed_the_first_stays(checkout: Any) -> None:
    assert checked(checkout(card(1, 10), card(2, 20))) == (card(1, 10),)


@pytest.mark.parametrize(
    ("amounts", "covered", "parts"),
    [
        ([], 0, []),
        ([100], 30, [30]),
        ([100, 50], 100, [100, 0]),
        ([100, 50], 120, [100, 20]),
        ([0, 50], 50, [0, 50]),
    ],
)
def test_cards_pay_in_turn(amounts: list[int], covered: int, parts: list[int]) -> None:
    cards = [card(at, amount) for at, amount in enumerate(amounts)]

    assert shares(cards, Money.of(covered, "TRY")) == [Money.of(part, "TRY") for part in parts]


@given(st.lists(AMOUNTS, max_size=10), AMOUNTS)
def test_no_card_pays_more_than_it_may_and_together_they_pay_what_they_can(
    amounts: list[Money], covered: Money
) -> None:
    cards = [ReservedCard(card=at, last_four="0000", amount=amount) for at, amount in enumerate(amounts)]
    parts = shares(cards, covered)

    assert all(part <= each for part, each in zip(parts, amounts, strict=True))
    assert Money.sum(parts, "TRY") == min(covered, Money.sum(amounts, "TRY"))
