"""Tests command the bank to fail, and read what it saw without one secret."""

import time
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_a_wrong_amount_is_told_but_not_charged(bank: Any) -> None:
    await bank.control("faults", kind="wrong_amount", operation="authorize", amount="1.00")

    assert (await bank.authorize())["amount"] == "1.00"
    assert {row["amount"] for row in await bank.ledger()} == {"229.80"}
    assert (await bank.authorize())["amount"] == "229.80"


async def test_a_wrong_currency_is_told_by_a_query_too(bank: Any) -> None:
    await bank.authorize()
    await bank.control("faults", kind="wrong_currency", operation="query", currency="USD")

    found = (await bank.call("query", {"reference": "10011"})).json()
    assert found["payments"][0]["currency"] == "USD"


@pytest.mark.parametrize(("when", "kinds"), [("before", []), ("after", ["authorization", "capture"])])
@pytest.mark.parametrize("kind", ["error", "garbage", "reset"])
async def test_a_call_fails_before_or_after_the_bank_acted(
    bank: Any, kind: str, when: str, kinds: list[str]
) -> None:
    await bank.control("faults", kind=kind, operation="authorize", when=when)

    if kind == "reset":
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await bank.call("authorize", bank.order(), "k1")
    else:
        answer = await bank.call("authorize", bank.order(), "k1")
        assert answer.status_code == (500 if kind == "error" else 200)
        if kind == "garbage":
            with pytest.raises(ValueError, match="decode"):
                answer.json()
    assert await bank.kinds() == kinds
    assert (await bank.authorize())["result"] == "approved"
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_fault_waits_for_its_operation_order_and_number_of_calls(bank: Any) -> None:
    await bank.control("faults", kind="error", operation="query", calls=2, order_number="1001")
    await bank.authorize()

    assert (await bank.call("query", {"order_number": "1002"})).status_code == 200
    asked = [(await bank.call("query", {"reference": "10011"})).status_code for _ in range(3)]
    assert asked == [500, 500, 200]


async def test_a_delay_slows_one_call(bank: Any) -> None:
    await bank.control("faults", kind="delay", seconds=0.3)

    began = time.perf_counter()
    await bank.call("query", {"reference": "1"})
    assert time.perf_counter() - began >= 0.3
    began = time.perf_counter()
    await bank.call("query", {"reference": "1"})
    assert time.perf_counter() - began < 0.3


async def test_a_hang_ends_with_the_patience_of_the_client(bank: Any) -> None:
    await bank.control("faults", kind="hang", operation="query")

    with pytest.raises(httpx.ReadTimeout):
        await bank.call("query", {"reference": "1"}, timeout=0.2)


async def test_faults_can_be_listed_and_dropped(bank: Any) -> None:
    await bank.control("faults", kind="error", calls=9)

    assert [each["calls"] for each in (await bank.http.get("/control/faults")).json()] == [9]
    await bank.http.delete("/control/faults")
    assert (await bank.call("query", {"reference": "1"})).status_code == 200


@pytest.mark.parametrize("message", [{"kind": "explode"}, {"kind": "error", "calls": 0}, {"kindd": "error"}])
async def test_a_misspelt_command_is_refused(bank: Any, message: dict[str, Any]) -> None:
    assert (await bank.http.post("/control/faults", json=message)).status_code == 400


async def test_the_list_of_requests_knows_no_secret(bank: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    order = bank.order(buyer={"name": "5421 1900 0000 0009"}, store_card=True, **bank.three_d())
    order["card"] |= {"cvv": "987", "holder": "5421190000000009"}
    await bank.call("authorize", order, "k1")
    order = bank.order(tried="2", **bank.three_d())
    begun = (await bank.call("authorize", order, "k2")).json()
    await bank.authenticate(begun)
    await bank.call("rewards", {"card_number": "5421190000000009"})
    await bank.call("authorize", None, "k3", body=b'{"card": {"number": "5421190000000009", "cvv": "987"}')

    listed = (await bank.http.get("/control/requests")).json()
    seen = str([{key: each[key] for key in each if key != "at"} for each in listed])  # times have any digits

    logged = "".join(
        r.getMessage() for r in caplog.records if r.name.startswith(("vezne", "uvicorn", "litestar"))
    )
    assert "authorize" in logged

    for secret in (
        "5421190000000009",
        "5421 1900 0000 0009",
        "987",
        "123456",
        begun["session_token"],
        "Ada Love",
        "shop.test",
    ):
        assert secret not in seen
        assert secret not in logged
    lines = (await bank.http.get("/control/requests", params={"operation": "authorize"})).json()
    assert [(line["idempotency_key"], line["status"]) for line in lines] == [
        ("k1", 200),
        ("k2", 200),
        ("k3", 400),
    ]
    assert lines[0]["body"]["card"]["number"] == "542119******0009"
    assert lines[0]["body"]["reference"] == "10011"


async def test_a_reset_begins_a_new_day(bank: Any) -> None:
    await bank.authorize()
    await bank.control("reset")

    assert await bank.ledger() == []
    assert await bank.state(reference="10011") == "none"
    assert (await bank.authorize())["result"] == "approved"
