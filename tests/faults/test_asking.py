"""Rows 3, 4, 8, 9 and 34 of the fault list: what the gateway says later, and who says it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from decimal import Decimal
from typing import Any

import httpx
import pytest
from redis import Redis

from vezne_host.testing.house import House, Site
from vezne_host.testing.journey import Shopper

APPROVES = "5421190000000009"
CHARGES_WITHOUT_ANSWER = "5421190000000041"
NEVER_ARRIVES = "5421190000000058"

SOON = 45.0


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[House]:
    """A shop whose gateway is impatient, with its worker."""
    config = (pytestconfig.rootpath / "plugins.toml").read_text()
    config = config.replace("timeout = 3.0", "timeout = 0.7").replace(
        "settles_after = 10.0", "settles_after = 2.0"
    )
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    with fresh_database() as database_url:
        site = Site(tmp_path_factory.mktemp("asking"), config, database_url, session_redis_url)
        with site.bank(), site.shop(), site.worker():
            yield site.house


@pytest.fixture
def guest(house: House) -> Iterator[Shopper]:
    with closing(Shopper(house.shop, host="demo.localhost")) as shopper:
        yield shopper


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait for something that will come to be."""
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.2)
    pytest.fail(f"{what} did not come to be within {SOON:.0f} s")


def taken(house: House, number: str) -> Decimal:
    signs = {"capture": 1, "refund": -1, "void": -1}
    rows = house.ledger(number)
    return sum((signs.get(row["kind"], 0) * Decimal(row["amount"]) for row in rows), Decimal(0))


def status(shopper: Shopper) -> dict[str, Any]:
    answer = shopper.client.get("/orders/checkout/status/")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_row_3_a_charge_whose_answer_was_lost_becomes_the_order(guest: Shopper, house: House) -> None:
    assert status(guest)["state"] == "none"
    guest.comes_to_card()
    guest.pays_by_card(CHARGES_WITHOUT_ANSWER)
    number = guest.get()["pre_order"]["number"]
    assert status(guest)["state"] == "waiting"
    told = until(lambda: (s := status(guest))["state"] == "placed" and s, "the order")
    assert told["redirect_url"].startswith("/orders/completed/")
    guest.get()
    assert guest.pages == ["ThankYouPage"], "without a second click"
    assert guest.order()["number"] == number
    assert taken(house, number) == Decimal(guest.order()["amount"])


def test_row_4_a_charge_that_never_arrived_is_tried_again(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(NEVER_ARRIVES)
    number = guest.get()["pre_order"]["number"]
    until(lambda: status(guest)["state"] == "failed", "the release")
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"
    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    assert taken(house, number) == Decimal(guest.order()["amount"])


def test_row_8_a_shopper_who_never_comes_back_is_charged_nothing(guest: Shopper, house: House) -> None:
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "after"}).raise_for_status()
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    number = guest.pre_order["number"]
    guest.types_otp("123456")  # and the browser is closed
    # nothing was taken: the money is asked for when the shopper is back
    assert taken(house, number) == 0
    assert status(guest)["state"] == "challenged"


def test_row_9_money_that_came_after_the_attempt_was_let_go_goes_back(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    number = guest.pre_order["number"]
    url, fields = guest.types_otp("123456")
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    assert status(guest)["state"] in ("none", "failed")
    guest.comes_back(url, fields)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    guest.submit("FundsTransferPage", agreement="1")
    assert guest.pages == ["ThankYouPage"]
    assert taken(house, number) == 0


def test_row_34_a_forged_notice_is_refused(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    body = {"event": "x", "reference": "1", "state": "approved", "amount": "1.00"}
    for headers in ({}, {"X-Bank-Signature": "0" * 64, "X-Bank-Timestamp": "1", "X-Bank-Terminal": "T-DEMO"}):
        answer = httpx.post(
            f"{house.shop}/orders/hooks/sandbox/", json=body, headers={"Host": "demo.localhost", **headers}
        )
        assert answer.status_code == 401, answer.text
    assert status(guest)["state"] == "challenged"
    unknown = httpx.post(f"{house.shop}/orders/hooks/nobody/", json=body, headers={"Host": "demo.localhost"})
    assert unknown.status_code == 404


def test_row_8_a_notice_before_our_own_answer_places_once(guest: Shopper, house: House) -> None:
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "before"}).raise_for_status()
    guest.comes_to_card()
    guest.pays_by_card(APPROVES)
    number = guest.pre_order["number"]
    until(lambda: status(guest)["state"] == "placed", "the order")
    assert taken(house, number) == Decimal(house.ledger(number)[-1]["amount"])
    assert [row["kind"] for row in house.ledger(number)].count("capture") == 1
