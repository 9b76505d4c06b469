"""What the shopper came with, bounded and within what the merchant has."""

from __future__ import annotations

import pytest

from vezne_host.http.client import client_of, currency_of


@pytest.mark.parametrize(
    ("stated", "type"),
    [
        ("ios", "ios"),
        ("Android", "android"),
        ("default", "default"),
        ("instore", "default"),
        ("toaster", "default"),
        ("", "default"),
    ],
)
def test_a_client_may_not_claim_to_stand_in_a_store(stated: str, type: str) -> None:
    assert client_of({"x-client-type": stated}, "1.1.1.1", ["en"]).type == type


def test_a_client_is_what_its_headers_say() -> None:
    headers = {"accept": "text/html", "user-agent": "Browser", "accept-language": "tr-tr"}
    client = client_of(headers, "203.0.113.7", ["en", "tr"])

    assert (client.ip, client.accept, client.user_agent, client.language) == (
        "203.0.113.7", "text/html", "Browser", "tr",
    )  # fmt: skip


def test_long_headers_are_cut() -> None:
    client = client_of({"accept": "a" * 10_000, "user-agent": "b" * 10_000}, "", ["en"])

    assert (len(client.accept), len(client.user_agent)) == (512, 512)


@pytest.mark.parametrize(
    ("stated", "currency"),
    [("eur", "EUR"), ("EUR", "EUR"), ("try", "TRY"), ("usd", "TRY"), ("undefined", "TRY"), ("", "TRY")],
)
def test_the_currency_is_one_of_the_merchants(stated: str, currency: str) -> None:
    assert currency_of({"x-currency": stated}, ["TRY", "EUR"]) == currency
