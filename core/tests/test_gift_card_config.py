"""GIFT_CARD_CONFIG, as the contract has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from vezne_core import CheckoutSettings, GiftCardConfig


def test_its_defaults_are_those_of_the_contract() -> None:
    assert msgspec.to_builtins(CheckoutSettings().GIFT_CARD_CONFIG) == {
        "multi_card_enabled": False,
        "max_amount_per_order": "0",
        "balance_cache_ttl": 1800,
        "otp_resend_cooldown": 60,
        "void_task_countdown": 1800,
    }


def test_a_part_of_it_may_be_written() -> None:
    found = msgspec.convert({"multi_card_enabled": True, "max_amount_per_order": "150.50"}, GiftCardConfig)

    assert (found.multi_card_enabled, found.max_amount_per_order) == (True, Decimal("150.50"))
    assert found.balance_cache_ttl == 1800


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_amount_per_order": "-1"},
        {"max_amount_per_order": "NaN"},
        {"max_amount_per_order": "Infinity"},
        {"balance_cache_ttl": 0},
        {"otp_resend_cooldown": -1},
        {"void_task_countdown": -1},
        {"multi_cards": True},
    ],
    ids=str,
)
def test_what_it_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, GiftCardConfig)
