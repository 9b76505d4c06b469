"""Who may speak to the bank, what it refuses, and that a repeat charges once."""

import asyncio
import time
from typing import Any

import pytest

from vezne_payment_sandbox.bank.protocol import CardData

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("sign", ["", "0" * 64, "ğ"])
async def test_a_wrong_signature_is_refused(bank: Any, sign: str) -> None:
    answer = await bank.http.post(
        "/api/query",
        content=b"{}",
        headers=[
            (b"X-Bank-Terminal", b"T-DEMO"),
            (b"X-Bank-Timestamp", str(int(time.time())).encode()),
            (b"X-Bank-Signature", sign.encode()),
        ],
    )

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "bad_signature"


async def test_an_unknown_terminal_is_refused_like_a_wrong_signature(bank: Any) -> None:
    answer = await bank.http.post("/api/query", content=b"{}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")


async def test_a_signature_is_bound_to_operation_key_and_body(bank: Any) -> None:
    approved = await bank.authorize()
    message = {"transaction_id": approved["transaction_id"]}
    refund = await bank.call("refund", message, "a1")
    signed = dict(refund.request.headers)

    for path, key, body in (
        ("/api/void", "a1", refund.request.content),
        ("/api/refund", "a2", refund.request.content),
        ("/api/refund", "a1", refund.request.content + b" "),
    ):
        headers = {**signed, "idempotency-key": key}
        headers.pop("content-length")
        answer = await bank.http.post(path, content=body, headers=headers)
        assert answer.status_code == 401


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_an_old_or_future_timestamp_is_refused(bank: Any, seconds: int) -> None:
    answer = await bank.call("query", {"reference": "1"}, timestamp=str(int(time.time()) + seconds))

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "stale")


@pytest.mark.parametrize("timestamp", ["١٢", "1e9", "-1", "", "9" * 5000])
async def test_an_odd_timestamp_is_refused(bank: Any, timestamp: str) -> None:
    answer = await bank.http.post(
        "/api/query",
        content=b"{}",
        headers=[(b"X-Bank-Terminal", b"T-DEMO"), (b"X-Bank-Timestamp", timestamp.encode())],
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "１２.00"}, "amount"),
        ({"amount": "1.00\n"}, "amount"),
        ({"amount": 1.0}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"installments": 0}, "installments"),
        ({"reference": ""}, "reference"),
        ({"card": None}, "card"),
        ({"three_d": True}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"notice_url": "http://user@host/"}, "notice_url"),
        ({"notice_url": "http://host:99999/"}, "notice_url"),
        ({"amuont": "1.00"}, None),
    ],
)
async def test_a_bad_field_is_named(bank: Any, changed: dict[str, Any], field: str | None) -> None:
    answer = await bank.call("authorize", bank.order(**changed), "k1")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert answer.json()["error"]["field"] == field
    assert await bank.ledger() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 20_000])
async def test_a_body_that_is_no_message_is_refused(bank: Any, body: bytes) -> None:
    assert (await bank.call("authorize", None, "k1", body=body)).status_code == 400


async def test_a_body_above_64_kilobytes_is_refused(bank: Any) -> None:
    assert (await bank.call("query", None, body=b" " * 70_000)).status_code == 413


async def test_a_number_with_a_wrong_check_digit_is_refused_without_being_repeated(bank: Any) -> None:
    answer = await bank.call("authorize", bank.order("5421190000000004"), "k1")

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "card.number")
    assert "5421190000000004" not in answer.text


async def test_an_unknown_operation_is_not_found(bank: Any) -> None:
    assert (await bank.call("reverse", {})).status_code == 404


async def test_moving_money_needs_an_idempotency_key(bank: Any) -> None:
    answer = await bank.call("authorize", bank.order())

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_missing")


async def test_a_repeat_gives_the_same_answer_and_charges_once(bank: Any) -> None:
    first = await bank.call("authorize", bank.order(), "k1")
    second = await bank.call("authorize", bank.order(), "k1")

    assert second.content == first.content
    assert await bank.kinds() == ["authorization", "capture"]


async def test_fifty_repeats_at_once_charge_once(bank: Any) -> None:
    answers = await asyncio.gather(*(bank.call("authorize", bank.order(), "k1") for _ in range(50)))

    assert len({answer.content for answer in answers}) == 1
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_key_with_another_body_is_refused(bank: Any) -> None:
    await bank.authorize()

    answer = await bank.call("authorize", bank.order(amount="1.00"), "k1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "key_reused")
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_reference_serves_one_try_only(bank: Any) -> None:
    await bank.authorize()

    answer = await bank.call("authorize", bank.order(), "k2")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "duplicate_reference")


async def test_terminals_do_not_see_each_other(bank: Any, client_of: Any) -> None:
    approved = await bank.authorize()
    other = client_of(bank.url, "T-LEAN")

    async with other:
        assert await other.state(order_number="1001") == "none"
        assert await other.state(transaction_id=approved["transaction_id"]) == "none"
        message = {"transaction_id": approved["transaction_id"]}
        assert (await other.call("refund", message, "a1")).status_code == 404
        assert (await other.authorize())["result"] == "approved"


async def test_a_query_of_an_order_shows_every_try_and_the_state_that_counts(bank: Any) -> None:
    await bank.authorize()
    await bank.authorize("5421190000000017", key="k2", tried="2")

    found = (await bank.call("query", {"order_number": "1001"})).json()

    assert found["state"] == "approved"
    assert [each["state"] for each in found["payments"]] == ["approved", "declined"]
    assert found["payments"][0]["captured"] == "229.80"
    assert await bank.state(order_number="9999") == "none"


@pytest.mark.parametrize("by", [{}, {"reference": "1", "order_number": "1"}])
async def test_a_query_takes_exactly_one_name(bank: Any, by: dict[str, str]) -> None:
    assert (await bank.call("query", by)).status_code == 400


def test_a_card_prints_without_its_secrets() -> None:
    card = CardData(number="5421190000000009", holder="Ada", expiry_month="12", expiry_year="2099", cvv="123")
    assert repr(card) == "CardData('542119******0009')"
