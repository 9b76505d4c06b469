"""Money taken on a provider's page, whose shopper never came back, or came back too late."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from decimal import Decimal
from typing import Any

import httpx
import pytest
from redis import Redis

from vezne_host.testing.house import House, Site
from vezne_host.testing.journey import Shopper, form_of
from vezne_host.testing.laws import asking, broken_laws

CARD = {
    "installments": "3",
    "card_number": "5421190000000009",
    "card_holder": "Gülşen Örnek",
    "card_expiry_month": "01",
    "card_expiry_year": "2035",
    "card_cvv": "123",
}
SOON = 45.0


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[House]:
    """A shop with its worker."""
    config = (pytestconfig.rootpath / "plugins.toml").read_text()
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    with fresh_database() as database_url:
        site = Site(tmp_path_factory.mktemp("provider"), config, database_url, session_redis_url)
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


def leaves(guest: Shopper) -> tuple[str, str]:
    """Start a payment and leave; return the order number and the provider's page."""
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=5)
    guest.submit("RedirectionPaymentSelectedPage", agreement="true")
    return guest.pre_order["number"], guest.client.get("/orders/redirection/").headers["Location"]


def pays(page: str) -> tuple[str, dict[str, str]]:
    return form_of(httpx.post(page, data=CARD).text)


def state(house: House, number: str) -> str:
    with asking(house.database_url) as ask:
        return str(ask("SELECT state FROM payment_attempt WHERE order_number = $1", number)[0]["state"])


def with_interest(total: str) -> Decimal:
    return (Decimal(total) * Decimal("1.02")).quantize(Decimal("0.01"))


def test_who_paid_and_closed_the_browser_gets_his_order_with_the_interest(
    guest: Shopper, house: House
) -> None:
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "after"}).raise_for_status()
    number, page = leaves(guest)
    total = guest.total
    pays(page)
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "none"}).raise_for_status()

    until(lambda: state(house, number) == "placed", "the order")
    guest.get()
    assert guest.pages == ["ThankYouPage"], "the bank told the shop by itself"
    order = guest.order()
    assert (order["number"], order["installment_count"]) == (number, 3)
    assert Decimal(order["amount"]) == taken(house, number) == with_interest(total)
    assert broken_laws(house) == []


def test_an_answer_after_its_notice_leads_to_the_same_order(guest: Shopper, house: House) -> None:
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "before"}).raise_for_status()
    number, page = leaves(guest)
    url, fields = pays(page)
    httpx.post(f"{house.bank}/control/notice-mode", json={"mode": "none"}).raise_for_status()
    returned = guest.comes_back(url, fields)
    assert returned.headers["Location"].startswith(f"{house.shop}/orders/completed/")
    guest.get()
    assert taken(house, number) == Decimal(guest.order()["amount"])
    assert broken_laws(house) == []


@pytest.mark.parametrize("settled", [False, True], ids=["voided", "refunded"])
def test_money_of_a_payment_that_was_let_go_goes_back_with_its_interest(
    guest: Shopper, house: House, settled: bool
) -> None:
    number, page = leaves(guest)
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    url, fields = pays(page)
    assert taken(house, number) > 0
    if settled:
        httpx.post(f"{house.bank}/control/settle").raise_for_status()
    assert guest.comes_back(url, fields).status_code == 303
    until(lambda: taken(house, number) == 0, "the money")
    guest.get()
    assert guest.pending == "FundsTransferChoicePage", "and no order came of it"
    end = "refunded" if settled else "voided"
    until(lambda: state(house, number) == end, "the end of the attempt")
    assert broken_laws(house) == []


def test_a_decision_that_did_not_arrive_becomes_the_order(guest: Shopper, house: House) -> None:
    number, page = leaves(guest)
    url, fields = pays(page)
    fault = {"kind": "reset", "operation": "complete", "order_number": number}
    httpx.post(f"{house.bank}/control/faults", json=fault).raise_for_status()
    guest.comes_back(url, fields)
    guest.get()
    assert guest.pending != "ThankYouPage"
    until(lambda: state(house, number) == "placed", "the order")
    guest.get()
    order = guest.order()
    assert order["installment_count"] == 3
    assert taken(house, number) == Decimal(order["amount"])
    assert broken_laws(house) == []


def test_another_amount_than_was_asked_for_is_for_an_operator_to_judge(guest: Shopper, house: House) -> None:
    number, page = leaves(guest)
    url, fields = pays(page)
    fault = {"kind": "wrong_amount", "amount": "1.00", "operation": "complete", "order_number": number}
    httpx.post(f"{house.bank}/control/faults", json=fault).raise_for_status()
    guest.comes_back(url, fields)

    with asking(house.database_url) as ask:
        (event,) = ask("SELECT text FROM operator_event WHERE order_number = $1", number)
        assert ask('SELECT pk FROM "order" WHERE number = $1', number) == []
    assert re.search(r"asked [0-9.]+ TRY, approved 1.00 TRY with [0-9.]+ TRY of interest", event["text"])
    assert state(house, number) == "unknown"
    guest.submit("RedirectionPaymentSelectedPage", agreement="true")
    assert guest.errors == {"non_field_errors": ["We are confirming your payment."]}
