"""Every sandbox card does what its row of the demo shop says."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from vezne_payment_sandbox.bank.cards import catalogue, is_card_number

pytestmark = pytest.mark.anyio


def test_every_card_of_the_catalogue_passes_its_check_digit() -> None:
    assert len(catalogue().cards) == 10
    assert all(is_card_number(card.number) for card in catalogue().cards)


@pytest.mark.parametrize(
    "number", ["5421190000000009", "5421190000000074", "4791840000000004", "5400010000000004"]
)
async def test_an_approving_card_is_charged_at_once(bank: Any, number: str) -> None:
    answer = await bank.authorize(number, installments=3)

    assert answer["result"] == "approved"
    assert answer["amount"] == "229.80"
    assert answer["installments"] == 3
    assert answer["captured"] is True
    assert answer["masked_card"] == f"{number[:6]}******{number[-4:]}"
    assert len(answer["auth_code"]) == 6
    rows = await bank.ledger("1001")
    assert [row["kind"] for row in rows] == ["authorization", "capture"]
    assert {row["amount"] for row in rows} == {"229.80"}
    assert {row["idempotency_key"] for row in rows} == {"k1"}
    assert await bank.state(reference="10011") == "approved"


@pytest.mark.parametrize(
    ("number", "card", "code"),
    [
        ("5421190000000017", {}, "51"),
        ("5421190000000033", {}, "05"),
        ("4111111111111111", {}, "14"),
        ("5421190000000009", {"cvv": "124"}, "82"),
        ("5421190000000009", {"expiry_year": "2020"}, "54"),
    ],
)
async def test_a_decline_says_why_and_moves_nothing(
    bank: Any, number: str, card: dict[str, str], code: str
) -> None:
    order = bank.order(number)
    order["card"].update(card)

    answer = (await bank.call("authorize", order, "k1")).json()

    assert (answer["result"], answer["code"]) == ("declined", code)
    assert answer["text"]
    assert await bank.ledger() == []
    assert await bank.state(reference="10011") == "declined"


async def test_an_unknown_card_is_named_as_such(bank: Any) -> None:
    assert (await bank.authorize("4111111111111111"))["text"] == "Unknown card."


async def test_the_bank_demands_three_d_by_itself(bank: Any) -> None:
    urls = {**bank.three_d(), "three_d": False}
    begun = await bank.authorize("5421190000000025", **urls)

    assert begun["result"] == "three_d_required"
    await bank.authenticate(begun)
    done = (await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")).json()
    assert done["result"] == "approved"
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_demand_for_three_d_without_a_way_back_is_a_decline(bank: Any) -> None:
    assert (await bank.authorize("5421190000000025"))["code"] == "65"


async def test_provision_is_declined_after_three_d(bank: Any) -> None:
    begun = await bank.authorize("5421190000000033", **bank.three_d())
    _, back = await bank.authenticate(begun)

    assert back["mdStatus"] == "1"
    done = (await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")).json()
    assert (done["result"], done["code"]) == ("declined", "05")
    assert await bank.ledger() == []


async def test_a_lost_answer_has_charged_and_blocks_nobody(bank: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await bank.call("authorize", bank.order("5421190000000041"), "k1", timeout=0.3)

    assert await bank.state(reference="10011") == "approved"
    assert await bank.kinds() == ["authorization", "capture"]
    waiting = asyncio.create_task(
        bank.call("authorize", bank.order("5421190000000041", tried="2"), "k2", timeout=0.9)
    )
    await asyncio.sleep(0.1)
    began = time.perf_counter()
    assert (await bank.authorize(tried="3", key="k3"))["result"] == "approved"
    assert time.perf_counter() - began < 0.5
    with pytest.raises(httpx.ReadTimeout):
        await waiting


async def test_a_repeat_after_a_lost_answer_hears_it_and_charges_once(bank: Any) -> None:
    order = bank.order("5421190000000041")
    with pytest.raises(httpx.ReadTimeout):
        await bank.call("authorize", order, "k1", timeout=0.3)

    assert (await bank.call("authorize", order, "k1")).json()["result"] == "approved"
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_lost_request_has_not_charged(bank: Any) -> None:
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await bank.call("authorize", bank.order("5421190000000058"), "k1", timeout=0.2)

    assert await bank.state(reference="10011") == "none"
    assert await bank.ledger() == []


async def test_a_lost_request_after_three_d_is_as_if_it_never_was(bank: Any) -> None:
    begun = await bank.authorize("5421190000000058", **bank.three_d())
    await bank.authenticate(begun)
    with pytest.raises(httpx.ReadTimeout):
        await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1", timeout=0.2)

    assert await bank.state(reference="10011") == "none"
    assert await bank.ledger() == []


@pytest.mark.parametrize("three_d", [False, True])
async def test_the_first_attempt_is_not_processed_and_the_repeat_approves(bank: Any, three_d: bool) -> None:
    order = bank.order("5421190000000066", **(bank.three_d() if three_d else {}))
    operation, message = "authorize", order
    if three_d:
        begun = (await bank.call("authorize", order, "k1")).json()
        await bank.authenticate(begun)
        operation, message = "complete", {"payment_id": begun["payment_id"]}

    first = await bank.call(operation, message, "k1")
    assert (first.status_code, first.json()) == (500, {"processed": False})
    assert await bank.ledger() == []

    assert (await bank.call(operation, message, "k1")).json()["result"] == "approved"
    assert (await bank.call(operation, message, "k1")).json()["result"] == "approved"
    assert await bank.kinds() == ["authorization", "capture"]


async def test_rewards_and_campaigns_of_a_card(bank: Any) -> None:
    rich, poor = {"card_number": "5421190000000074"}, {"card_number": "5421190000000009"}

    assert (await bank.call("rewards", rich)).json()["rewards"] == {"general": "40.00", "special": "15.00"}
    campaigns = (await bank.call("campaigns", rich)).json()["campaigns"]
    assert [each["code"] for each in campaigns] == ["CAMP001", "CAMP002"]
    assert (await bank.call("rewards", poor)).json()["rewards"] == {}
    assert (await bank.call("campaigns", poor)).json()["campaigns"] == []


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"rewards": {"general": "40.00"}, "campaign": "CAMP002"}, None),
        ({"rewards": {"general": "40.01"}}, "R1"),
        ({"rewards": {"other": "0.01"}}, "R1"),
        ({"campaign": "CAMP003"}, "C1"),
    ],
)
async def test_rewards_are_spent_only_where_there_are_some(
    bank: Any, wish: dict[str, Any], code: str | None
) -> None:
    assert (await bank.authorize("5421190000000074", **wish)).get("code") == code


async def test_a_stored_card_pays_for_its_own_terminal_only(bank: Any, client_of: Any) -> None:
    stored = (await bank.authorize(store_card=True))["stored_card"]
    assert (stored["last_four"], stored["masked_card"]) == ("0009", "542119******0009")

    again = await bank.authorize(key="k2", tried="2", card=None, card_token=stored["token"])
    assert again["result"] == "approved"
    stranger = client_of(bank.url, "T-LEAN")
    async with stranger:
        answer = await stranger.authorize(key="k2", tried="2", card=None, card_token=stored["token"])
    assert answer["code"] == "14"
    assert (await bank.call("forget-card", {"card_token": stored["token"]})).json() == {"result": "forgotten"}
    assert (await bank.authorize(key="k3", tried="3", card=None, card_token=stored["token"]))["code"] == "14"
    taken = sum(Decimal(row["amount"]) for row in await bank.ledger() if row["kind"] == "capture")
    assert taken == Decimal("459.60")
