"""The gateway of the bank's own page against the bank in a process of its own."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import httpx
import pytest

from vezne_core import (
    GENERAL,
    Answer,
    Approved,
    Challenged,
    Money,
    NotAttempted,
    Redirect,
    Secret,
    Undecided,
    Unknown,
)
from vezne_host.services.http import OutboundHttp
from vezne_payment_sandbox.redirect_gateway import SandboxRedirectGateway

pytestmark = pytest.mark.anyio

PRICE = Money.of("229.80", "TRY")
CANCEL = {"cancel": "1"}


def outcome(result: Any) -> str:
    """Name a result with its code, as the tables below do."""
    code = getattr(result, "code", None)
    return f"{type(result).__name__} {code}" if code else type(result).__name__


async def sent(gateway, made, **changed) -> tuple[Any, Challenged]:
    """Begin an attempt; return it as the runner stores it, and where the shopper is sent."""
    result = await gateway.begin(made.attempt(gateway="sandbox_redirect", **changed), None)
    assert isinstance(result, Challenged)
    return made.attempt(gateway="sandbox_redirect", state=result.state, **changed), result


# On the page.


async def test_the_shopper_is_sent_to_a_page_of_the_bank(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)

    assert isinstance(challenge.hand_off, Redirect)
    assert challenge.hand_off.url.startswith(f"{bank.url}/pay/")
    assert challenge.expires_in.total_seconds() == 1800
    assert "229.80 TRY" in await bank.browse(challenge.hand_off)
    assert await bank.rows() == []
    asked = await redirecting.ask(attempt)
    assert (asked.hand_off, asked.state) == (challenge.hand_off, challenge.state)


PAID = {
    "5421190000000009": "Approved",
    "5421190000000074": "Approved",
    "4791840000000004": "Approved",
    "5400010000000004": "Approved",
}


@pytest.mark.parametrize("number", PAID)
async def test_a_card_pays_on_the_page_and_the_bank_tells_what_was_taken(
    redirecting, bank, made, number
) -> None:
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off, number)

    [authorization, capture] = await bank.rows()
    assert capture["idempotency_key"] == authorization["idempotency_key"] == attempt.key
    assert isinstance(await redirecting.ask(attempt), Approved), "also before the shopper is back"
    assert await redirecting.resume(attempt, answer, None) == Approved(
        amount=PRICE, transaction_id=capture["transaction_id"]
    )
    assert await bank.taken() == PRICE.amount


@pytest.mark.parametrize(
    ("count", "interest", "amount"),
    [("3", "4.60", "234.40"), ("6", "10.34", "240.14"), ("12", "22.98", "252.78")],
)
async def test_installments_chosen_on_the_page_come_with_their_interest(
    redirecting, bank, made, count, interest, amount
) -> None:
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off, installments=count)

    expected = Approved(
        amount=Money.of(amount, "TRY"),
        transaction_id=(await bank.rows())[0]["transaction_id"],
        installment=int(count),
        interest=Money.of(interest, "TRY"),
    )
    assert (answer.get("installment_count"), answer.get("interest_fee")) == (count, interest)
    assert await redirecting.resume(attempt, answer, None) == expected
    assert await redirecting.ask(attempt) == expected
    assert await bank.taken() == Decimal(amount)


@pytest.mark.parametrize(
    ("named", "offered"),
    [
        (None, [1, 3, 6, 12]),
        ("1:3", [1, 3]),
        ("12:6:6", [6, 12]),
        ("0", [1]),
        ("0:3", [1, 3]),
        ("9", [1]),
        ("120", [1]),
        ("3:120", [3]),
    ],
)
async def test_the_page_offers_what_the_browser_named(redirecting, bank, made, named, offered) -> None:
    given = {} if named is None else {"browser_installments": named}
    _, challenge = await sent(redirecting, made, input={"agreement": True, **given})

    page = await bank.browse(challenge.hand_off)

    assert [count for count in range(1, 37) if f'name="installments" value="{count}"' in page] == offered


async def test_a_count_that_is_not_offered_is_not_taken(redirecting, bank, made) -> None:
    _, challenge = await sent(redirecting, made, input={"browser_installments": "1:3"})

    page = await bank.pays(challenge.hand_off, installments="12")

    assert "Please choose in how many parts you pay." in page
    assert await bank.rows() == []


async def test_a_debit_card_pays_at_once(redirecting, bank, made) -> None:
    _, challenge = await sent(redirecting, made)

    page = await bank.pays(challenge.hand_off, "4791840000000004", installments="3")

    assert "A debit card pays at once." in page
    assert await bank.rows() == []


@pytest.mark.parametrize(
    ("number", "changed", "sentence"),
    [
        ("5421190000000017", {}, "Insufficient funds."),
        ("5421190000000033", {}, "Do not honour."),
        ("5421190000000116", {}, "Unknown card."),
        ("5421190000000009", {"card_cvv": "999"}, "Wrong security code."),
        ("5421190000000009", {"card_expiry_year": "2020"}, "Expired card."),
        ("5421190000000008", {}, "Please check the card number."),
        ("5421190000000009", {"card_cvv": "x"}, "Please check what you typed: cvv."),
        ("5421190000000066", {}, "Nothing was charged."),
    ],
)
async def test_another_card_may_follow_one_that_was_not_taken(
    redirecting, bank, made, number, changed, sentence
) -> None:
    attempt, challenge = await sent(redirecting, made)

    page = await bank.pays(challenge.hand_off, number, **changed)
    assert sentence in page
    assert number not in page
    assert await bank.rows() == []
    assert isinstance(await redirecting.ask(attempt), Challenged)

    answer = await bank.pays(challenge.hand_off)
    assert isinstance(await redirecting.resume(attempt, answer, None), Approved)
    assert await bank.taken() == PRICE.amount


async def test_the_third_declined_card_ends_the_session(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)

    for _ in range(2):
        assert isinstance(await bank.pays(challenge.hand_off, "5421190000000017"), str)
    answer = await bank.pays(challenge.hand_off, "5421190000000033", installments="3")

    assert (answer.get("status"), answer.get("code"), answer.get("amount")) == ("failure", "05", "229.80")
    assert outcome(await redirecting.resume(attempt, answer, None)) == "Declined 05"
    assert outcome(await redirecting.ask(attempt)) == "Declined 05"
    assert await bank.rows() == []


async def test_a_card_that_demands_three_d_asks_for_the_password_on_the_page(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)

    page = await bank.pays(challenge.hand_off, "5421190000000025", installments="3")
    assert "One-time password" in page
    assert await bank.rows() == []
    assert "not authenticated" in await bank.browse(
        challenge.hand_off, made.typed("5421190000000025"), {"otp": "000000"}
    )

    answer = await bank.browse(
        challenge.hand_off, made.typed("5421190000000025", installments="3"), {"otp": "123456"}
    )
    result = await redirecting.resume(attempt, answer, None)
    assert (result.installment, result.amount.wire) == (3, "234.40")
    assert await bank.taken() == Decimal("234.40")


async def test_a_password_without_a_card_pays_nothing(redirecting, bank, made) -> None:
    _, challenge = await sent(redirecting, made)

    assert "Card number" in await bank.browse(challenge.hand_off, {"otp": "123456"})
    assert await bank.rows() == []


async def test_a_cancelled_page_is_declined_for_good(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.browse(challenge.hand_off, CANCEL)

    assert outcome(await redirecting.resume(attempt, answer, None)) == "Declined 3C"
    assert outcome(await redirecting.ask(attempt)) == "Declined 3C"
    assert isinstance(await bank.pays(challenge.hand_off), Answer), "the page only leads back now"
    assert await bank.rows() == []


async def test_a_page_that_is_loaded_again_leads_back_again_and_charges_once(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    first = await bank.pays(challenge.hand_off)

    assert await bank.browse(challenge.hand_off) == first
    assert await bank.pays(challenge.hand_off, "5421190000000074") == first
    results = [await redirecting.resume(attempt, first, None) for _ in range(3)]
    assert len({result.transaction_id for result in results}) == 1
    assert await bank.taken() == PRICE.amount


# What is lost on the way.


async def test_who_paid_and_heard_nothing_has_paid(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    with pytest.raises(httpx.TransportError):
        await bank.pays(challenge.hand_off, "5421190000000041", installments="3")

    result = await redirecting.ask(attempt)

    assert (result.amount.wire, result.installment) == ("234.40", 3)
    answer = await bank.browse(challenge.hand_off)
    assert isinstance(await redirecting.resume(attempt, answer, None), Approved)
    assert await bank.taken() == Decimal("234.40")


async def test_a_page_whose_request_was_lost_can_be_tried_again(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    with pytest.raises(httpx.TransportError):
        await bank.pays(challenge.hand_off, "5421190000000058")

    assert isinstance(await redirecting.ask(attempt), Challenged)
    answer = await bank.pays(challenge.hand_off)
    assert isinstance(await redirecting.resume(attempt, answer, None), Approved)
    assert await bank.taken() == PRICE.amount


@pytest.mark.parametrize("kind", ["reset", "garbage", "error"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_page_whose_address_did_not_arrive_is_asked_for_again(
    redirecting, bank, made, kind, when
) -> None:
    """Nobody can pay where nobody was sent, so this is no reason to make the shopper wait."""
    await bank.control("faults", kind=kind, operation="session", when=when)
    attempt = made.attempt()

    assert isinstance(await redirecting.begin(attempt, None), NotAttempted)
    assert isinstance(await redirecting.begin(attempt, None), Challenged)
    assert len({request["idempotency_key"] for request in await bank.requests("session")}) == 1


async def test_the_same_page_is_told_to_a_repeat(redirecting, made) -> None:
    attempt = made.attempt()

    assert await redirecting.begin(attempt, None) == await redirecting.begin(attempt, None)


async def test_a_page_that_nobody_was_told_of_is_declined(redirecting, bank, made) -> None:
    await bank.control("faults", kind="reset", operation="session")
    await redirecting.begin(made.attempt(), None)

    assert outcome(await redirecting.ask(made.attempt())) == "Declined lost"


async def test_a_bank_that_was_not_reached_did_nothing(gateway_of, made) -> None:
    nobody = OutboundHttp(allow_inside=["127.0.0.1:1"])
    gateway = gateway_of(SandboxRedirectGateway, base_url="http://127.0.0.1:1", http=nobody)

    assert isinstance(await gateway.begin(made.attempt(), None), NotAttempted)
    await nobody.aclose()


@pytest.mark.parametrize("changed", [{"key": "other"}, {"order_number": "1002"}], ids=str)
async def test_an_attempt_that_the_bank_knows_already_is_unknown(redirecting, made, changed) -> None:
    await redirecting.begin(made.attempt(), None)

    assert isinstance(await redirecting.begin(made.attempt(**changed), None), Unknown)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "reset"}, "Unknown"),
        ({"kind": "garbage"}, "Unknown"),
        ({"kind": "error"}, "Unknown"),
    ],
    ids=str,
)
async def test_a_decision_that_did_not_arrive_is_unknown_until_it_is_asked(
    redirecting, bank, made, fault, expected
) -> None:
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off)
    await bank.control("faults", operation="complete", **fault)

    assert outcome(await redirecting.resume(attempt, answer, None)) == expected
    assert (await redirecting.ask(attempt)).amount == PRICE


async def test_another_amount_is_told_as_it_is(redirecting, bank, made) -> None:
    """The runner compares; nothing here makes the two alike."""
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off, installments="3")
    await bank.control("faults", kind="wrong_amount", amount="1.00", operation="complete")

    result = await redirecting.resume(attempt, answer, None)

    assert (result.amount.wire, result.interest.wire) == ("1.00", "4.60")


# A return that is not the bank's decides nothing.


def changed(answer, made, **fields):
    return made.posted([(name, fields.get(name, value)) for name, value in answer.form])


FORGERIES = {
    "cancelled turned into success": lambda answer, made: changed(answer, made, status="success"),
    "another hash": lambda answer, made: changed(answer, made, hash="0" * 64),
    "less interest": lambda answer, made: changed(answer, made, interest_fee="0.01"),
    "more installments": lambda answer, made: changed(answer, made, installment_count="12"),
    "no hash": lambda answer, made: made.posted([pair for pair in answer.form if pair[0] != "hash"]),
    "a field twice": lambda answer, made: made.posted([("status", "success"), *answer.form]),
    "nothing": lambda answer, made: made.posted([]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_return_decides_nothing(redirecting, bank, made, forge) -> None:
    attempt, challenge = await sent(redirecting, made)
    genuine = await bank.browse(challenge.hand_off, CANCEL)

    result = await redirecting.resume(attempt, forge(genuine, made), None)

    assert isinstance(result, Undecided)
    assert result.errors[GENERAL]
    assert await bank.requests("complete") == []
    assert outcome(await redirecting.resume(attempt, genuine, None)) == "Declined 3C"


@pytest.mark.parametrize(
    "other",
    [
        {"tries": 2, "key": "key-2"},
        {"tries": 2, "key": "key-2", "amount": Money.of("1.00", "TRY")},
        {"tries": 2, "key": "key-2", "amount": Money.of("229.80", "EUR")},
        {"tries": 2, "key": "key-2", "order_number": "1002"},
    ],
    ids=["try", "amount", "currency", "order"],
)
async def test_a_genuine_return_of_another_payment_decides_nothing(redirecting, bank, made, other) -> None:
    attempt, challenge = await sent(redirecting, made)
    _, cheap = await sent(redirecting, made, **other)

    result = await redirecting.resume(attempt, await bank.pays(cheap.hand_off), None)

    assert isinstance(result, Undecided)
    assert isinstance(await redirecting.resume(attempt, await bank.pays(challenge.hand_off), None), Approved)


async def test_a_return_signed_for_another_terminal_decides_nothing(
    gateway_of, redirecting, bank, made
) -> None:
    attempt, _ = await sent(redirecting, made)
    lean = gateway_of(SandboxRedirectGateway, terminal="T-LEAN", secret=Secret("sandbox-secret-lean"))
    _, theirs = await sent(lean, made)

    result = await redirecting.resume(attempt, await bank.pays(theirs.hand_off), None)

    assert outcome(result) == "Undecided wrong hash"


async def test_a_return_to_a_bank_that_forgot_was_not_attempted(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off)
    await bank.control("reset")

    assert isinstance(await redirecting.resume(attempt, answer, None), NotAttempted)


# Money out, with interest.


async def test_a_void_gives_the_interest_back_too(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    await bank.pays(challenge.hand_off, installments="3")

    assert (await redirecting.void(attempt, "void-1")).amount.wire == "234.40"
    assert await bank.taken() == 0


async def test_a_part_is_refunded_and_the_rest_stays(redirecting, bank, made) -> None:
    attempt, challenge = await sent(redirecting, made)
    await bank.pays(challenge.hand_off)

    assert isinstance(await redirecting.refund(attempt, Money.of("100.00", "TRY"), "refund-1"), Approved)
    assert await bank.taken() == Decimal("129.80")


# Promises.


def test_it_declares_what_it_can() -> None:
    assert SandboxRedirectGateway.name == "sandbox_redirect"
    assert {each.value for each in SandboxRedirectGateway.capabilities} == {"refund", "void", "installments"}


async def test_no_card_number_reaches_us_or_is_kept(redirecting, bank, made, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    attempt, challenge = await sent(redirecting, made)
    answer = await bank.pays(challenge.hand_off)
    result = await redirecting.resume(attempt, answer, None)

    seen = f"{answer.form} {attempt!r} {result!r} {await bank.requests('hosted-answer')} {caplog.text}"
    assert "5421190000000009" not in seen
    assert "ADA LOVELACE" not in seen
