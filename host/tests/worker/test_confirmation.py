from datetime import UTC, datetime
from decimal import Decimal

import pytest

from vezne_core import Money, OrderPlaced, PaymentGivenBack
from vezne_host.storage.placed import Body, Extra, Line, OrderSummary, Tender
from vezne_host.texts import GettextTexts
from vezne_host.worker.confirmation import confirmation, given_back, short_message, written

TEXTS = GettextTexts.of(["vezne_host"])
LINK = "https://acme.example/orders/completed/1234567890123:x:y/"
ORDER = OrderSummary(
    pk=7,
    status=400,
    amount=Money.of("1334.20", "TRY"),
    lines=(Line("T-shirt", 1, Decimal("199.90")), Line("Mug", 3, Decimal("300"))),
    body=Body(
        discount_amount=Decimal("10.00"),
        extra_items=(Extra("Gift box", Decimal("25.00")),),
        fee_amount=Decimal("5.00"),
        shipping_amount=Decimal("29.90"),
        installment_interest_amount=Decimal("184.40"),
    ),
)


def placed(language: str) -> OrderPlaced:
    return OrderPlaced(
        id="e1", merchant="acme", at=datetime(2026, 11, 24, tzinfo=UTC), preorder="p1", order=7,
        number="1234567890123", amount=ORDER.amount, email="ada@example.com", language=language,
    )  # fmt: skip


def test_mail_tells_number_lines_charges_total_and_link() -> None:
    letter = confirmation(placed("en"), ORDER, TEXTS, LINK)

    assert letter.subject == "Your order 1234567890123"
    assert letter.text.splitlines() == [
        "Thank you. We have received your order 1234567890123.",
        "",
        "1 × T-shirt: 199.90 TL",
        "3 × Mug: 900.00 TL",
        "Gift box: 25.00 TL",
        "Discount: -10.00 TL",
        "Shipping: 29.90 TL",
        "Service fee: 5.00 TL",
        "Interest of the installments: 184.40 TL",
        "Total: 1,334.20 TL",
        "",
        f"You find your order at {LINK}",
    ]


def test_mail_is_in_the_language_of_the_checkout() -> None:
    letter = confirmation(placed("tr"), ORDER, TEXTS, LINK)

    assert letter.subject == "1234567890123 numaralı siparişiniz"
    assert "Kargo: 29,90 TL" in letter.text
    assert "Toplam: 1.334,20 TL" in letter.text
    assert short_message(placed("tr"), TEXTS) == "1234567890123 numaralı siparişinizi aldık."


def test_order_that_waits_for_its_payment_says_so() -> None:
    waiting = OrderSummary(pk=7, status=300, amount=ORDER.amount, lines=(), body=Body())

    assert "as soon as your payment has arrived" in confirmation(placed("en"), waiting, TEXTS, LINK).text
    assert "payment" not in confirmation(placed("en"), ORDER, TEXTS, LINK).text


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (300, ["Paid with •••• 7890: 100.00 TL", "Left to pay: 1,234.20 TL"]),
        (400, ["Paid with •••• 7890: 100.00 TL"]),
    ],
    ids=["waiting", "paid"],
)
def test_what_a_gift_card_paid_is_not_asked_for_again(status: int, told: list[str]) -> None:
    body = Body(tenders=(Tender("•••• 7890", Decimal("100.00")),))
    order = OrderSummary(pk=7, status=status, amount=ORDER.amount, lines=(), body=body)

    lines = confirmation(placed("en"), order, TEXTS, LINK).text.splitlines()

    at = lines.index("Total: 1,334.20 TL")
    assert lines[at + 1 : at + 1 + len(told)] == told
    assert lines[at + 1 + len(told)] == ""


def test_money_that_went_back_is_told_with_its_amount() -> None:
    event = PaymentGivenBack(
        id="e2", merchant="acme", at=datetime(2026, 11, 24, tzinfo=UTC), number="1234567890123",
        amount=ORDER.amount, email="ada@example.com", language="tr",
    )  # fmt: skip

    letter = given_back(event, TEXTS)

    assert letter.subject == "1234567890123 numaralı siparişin ödemesi"
    assert "1.334,20 TL" in letter.text


def test_link_without_a_host_is_left_out() -> None:
    assert "completed" not in confirmation(placed("en"), ORDER, TEXTS, "/orders/completed/1/").text


@pytest.mark.parametrize(
    ("language", "amount", "text"),
    [
        ("de", Money.of("1334.20", "EUR"), "1.334,20 EUR"),
        ("pt-br", Money.of("1334.20", "TRY"), "1.334,20 TL"),
        ("en", Money.of("1334", "JPY"), "1,334 JPY"),
        ("ar", Money.of("1.5", "KWD"), "1.500 KWD"),
        ("xx", Money.of("1334.20", "EUR"), "1334.20 EUR"),
    ],
)
def test_amount_is_written_as_the_language_does(language: str, amount: Money, text: str) -> None:
    assert written(amount, language) == text
