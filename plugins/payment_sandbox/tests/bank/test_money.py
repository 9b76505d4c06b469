"""Captured, refunded and voided money adds up."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.anyio


def taken(rows: list[dict[str, str]]) -> Decimal:
    """Money taken = captures − refunds − voids."""
    sign = {"authorization": 0, "capture": 1, "refund": -1, "void": -1}
    return sum((sign[row["kind"]] * Decimal(row["amount"]) for row in rows), Decimal(0))


async def test_a_reservation_is_captured_later_and_in_parts(bank: Any) -> None:
    held = await bank.authorize(capture=False)
    name = {"transaction_id": held["transaction_id"]}
    assert held["captured"] is False
    assert taken(await bank.ledger()) == 0

    assert (await bank.call("capture", {**name, "amount": "100.00"}, "c1")).json()["captured"] == "100.00"
    too_much = await bank.call("capture", {**name, "amount": "129.81"}, "c2")
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (409, "exceeds_authorized")
    assert (await bank.call("capture", name, "c3")).json()["captured"] == "229.80"
    assert taken(await bank.ledger()) == Decimal("229.80")


async def test_a_void_gives_everything_back(bank: Any) -> None:
    sale = await bank.authorize()
    name = {"transaction_id": sale["transaction_id"]}

    answer = (await bank.call("void", name, "v1")).json()

    assert (answer["result"], answer["state"], answer["amount"]) == ("done", "voided", "229.80")
    assert taken(await bank.ledger()) == 0
    assert await bank.state(reference="10011") == "voided"
    assert (await bank.call("void", name, "v1")).json() == answer
    for operation in ("void", "refund", "capture"):
        assert (await bank.call(operation, name, "other")).json()["error"]["code"] == "wrong_state"


async def test_a_void_of_a_reservation_is_a_row_without_money(bank: Any) -> None:
    held = await bank.authorize(capture=False)
    await bank.call("void", {"transaction_id": held["transaction_id"]}, "v1")

    rows = await bank.ledger()
    assert [(row["kind"], row["amount"]) for row in rows] == [("authorization", "229.80"), ("void", "0.00")]


async def test_after_the_close_of_the_day_only_a_refund_is_possible(bank: Any) -> None:
    sale = await bank.authorize()
    name = {"transaction_id": sale["transaction_id"]}
    await bank.control("settle")

    assert (await bank.call("void", name, "v1")).json()["error"]["code"] == "already_settled"
    assert (await bank.call("refund", name, "r1")).json()["state"] == "refunded"
    assert taken(await bank.ledger()) == 0


async def test_refunds_in_parts_never_exceed_the_capture(bank: Any) -> None:
    sale = await bank.authorize()
    name = {"transaction_id": sale["transaction_id"]}

    part = (await bank.call("refund", {**name, "amount": "29.80"}, "r1")).json()
    assert (part["state"], part["refunded"]) == ("approved", "29.80")
    assert (await bank.call("refund", {**name, "amount": "29.80"}, "r1")).json() == part
    too_much = await bank.call("refund", {**name, "amount": "200.01"}, "r2")
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (409, "exceeds_captured")
    assert (await bank.call("void", name, "v1")).json()["error"]["code"] == "already_refunded"
    assert (await bank.call("refund", name, "r3")).json()["state"] == "refunded"
    assert taken(await bank.ledger()) == 0


async def test_forty_refunds_at_once_give_back_what_was_taken_and_no_more(bank: Any) -> None:
    sale = await bank.authorize(amount="100.00")
    message = {"transaction_id": sale["transaction_id"], "amount": "10.00"}

    answers = await asyncio.gather(*(bank.call("refund", message, f"r{n}") for n in range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 30
    assert taken(await bank.ledger()) == 0


@pytest.mark.parametrize("operation", ["capture", "void", "refund"])
async def test_a_declined_payment_cannot_be_moved(bank: Any, operation: str) -> None:
    declined = await bank.authorize("5421190000000017")

    answer = await bank.call(operation, {"transaction_id": declined["transaction_id"]}, "a1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "wrong_state")
