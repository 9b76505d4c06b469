"""The order of a payment whose installments were chosen at the provider."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from vezne_core import Approved, Money
from vezne_host.payments.draft import Draft, as_paid
from vezne_host.payments.settler import mismatch

BODY = {"installment": None, "installment_count": 1, "installment_interest_amount": "0.00", "notes": "şık"}
DRAFT = Draft(
    number="1", key="k", preorder="p", user=None, email="ada@example.com", amount=Money.of("250.00", "TRY"),
    charged=Money.of("229.80", "TRY"), interest=Money.zero("TRY"), body=json.dumps(BODY), items=(),
    discounts=(), tenders=(), basket=1, lines=(), pieces={}, language="tr",
)  # fmt: skip


def approved(amount: str, interest: str | None = None, count: int | None = None, **more: Any) -> Approved:
    extra = None if interest is None else Money.of(interest, more.get("currency", "TRY"))
    return Approved(amount=Money.of(amount, "TRY"), transaction_id="t", installment=count, interest=extra)


def test_interest_of_the_provider_is_added_to_order_and_payment() -> None:
    order = as_paid(DRAFT, approved("234.40", "4.60", 3))

    assert (order.amount.wire, order.charged.wire, order.interest.wire) == ("254.60", "234.40", "4.60")
    assert json.loads(order.body) == {
        **BODY, "installment_count": 3, "installment_interest_amount": "4.60",
    }  # fmt: skip


def test_interest_of_our_own_pages_stays_beside_it() -> None:
    before = msgspec.structs.replace(DRAFT, interest=Money.of("10.00", "TRY"))

    order = as_paid(before, approved("234.40", "4.60", 3))

    assert order.interest.wire == "14.60"
    assert json.loads(order.body)["installment_interest_amount"] == "14.60"


def test_an_approval_that_says_nothing_of_installments_changes_nothing() -> None:
    assert as_paid(DRAFT, approved("229.80")) is DRAFT


@pytest.mark.parametrize(
    ("result", "right"),
    [
        (approved("229.80"), True),
        (approved("234.40", "4.60", 3), True),
        (approved("229.80", "0.00", 3), True),
        (approved("234.40"), False),
        (approved("229.80", "4.60", 3), False),
        (approved("1.00", "4.60", 3), False),
        (approved("225.20", "-4.60", 3), False),
        (approved("234.40", "4.60", 3, currency="EUR"), False),
        (Approved(amount=Money.of("229.80", "EUR"), transaction_id="t"), False),
    ],
    ids=[
        "as asked", "with interest", "without interest", "more, unexplained", "interest, not taken", "less",
        "interest below zero", "interest in another currency", "another currency",
    ],
)  # fmt: skip
def test_what_was_taken_less_interest_is_what_was_asked_for(result: Approved, right: bool) -> None:
    attempt: Any = SimpleNamespace(amount=Money.of("229.80", "TRY"))

    assert (mismatch(attempt, result) is None) is right
