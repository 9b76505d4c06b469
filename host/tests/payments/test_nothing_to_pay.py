"""Where there is nothing to pay no gateway is asked: providers refuse zero."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from vezne_core import Approved, Buyer, Client, Declined, Gateway, Money, PaymentAttempt, Result
from vezne_host.payments.calling import called

pytestmark = pytest.mark.anyio


class Counting(Gateway):
    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    async def begin(self, attempt: PaymentAttempt, card: Any) -> Result:
        self.asked += 1
        return Declined(code="zero")


def attempt(amount: str, currency: str = "TRY") -> PaymentAttempt:
    return PaymentAttempt(
        id="a", merchant="demo", key="k", reference="123456789012301", order_number="1234567890123",
        amount=Money.of(amount, currency), interest=Money.zero(currency),
        buyer=Buyer(email="ada@example.com"), client=Client(), option=18, gateway="counting",
        success_url="", failure_url="", notice_url="", expires=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize("currency", ["TRY", "KWD", "JPY"])
async def test_nothing_is_approved_without_a_call(currency: str) -> None:
    gateway, free = Counting(), attempt("0", currency)

    result = await called(gateway, free, lambda: gateway.begin(free, None), repeat=True)

    assert result == Approved(amount=Money.zero(currency), transaction_id="123456789012301")
    assert gateway.asked == 0


async def test_the_smallest_amount_is_asked_for() -> None:
    gateway, paid = Counting(), attempt("0.01")

    assert await called(gateway, paid, lambda: gateway.begin(paid, None)) == Declined(code="zero")
    assert gateway.asked == 1
