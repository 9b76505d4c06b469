"""What cannot be provoked at the bank: answers that contradict themselves, and sentences for every code."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from vezne_core import Approved, Challenged, Money, Unknown
from vezne_host.testing.sentences import sentences
from vezne_host.texts import GettextTexts
from vezne_payment_sandbox import verdict, wire
from vezne_payment_sandbox.bank.cards import catalogue

SOURCE = Path(verdict.__file__).parent

SALE = wire.Sale(
    transaction_id="tx-1",
    reference="100101",
    order_number="1001",
    amount="229.80",
    currency="TRY",
    captured=True,
)
PAYMENT = wire.Payment(
    transaction_id="tx-1",
    reference="100101",
    order_number="1001",
    state="approved",
    amount="229.80",
    currency="TRY",
    captured="229.80",
    refunded="0.00",
    authenticated=False,
)
OTHERS = [{"reference": "100102"}, {"order_number": "1002"}]


def test_an_approval_of_this_attempt(made) -> None:
    result = verdict.charged(made.attempt(), SALE)

    assert result == Approved(amount=Money.of("229.80", "TRY"), transaction_id="tx-1")


@pytest.mark.parametrize("other", OTHERS, ids=str)
@pytest.mark.parametrize(
    "answer",
    [
        SALE,
        wire.Decline(reference="100101", order_number="1001", code="05"),
        wire.Authentication(
            payment_id="tx-1",
            reference="100101",
            order_number="1001",
            hand_off=wire.HandOff("https://bank.example/", {}),
            expires_in=60,
        ),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_an_answer_about_another_payment_is_unknown(made, answer, other) -> None:
    result = verdict.charged(made.attempt(), msgspec.structs.replace(answer, **other))

    assert isinstance(result, Unknown)


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_a_page_for_another_payment_is_unknown(made, other) -> None:
    opened = wire.Opened(
        payment_id="tx-1",
        reference="100101",
        order_number="1001",
        page_url="https://bank.example/pay/t",
        expires_in=60,
    )

    assert isinstance(verdict.opened(made.attempt(), opened), Challenged)
    assert isinstance(verdict.opened(made.attempt(), msgspec.structs.replace(opened, **other)), Unknown)


@pytest.mark.parametrize(
    ("installments", "interest", "told"),
    [(1, "0.00", (None, None)), (3, "4.60", (3, "4.60")), (3, "0.00", (3, "0.00")), (1, "4.60", (1, "4.60"))],
)
def test_installments_are_told_where_they_were_chosen_at_the_bank(made, installments, interest, told) -> None:
    chosen = {"installments": installments, "interest": interest}

    for result in (
        verdict.charged(made.attempt(), msgspec.structs.replace(SALE, **chosen)),
        verdict.asked(made.attempt(), wire.Found((msgspec.structs.replace(PAYMENT, **chosen),))),
    ):
        assert result.installment == told[0]
        assert (result.interest.wire if result.interest is not None else None) == told[1]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_being_told_of_another_payment_is_unknown(made, other) -> None:
    found = wire.Found((msgspec.structs.replace(PAYMENT, **other),))

    assert isinstance(verdict.asked(made.attempt(), found), Unknown)


def test_being_told_of_two_payments_is_unknown(made) -> None:
    assert isinstance(verdict.asked(made.attempt(), wire.Found((PAYMENT, PAYMENT))), Unknown)


def test_money_that_is_only_reserved_is_not_approved(made) -> None:
    reserved = msgspec.structs.replace(SALE, captured=False)
    seen = msgspec.structs.replace(PAYMENT, captured="0.00")

    assert isinstance(verdict.charged(made.attempt(), reserved), Unknown)
    assert verdict.asked(made.attempt(), wire.Found((seen,))).amount == Money.zero("TRY")


@pytest.mark.parametrize("changed", [{"transaction_id": "tx-2"}, {"kind": "refund"}], ids=str)
def test_another_movement_is_unknown(changed) -> None:
    movement = {"transaction_id": "tx-1", "kind": "void", "amount": "229.80", "currency": "TRY"}

    assert isinstance(verdict.moved(wire.Movement(**movement), "tx-1", "void"), Approved)
    assert isinstance(verdict.moved(wire.Movement(**{**movement, **changed}), "tx-1", "void"), Unknown)


def test_every_decline_of_the_bank_has_a_sentence() -> None:
    declines = catalogue().declines

    assert declines
    assert declines.keys() <= verdict.SENTENCES.keys()


def test_a_decline_that_a_later_bank_adds_has_a_sentence_too() -> None:
    assert verdict.declined("99").errors == verdict.declined("05").errors
    assert verdict.declined("99").code == "99"


def test_every_sentence_is_translated() -> None:
    texts = GettextTexts.of(["vezne_payment_sandbox"])
    found = list(sentences(SOURCE))

    assert {text for text, _ in found} >= set(verdict.SENTENCES.values())
    assert [(text, place) for text, place in found if not texts.knows(text, "tr")] == []
