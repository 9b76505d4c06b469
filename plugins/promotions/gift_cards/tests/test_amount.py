"""How much may be asked of a card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from vezne_core import Message, Money
from vezne_gift_cards.amount import COVERED, EMPTY, INVALID, TOO_MUCH, asked
from vezne_gift_cards.slot import ReservedCard


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def card(pk: int, amount: str | int) -> ReservedCard:
    return ReservedCard(card=pk, last_four="7890", amount=tl(amount))


def too_much(amount: str) -> Message:
    return Message(TOO_MUCH, {"amount": amount})


@pytest.mark.parametrize(
    ("balance", "wanted", "answer"),
    [
        ("100", None, tl(100)),
        ("5000", None, tl(5000)),
        ("100", "30", tl(30)),
        ("100", "100.00", tl(100)),
        ("100", "100.01", too_much("100.00")),
        ("5000", "450", tl(450)),
        ("5000", "450.01", too_much("450.00")),
        ("100", "0", INVALID),
        ("100", "0.004", INVALID),
        ("100", "10.005", INVALID),
        ("100", "10.50", tl("10.50")),
        ("0", None, EMPTY),
        ("0", "1", EMPTY),
    ],
)
def test_a_card_pays_at_most_its_balance_and_what_there_is_to_pay(
    checkout: Any, balance: str, wanted: str | None, answer: Any
) -> None:
    found = asked(checkout(total="450.00"), 1, tl(balance), Decimal(wanted) if wanted else None)

    assert found == answer


def test_what_the_card_pays_already_is_there_to_be_paid(checkout: Any) -> None:
    preorder = checkout(card(1, 450), total="450.00")

    assert asked(preorder, 1, tl(500), Decimal(450)) == tl(450)
    assert asked(preorder, 1, tl(500), Decimal(20)) == tl(20)


def test_what_other_cards_pay_is_not(checkout: Any) -> None:
    preorder = checkout(card(1, 400), total="450.00", multi_card_enabled=True)

    assert asked(preorder, 2, tl(500), Decimal(50)) == tl(50)
    assert asked(preorder, 2, tl(500), Decimal(51)) == too_much("50.00")


def test_a_card_beside_others_that_pay_everything_has_nothing_to_pay(checkout: Any) -> None:
    preorder = checkout(card(1, 450), total="450.00", multi_card_enabled=True)

    assert asked(preorder, 2, tl(500), None) == COVERED


def test_the_merchants_cap_is_for_all_cards_together(checkout: Any) -> None:
    rules = {"multi_card_enabled": True, "max_amount_per_order": Decimal(100)}
    preorder = checkout(card(1, 80), total="450.00", **rules)

    assert asked(preorder, 2, tl(500), Decimal(20)) == tl(20)
    assert asked(preorder, 2, tl(500), Decimal(21)) == too_much("20.00")
    assert asked(preorder, 1, tl(500), Decimal(100)) == tl(100)
    full = checkout(card(1, 450), total="450.00", **rules)
    assert asked(full, 2, tl(500), None) == COVERED
    assert asked(full, 1, tl(500), Decimal(100)) == tl(100)
