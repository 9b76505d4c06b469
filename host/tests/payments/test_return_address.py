"""What an address of return carries, so that an answer finds its attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from vezne_core import Buyer, Client, Money, PaymentAttempt, ReturnAddress, Secret
from vezne_host.payments.attempt import Made
from vezne_host.services.links import OrderLinks, ShopLinks

KEYS = [Secret("a-key-of-thirty-two-characters-or-more")]
SIGNED = OrderLinks(KEYS, "demo", 30, purpose="return")


def made(address: ReturnAddress) -> Made:
    attempt = PaymentAttempt(
        id="1", merchant="demo", key="k", reference="102938475610101", order_number="1029384756101",
        amount=Money.of("229.80", "TRY"), interest=Money.zero("TRY"), buyer=Buyer(email="ada@example.com"),
        client=Client(), option=5, gateway="sandbox", success_url="", failure_url="", notice_url="",
        return_address=address, expires=datetime(2026, 5, 4, tzinfo=UTC),
    )  # fmt: skip
    return Made(attempt, "the-token")


def queries(address: ReturnAddress) -> list[dict[str, list[str]]]:
    told = made(address).told(ShopLinks("https://shop.example"), "SomePage", SIGNED.sign)
    for url in (told.success_url, told.failure_url):
        assert url.startswith("https://shop.example/orders/checkout/?")
    return [parse_qs(urlsplit(url).query) for url in (told.success_url, told.failure_url)]


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        (ReturnAddress(), {"return_token"}),
        (ReturnAddress(one_time="required"), {"return_token"}),
        (ReturnAddress(one_time="none"), set()),
        (ReturnAddress(one_time="required", number=True), {"return_token", "n"}),
        (ReturnAddress(one_time="none", number=True), {"n"}),
    ],
    ids=["offered", "required", "none", "token and number", "number"],
)
def test_both_addresses_carry_what_was_asked_for(address: ReturnAddress, carried: set[str]) -> None:
    success, failure = queries(address)

    assert success.keys() == failure.keys() == {"page", "success", "three_d_secure"} | carried
    assert (success["success"], failure["success"]) == (["true"], ["false"])
    assert success["page"] == ["SomePage"]


def test_the_number_tells_the_try_to_us_only() -> None:
    ((signed,), _) = (query["n"] for query in queries(ReturnAddress(number=True)))

    assert SIGNED.number(signed) == "102938475610101"
    assert SIGNED.number(f"{signed}x") is None
    assert OrderLinks(KEYS, "other", 30, purpose="return").number(signed) is None


def test_what_is_signed_for_a_return_opens_no_order() -> None:
    orders = OrderLinks(KEYS, "demo", 30)

    assert orders.number(SIGNED.sign("1029384756101")) is None
    assert SIGNED.number(orders.sign("1029384756101")) is None


def test_what_is_stored_has_no_address_of_return() -> None:
    stored = made(ReturnAddress(number=True)).stored

    assert (stored.success_url, stored.failure_url) == ("", "")
