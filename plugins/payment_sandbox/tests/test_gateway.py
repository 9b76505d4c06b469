"""The gateway against the bank in a process of its own: every sandbox card, every way to fail."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

import pytest

from vezne_core import (
    GENERAL,
    Approved,
    Buyer,
    Challenged,
    Money,
    NotAttempted,
    Secret,
    Unavailable,
    Undecided,
    Unknown,
)
from vezne_host.services.http import OutboundHttp
from vezne_payment_sandbox.gateway import SandboxGateway

pytestmark = pytest.mark.anyio

PRICE = Money.of("229.80", "TRY")
RIGHT, WRONG = {"otp": "123456"}, {"otp": "000000"}


def outcome(result: Any) -> str:
    """Name a result with its code, as the tables below do."""
    code = getattr(result, "code", None)
    return f"{type(result).__name__} {code}" if code else type(result).__name__


# Every card of the demo shop.

ONCE = {
    "5421190000000009": ("Approved", "229.80", "Approved"),
    "5421190000000017": ("Declined 51", "0", "Declined 51"),
    "5421190000000025": ("Challenged", "0", "Declined lost"),
    "5421190000000033": ("Declined 05", "0", "Declined 05"),
    "5421190000000041": ("Unknown", "229.80", "Approved"),
    "5421190000000058": ("Unknown", "0", "NotAttempted"),
    "5421190000000066": ("NotAttempted", "0", "NotAttempted"),
    "5421190000000074": ("Approved", "229.80", "Approved"),
    "4791840000000004": ("Approved", "229.80", "Approved"),
    "5400010000000004": ("Approved", "229.80", "Approved"),
}
"""By card: how ``begin`` ends, the money taken, and what ``ask`` then says of the same attempt."""


@pytest.mark.parametrize("number", ONCE)
async def test_a_card_without_three_d(gateway, bank, made, number) -> None:
    begun, taken, told = ONCE[number]
    attempt = made.attempt()

    assert outcome(await gateway.begin(attempt, made.card(number))) == begun
    assert await bank.taken() == Decimal(taken)
    assert outcome(await gateway.ask(attempt)) == told


CONFIRMED = {
    "5421190000000009": ("Approved", "229.80", "Approved"),
    "5421190000000017": ("Declined 51", "0", "Declined 51"),
    "5421190000000025": ("Approved", "229.80", "Approved"),
    "5421190000000033": ("Declined 05", "0", "Declined 05"),
    "5421190000000041": ("Unknown", "229.80", "Approved"),
    "5421190000000058": ("Unknown", "0", "NotAttempted"),
    "5421190000000066": ("NotAttempted", "0", "NotAttempted"),
    "5421190000000074": ("Approved", "229.80", "Approved"),
    "4791840000000004": ("Approved", "229.80", "Approved"),
    "5400010000000004": ("Approved", "229.80", "Approved"),
}
"""The same after 3-D Secure with the right password."""


async def challenged(gateway, made, number="5421190000000009", **changed) -> tuple[Any, Challenged]:
    """Begin an attempt that needs 3-D Secure; return it as the runner stores it, and its challenge."""
    attempt = made.attempt(**{"three_d": True, **changed})
    result = await gateway.begin(attempt, made.card(number))
    assert isinstance(result, Challenged)
    return made.attempt(**{"three_d": True, "state": result.state, **changed}), result


@pytest.mark.parametrize("number", CONFIRMED)
async def test_a_card_with_three_d_and_the_right_password(gateway, bank, made, number) -> None:
    resumed, taken, told = CONFIRMED[number]
    attempt, challenge = await challenged(gateway, made, number)
    assert await bank.taken() == 0

    answer = await bank.visit(challenge.hand_off, **RIGHT)

    assert outcome(await gateway.resume(attempt, answer, None)) == resumed
    assert await bank.taken() == Decimal(taken)
    assert outcome(await gateway.ask(attempt)) == told


@pytest.mark.parametrize("number", CONFIRMED)
@pytest.mark.parametrize(("reply", "code"), [(WRONG, "3D"), ({"cancel": "1"}, "3C")], ids=["wrong", "cancel"])
async def test_a_card_whose_holder_is_not_confirmed(gateway, bank, made, number, reply, code) -> None:
    attempt, challenge = await challenged(gateway, made, number)
    answer = await bank.visit(challenge.hand_off, **reply)

    assert outcome(await gateway.resume(attempt, answer, None)) == f"Declined {code}"
    assert outcome(await gateway.ask(attempt)) == f"Declined {code}"
    assert await bank.rows() == []


async def test_one_key_serves_an_attempt_from_begin_to_end(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made)
    await gateway.resume(attempt, await bank.visit(challenge.hand_off), None)

    calls = [*await bank.requests("authorize"), *await bank.requests("complete"), *await bank.rows()]
    assert {call["idempotency_key"] for call in calls} == {attempt.key}


async def test_the_bank_may_demand_three_d_by_itself(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made, "5421190000000025", three_d=False)

    result = await gateway.resume(attempt, await bank.visit(challenge.hand_off), None)

    assert isinstance(result, Approved)


# What is told of an approval.


async def test_an_approval_tells_what_the_bank_took(gateway, bank, made) -> None:
    result = await gateway.begin(made.attempt(), made.card())

    [authorization, capture] = await bank.rows()
    assert result.amount == PRICE
    assert result.transaction_id == capture["transaction_id"] == authorization["transaction_id"]
    assert capture["idempotency_key"] == "key-1"
    assert result.stored_card is None


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        ({"kind": "wrong_amount", "amount": "1.00"}, Money.of("1.00", "TRY")),
        ({"kind": "wrong_currency", "currency": "EUR"}, Money.of("229.80", "EUR")),
    ],
    ids=["amount", "currency"],
)
async def test_another_amount_is_told_as_it_is(gateway, bank, made, fault, taken) -> None:
    """The runner compares; nothing here makes the two alike."""
    await bank.control("faults", calls=2, **fault)
    attempt = made.attempt()

    assert (await gateway.begin(attempt, made.card())).amount == taken
    assert (await gateway.ask(attempt)).amount == taken


async def test_installments_and_buyer_reach_the_bank(gateway, bank, made) -> None:
    await gateway.begin(made.attempt(installments=6), made.card())

    [request] = await bank.requests("authorize")
    assert request["body"]["installments"] == 6
    assert request["idempotency_key"] == "key-1"


async def test_a_name_that_no_line_can_hold_does_not_stop_a_payment(gateway, made) -> None:
    buyer = Buyer(email="ada@example.com", first_name="Ada\n\x07", last_name="ş" * 300)

    assert isinstance(
        await gateway.begin(made.attempt(buyer=buyer), made.card(holder="A\tB" * 200)), Approved
    )


# A repeat moves nothing.


async def test_a_repeated_begin_is_charged_once(gateway, bank, made) -> None:
    attempt = made.attempt()
    results = await asyncio.gather(*(gateway.begin(attempt, made.card()) for _ in range(5)))

    assert len({result.transaction_id for result in results}) == 1
    assert await bank.taken() == Decimal("229.80")


async def test_a_repeat_after_a_lost_answer_hears_the_answer(gateway, bank, made) -> None:
    attempt, card = made.attempt(), made.card("5421190000000041")

    assert isinstance(await gateway.begin(attempt, card), Unknown)
    assert isinstance(await gateway.begin(attempt, card), Approved)
    assert await bank.taken() == Decimal("229.80")


async def test_what_was_surely_not_attempted_is_approved_at_the_repeat(gateway, bank, made) -> None:
    attempt, card = made.attempt(), made.card("5421190000000066")

    assert isinstance(await gateway.begin(attempt, card), NotAttempted)
    assert isinstance(await gateway.begin(attempt, card), Approved)
    assert await bank.taken() == Decimal("229.80")


async def test_what_was_surely_not_attempted_after_three_d_is_approved_at_the_repeat(
    gateway, bank, made
) -> None:
    attempt, challenge = await challenged(gateway, made, "5421190000000066")
    answer = await bank.visit(challenge.hand_off)

    assert isinstance(await gateway.resume(attempt, answer, None), NotAttempted)
    assert isinstance(await gateway.resume(attempt, answer, None), Approved)
    assert await bank.taken() == Decimal("229.80")


async def test_two_returns_of_one_shopper_are_charged_once(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made)
    answer = await bank.visit(challenge.hand_off)

    one, other = await asyncio.gather(*(gateway.resume(attempt, answer, None) for _ in range(2)))

    assert one == other
    assert isinstance(one, Approved)
    assert await bank.taken() == Decimal("229.80")


async def test_asking_moves_nothing(gateway, bank, made) -> None:
    attempt = made.attempt()
    await gateway.begin(attempt, made.card())
    before = await bank.rows()

    answers = [await gateway.ask(attempt) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert await bank.rows() == before


# Not knowing is an answer.


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["garbage", "error", "reset", "hang"])
async def test_whatever_proves_nothing_is_unknown_until_the_bank_is_asked(
    gateway, bank, made, kind, when
) -> None:
    await bank.control("faults", kind=kind, when=when, operation="authorize")
    attempt = made.attempt()

    assert isinstance(await gateway.begin(attempt, made.card()), Unknown)
    told = await gateway.ask(attempt)

    assert outcome(told) == ("Approved" if when == "after" else "NotAttempted")
    assert await bank.taken() == (PRICE.amount if when == "after" else 0)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["garbage", "error", "reset", "hang"])
async def test_whatever_proves_nothing_after_three_d_is_unknown_until_the_bank_is_asked(
    gateway, bank, made, kind, when
) -> None:
    attempt, challenge = await challenged(gateway, made)
    answer = await bank.visit(challenge.hand_off)
    await bank.control("faults", kind=kind, when=when, operation="complete")

    assert isinstance(await gateway.resume(attempt, answer, None), Unknown)
    assert outcome(await gateway.ask(attempt)) == ("Approved" if when == "after" else "NotAttempted")


async def test_a_late_answer_is_no_answer(gateway_of, gateway, bank, made) -> None:
    await bank.control("faults", kind="delay", seconds=30, operation="authorize")
    attempt = made.attempt()

    result = await gateway_of(timeout=1.0).begin(attempt, made.card())

    assert isinstance(result, Unknown)
    assert "1 s" in result.reason
    assert isinstance(await gateway.ask(attempt), Approved)


@pytest.mark.parametrize("kind", ["garbage", "error", "reset", "hang"])
async def test_a_question_that_fails_says_nothing_of_the_payment(gateway, bank, made, kind) -> None:
    attempt = made.attempt()
    await bank.control("faults", kind=kind, operation="query")

    assert isinstance(await gateway.ask(attempt), Unknown)


async def test_a_bank_that_was_not_reached_did_nothing(gateway_of, made) -> None:
    nobody = OutboundHttp(allow_inside=["127.0.0.1:1"])
    gateway = gateway_of(base_url="http://127.0.0.1:1", http=nobody)

    assert isinstance(await gateway.begin(made.attempt(), made.card()), NotAttempted)
    assert isinstance(await gateway.ask(made.attempt()), Unknown)
    await nobody.aclose()


async def test_a_wrong_secret_takes_and_tells_nothing(gateway_of, gateway, bank, made) -> None:
    attempt = made.attempt()
    await gateway.begin(attempt, made.card())
    stranger = gateway_of(secret=Secret("sandbox-secret-lean"))

    assert isinstance(await stranger.begin(made.attempt(2), made.card()), NotAttempted)
    assert isinstance(await stranger.ask(attempt), Unknown)
    assert len(await bank.rows()) == 2


@pytest.mark.parametrize(
    "changed", [{"key": "other"}, {"order_number": "1002"}], ids=["another key", "another body"]
)
async def test_an_attempt_that_the_bank_knows_already_is_unknown(gateway, bank, made, changed) -> None:
    """The earlier call may have taken the money: it must be asked, not begun again."""
    attempt = made.attempt()
    await gateway.begin(attempt, made.card())

    assert isinstance(await gateway.begin(made.attempt(**changed), made.card()), Unknown)
    assert await bank.taken() == Decimal("229.80")


# What the shopper reads.


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "5421190000000008"}, "invalid card.number"),
        ({"number": "4111"}, "invalid card.number"),
        ({"cvv": Secret("12")}, "invalid card.cvv"),
        ({"cvv": None}, "invalid card.cvv"),
        ({"month": 13}, "invalid card.expiry_month"),
        ({"year": 99}, "invalid card.expiry_year"),
        ({"number": None}, "card_gone"),
        ({"number": "5421190000000116"}, "14"),
        ({"cvv": Secret("999")}, "82"),
        ({"year": 2020}, "54"),
        ({"number": None, "token": Secret("card-unknown")}, "14"),
    ],
)
async def test_a_card_that_cannot_be_charged_is_declined(gateway, bank, made, card, code) -> None:
    result = await gateway.begin(made.attempt(), made.card(**card))

    assert outcome(result) == f"Declined {code}"
    [sentence] = result.errors[GENERAL]
    assert sentence.endswith(".")
    assert code not in sentence
    assert await bank.rows() == []


async def test_an_amount_that_the_bank_cannot_take_was_not_attempted(gateway, made) -> None:
    yen = Money.of("22980", "JPY")

    assert isinstance(await gateway.begin(made.attempt(amount=yen), made.card()), NotAttempted)


# Asking for a challenged attempt.


async def test_a_challenge_says_where_to_go_and_for_how_long(gateway, bank, made) -> None:
    _, challenge = await challenged(gateway, made)

    assert challenge.hand_off.url.startswith(bank.url)
    assert challenge.expires_in.total_seconds() == 1800


async def test_a_challenged_attempt_is_still_challenged(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made)

    asked = await gateway.ask(attempt)

    assert (asked.hand_off, asked.state) == (challenge.hand_off, challenge.state)
    answer = await bank.visit(asked.hand_off)
    assert isinstance(await gateway.resume(attempt, answer, None), Approved)


async def test_a_challenge_whose_page_was_never_heard_of_is_declined(gateway, bank, made) -> None:
    await bank.control("faults", kind="reset", operation="authorize")
    attempt = made.attempt(three_d=True)
    assert isinstance(await gateway.begin(attempt, made.card()), Unknown)

    assert outcome(await gateway.ask(attempt)) == "Declined lost"


async def test_a_confirmed_attempt_that_was_not_completed_took_nothing_yet(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made)
    answer = await bank.visit(challenge.hand_off)

    assert isinstance(await gateway.ask(attempt), NotAttempted)
    assert isinstance(await gateway.resume(attempt, answer, None), Approved)


async def test_a_return_to_a_bank_that_forgot_was_not_attempted(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made)
    answer = await bank.visit(challenge.hand_off)
    await bank.control("reset")

    assert isinstance(await gateway.resume(attempt, answer, None), NotAttempted)


# A return that is not the bank's decides nothing.


def changed(answer, made, **fields):
    return made.posted([(name, fields.get(name, value)) for name, value in answer.form])


FORGERIES = {
    "failure turned into success": lambda answer, made: changed(answer, made, mdStatus="1", status="success"),
    "another hash": lambda answer, made: changed(answer, made, hash="0" * 64),
    "hash that is no text": lambda answer, made: changed(answer, made, hash="\ud800"),
    "no hash": lambda answer, made: made.posted([pair for pair in answer.form if pair[0] != "hash"]),
    "hash alone": lambda answer, made: made.posted([pair for pair in answer.form if pair[0] == "hash"]),
    "a field more": lambda answer, made: made.posted([*answer.form, ("extra", "1")]),
    "a field twice": lambda answer, made: made.posted([("mdStatus", "1"), *answer.form]),
    "nothing": lambda answer, made: made.posted([]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_return_decides_nothing(gateway, bank, made, forge) -> None:
    attempt, challenge = await challenged(gateway, made)
    genuine = await bank.visit(challenge.hand_off, **WRONG)

    result = await gateway.resume(attempt, forge(genuine, made), None)

    assert isinstance(result, Undecided)
    assert result.errors[GENERAL]
    assert await bank.requests("complete") == []
    assert outcome(await gateway.resume(attempt, genuine, None)) == "Declined 3D"


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
async def test_a_genuine_return_of_another_payment_decides_nothing(gateway, bank, made, other) -> None:
    attempt, challenge = await challenged(gateway, made)
    _, cheap = await challenged(gateway, made, **other)

    result = await gateway.resume(attempt, await bank.visit(cheap.hand_off), None)

    assert isinstance(result, Undecided)
    assert await bank.rows() == []
    assert isinstance(await gateway.resume(attempt, await bank.visit(challenge.hand_off), None), Approved)


async def test_a_return_signed_for_another_terminal_decides_nothing(gateway_of, gateway, bank, made) -> None:
    attempt, _ = await challenged(gateway, made)
    lean = gateway_of(terminal="T-LEAN", secret=Secret("sandbox-secret-lean"))
    _, theirs = await challenged(lean, made)

    result = await gateway.resume(attempt, await bank.visit(theirs.hand_off), None)

    assert outcome(result) == "Undecided wrong hash"


# Points, campaigns, stored cards.


async def test_points_and_campaigns_of_a_card(gateway, made) -> None:
    card = made.card("5421190000000074")

    assert await gateway.rewards(card, "TRY") == {
        "general": Money.of("40.00", "TRY"),
        "special": Money.of("15.00", "TRY"),
    }
    assert [each["code"] for each in await gateway.campaigns(card)] == ["CAMP001", "CAMP002"]
    assert await gateway.rewards(made.card(), "TRY") == {}
    assert await gateway.campaigns(made.card()) == []


async def test_points_that_the_bank_does_not_tell_are_not_none(gateway, bank, made) -> None:
    await bank.control("faults", kind="error", operation="any", calls=2)

    with pytest.raises(Unavailable):
        await gateway.rewards(made.card(), "TRY")
    with pytest.raises(Unavailable):
        await gateway.campaigns(made.card())


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"campaign": "CAMP001"}, "Approved"),
        ({"campaign": "CAMP999"}, "Declined C1"),
        ({"reward": {"general": Money.of("40.00", "TRY"), "special": Money.zero("TRY")}}, "Approved"),
        ({"reward": {"general": Money.of("40.01", "TRY")}}, "Declined R1"),
    ],
)
async def test_campaign_and_points_are_used(gateway, made, chosen, expected) -> None:
    result = await gateway.begin(made.attempt(**chosen), made.card("5421190000000074"))

    assert outcome(result) == expected


async def test_a_stored_card_pays_by_its_token(gateway, gateway_of, bank, made) -> None:
    first = await gateway.begin(made.attempt(save_card="mine"), made.card())
    stored = first.stored_card
    assert stored.last_four == "0009"

    token = made.card(number=None, cvv=None, token=stored.token)
    second = await gateway.begin(made.attempt(2), token)
    assert isinstance(second, Approved)
    assert await bank.taken() == 2 * PRICE.amount

    lean = gateway_of(terminal="T-LEAN", secret=Secret("sandbox-secret-lean"))
    assert outcome(await lean.begin(made.attempt(3), token)) == "Declined 14"


async def test_a_card_is_stored_after_three_d_too(gateway, bank, made) -> None:
    attempt, challenge = await challenged(gateway, made, save_card="mine")

    result = await gateway.resume(attempt, await bank.visit(challenge.hand_off), None)

    assert result.stored_card.last_four == "0009"


async def test_points_of_a_stored_card(gateway, made) -> None:
    paid = await gateway.begin(made.attempt(save_card="mine"), made.card("5421190000000074"))

    card = made.card(number=None, cvv=None, token=paid.stored_card.token)

    assert (await gateway.rewards(card, "TRY"))["general"] == Money.of("40.00", "TRY")


# Money out.


async def paid(gateway, made, **changed: Any) -> Any:
    """Return an attempt that was approved, as the runner stores it."""
    result = await gateway.begin(made.attempt(**changed), made.card())
    assert isinstance(result, Approved)
    return made.attempt(**{**changed, "transaction_id": result.transaction_id})


async def test_a_void_gives_everything_back_once(gateway, bank, made) -> None:
    attempt = await paid(gateway, made)

    results = [await gateway.void(attempt, "void-1") for _ in range(2)]

    assert [result.amount for result in results] == [PRICE, PRICE]
    assert await bank.taken() == 0
    assert outcome(await gateway.ask(attempt)) == "Declined voided"


async def test_a_second_void_is_declined(gateway, bank, made) -> None:
    attempt = await paid(gateway, made)
    await gateway.void(attempt, "void-1")

    assert outcome(await gateway.void(attempt, "void-2")) == "Declined wrong_state"
    assert await bank.taken() == 0


async def test_a_settled_payment_is_refunded_and_not_voided(gateway, bank, made) -> None:
    attempt = await paid(gateway, made)
    await bank.control("settle")

    assert outcome(await gateway.void(attempt, "back-1")) == "Declined already_settled"
    assert (await gateway.refund(attempt, PRICE, "back-1")).amount == PRICE
    assert await bank.taken() == 0
    assert outcome(await gateway.ask(attempt)) == "Declined refunded"


async def test_refunds_never_exceed_the_payment(gateway, bank, made) -> None:
    attempt, part = await paid(gateway, made), Money.of("100.00", "TRY")

    results = [await gateway.refund(attempt, part, f"refund-{n}") for n in (1, 2, 2, 3)]

    assert [outcome(result) for result in results] == [
        "Approved", "Approved", "Approved", "Declined exceeds_captured",
    ]  # fmt: skip
    assert [result.amount for result in results[:3]] == [part] * 3
    assert await bank.taken() == Decimal("29.80")


async def test_a_part_given_back_shows_in_the_amount(gateway, made) -> None:
    attempt = await paid(gateway, made)
    await gateway.refund(attempt, Money.of("29.80", "TRY"), "refund-1")

    assert (await gateway.ask(attempt)).amount == Money.of("200.00", "TRY")


@pytest.mark.parametrize("kind", ["void", "refund"])
async def test_money_goes_back_once_although_the_answer_is_lost(gateway, bank, made, kind) -> None:
    attempt = await paid(gateway, made)
    await bank.control("faults", kind="reset", operation=kind)

    async def give_back() -> Any:
        if kind == "void":
            return await gateway.void(attempt, "back")
        return await gateway.refund(attempt, PRICE, "back")

    assert isinstance(await give_back(), Unknown)
    assert isinstance(await give_back(), Approved)
    assert await bank.taken() == 0


async def test_an_action_used_for_another_amount_is_unknown(gateway, bank, made) -> None:
    attempt = await paid(gateway, made)
    await gateway.refund(attempt, Money.of("10.00", "TRY"), "refund-1")

    assert isinstance(await gateway.refund(attempt, Money.of("20.00", "TRY"), "refund-1"), Unknown)
    assert await bank.taken() == Decimal("219.80")


@pytest.mark.parametrize("kind", ["void", "refund"])
async def test_money_whose_approval_was_never_heard_goes_back(gateway, bank, made, kind) -> None:
    attempt = made.attempt()
    assert isinstance(await gateway.begin(attempt, made.card("5421190000000041")), Unknown)

    back = gateway.void(attempt, "back") if kind == "void" else gateway.refund(attempt, PRICE, "back")

    assert isinstance(await back, Approved)
    assert await bank.taken() == 0


@pytest.mark.parametrize("kind", ["void", "refund"])
async def test_nothing_is_given_back_where_nothing_was_taken(gateway, made, kind) -> None:
    attempt = made.attempt()
    back = gateway.void(attempt, "back") if kind == "void" else gateway.refund(attempt, PRICE, "back")

    assert isinstance(await back, NotAttempted)


async def test_another_terminal_cannot_give_our_money_back(gateway, gateway_of, bank, made) -> None:
    attempt = await paid(gateway, made)
    lean = gateway_of(terminal="T-LEAN", secret=Secret("sandbox-secret-lean"))

    assert outcome(await lean.refund(attempt, PRICE, "steal")) == "Declined unknown_payment"
    assert outcome(await lean.void(attempt, "steal")) == "Declined unknown_payment"
    assert await bank.taken() == PRICE.amount


# Promises.


def test_it_declares_what_it_can() -> None:
    assert SandboxGateway.name == "sandbox"
    assert {each.value for each in SandboxGateway.capabilities} == {
        "refund", "void", "rewards", "campaigns", "installments", "stored_cards",
    }  # fmt: skip


async def test_no_card_number_is_kept_or_told(gateway, bank, made, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    told = ""
    for number in ("5421190000000009", "5421190000000017", "5421190000000008", "5421190000000058"):
        tries = int(number[-2:])
        attempt, card = made.attempt(tries, three_d=number.endswith("09")), made.card(number)
        result = await gateway.begin(attempt, card)
        told += f"{attempt!r} {card!r} {result!r} {getattr(result, 'state', '')}"

    assert "ADA LOVELACE" not in told + caplog.text
    assert "sandbox-secret" not in told + caplog.text
    assert "54211900000000" not in told + caplog.text
