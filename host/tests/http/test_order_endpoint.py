"""Orders that stand, and contracts, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_host.testing.journey import Shopper


def ordered(shopper: Shopper) -> str:
    """Place an order by funds transfer and return the path of its page."""
    if not shopper.client.get("/baskets/basket/").json()["basket"]["basketitem_set"]:
        shopper.buys(1, 2)
    shopper.comes_to_payment()
    shopper.submit("PaymentOptionSelectionPage", payment_option=2)
    shopper.submit("FundsTransferChoicePage", bank_account=1)
    shopper.submit("FundsTransferPage", agreement=1)
    return str(shopper.context("ThankYouPage")["redirect_url"])


def shown(shopper: Shopper, path: str) -> int:
    return shopper.client.get(path, params={"format": "json"}).status_code


def test_an_order_is_shown_as_the_contract_has_it(guest: Shopper) -> None:
    answer = guest.client.get(ordered(guest), params={"format": "json"}).json()

    order = answer["order"]
    assert answer["campaigns"] == []
    assert order["status"] == {"value": "300", "label": "Payment waiting"}
    assert order["currency"] == {"value": "try", "label": "TL"}
    assert (order["amount"], order["shipping_amount"]) == ("429.70", "29.90")
    assert (order["is_payable"], order["is_cancelled"], order["installment_count"]) == (True, False, 1)
    assert order["payment_option"] == {
        "pk": 2, "name": "Funds transfer", "payment_type": "funds_transfer", "slug": "funds-transfer",
    }  # fmt: skip
    assert order["user_email"] == "guest@example.com"
    assert [item["product"]["name"] for item in order["orderitem_set"]] == ["T-shirt", "T-shirt"]
    assert {item["price"] for item in order["orderitem_set"]} == {"199.90"}


def test_the_discounts_of_an_order_are_told(guest: Shopper) -> None:
    guest.buys(1, 2)
    guest.write("PATCH", "/baskets/basket/", voucher_code="WELCOME2024")
    order = guest.client.get(ordered(guest), params={"format": "json"}).json()["order"]

    [discount] = order["discountitem_set"]
    assert (discount["amount"], discount["code"], discount["order"]) == ("39.98", "WELCOME2024", order["id"])
    assert (order["discount_amount"], order["amount_without_discount"]) == ("39.98", "429.70")


def test_a_status_is_told_in_the_language_of_the_request(enter: Any) -> None:
    shopper = enter(language="tr")

    order = shopper.client.get(ordered(shopper), params={"format": "json"}).json()["order"]
    assert order["status"]["label"] == "Ödeme bekleniyor"


def test_a_completed_order_is_a_page_of_its_own(guest: Shopper) -> None:
    answer = guest.client.get(ordered(guest))

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "429.70 TL" in answer.text


def test_whoever_has_the_link_sees_the_order_but_no_other_account(
    guest: Shopper, user: Shopper, enter: Any
) -> None:
    path = ordered(guest)

    assert shown(enter(), path) == 200
    assert shown(user, path) == 404
    assert shown(enter("lean"), path) == 404


@pytest.mark.parametrize("at", [1, 20, -1])
def test_a_link_that_was_tampered_with_leads_nowhere(guest: Shopper, at: int) -> None:
    token = ordered(guest).strip("/").rpartition("/")[2]
    forged = list(token)
    forged[at] = "A" if forged[at] != "A" else "B"

    assert shown(guest, f"/orders/completed/{''.join(forged)}/") == 404


@pytest.mark.parametrize("token", ["x", "a:b:c", "1234567890123", "%00", "::", "x" * 3000])
def test_a_guessed_link_leads_nowhere(guest: Shopper, token: str) -> None:
    assert shown(guest, f"/orders/completed/{token}/") == 404


def test_a_user_lists_his_orders(user: Shopper) -> None:
    ordered(user)
    ordered(user)
    every = user.client.get("/users/orders/").json()

    assert every["count"] == 2
    assert every["results"][0]["created_date"] > every["results"][1]["created_date"]
    one = user.client.get("/users/orders/", params={"limit": 1}).json()
    assert (one["count"], len(one["results"])) == (2, 1)
    assert one["results"] == every["results"][:1]
    pk = every["results"][0]["id"]
    assert user.client.get(f"/users/orders/{pk}/").json() == every["results"][0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": 300}, 1),
        ({"status": 550}, 0),
        ({"created_date__gte": "2020-01-01", "created_date__lte": "2999-12-31"}, 1),
        ({"created_date__gte": "2999-01-01"}, 0),
        ({"created_date__lte": "2020-01-01T00:00:00Z"}, 0),
        ({"created_date__gte": "2020-01-01T00:00:00+03:00"}, 1),
    ],
)
def test_orders_are_narrowed_down(user: Shopper, query: dict[str, Any], count: int) -> None:
    ordered(user)

    assert user.client.get("/users/orders/", params=query).json()["count"] == count


@pytest.mark.parametrize("query", [{"status": "x"}, {"created_date__gte": "yesterday"}])
def test_a_filter_that_is_nonsense_is_refused(user: Shopper, query: dict[str, str]) -> None:
    answer = user.client.get("/users/orders/", params=query)

    assert (answer.status_code, list(answer.json())) == (400, list(query))


def test_orders_are_for_who_is_signed_in(guest: Shopper, user: Shopper) -> None:
    ordered(user)
    pk = user.client.get("/users/orders/").json()["results"][0]["id"]

    assert guest.client.get("/users/orders/").status_code == 401
    assert guest.client.get(f"/users/orders/{pk}/").status_code == 401


def test_an_order_of_somebody_else_is_not_found(user: Shopper, guest: Shopper) -> None:
    path = ordered(guest)
    pk = guest.client.get(path, params={"format": "json"}).json()["order"]["id"]

    for each in (str(pk), "x", "9" * 30):
        assert user.client.get(f"/users/orders/{each}/").status_code == 404


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Distance sales contract"), ("tr", "Mesafeli satış sözleşmesi")]
)
def test_a_contract_is_told_in_the_language_of_the_request(enter: Any, language: str, title: str) -> None:
    answer = enter(language=language).client.get(
        "/orders/contract/", params={"contract_name": "distance-sales"}
    )

    assert f"<h1>{title}</h1>" in answer.text
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("name", ["", "nothing", "distance-sales "])
def test_a_contract_that_is_none_is_not_found(guest: Shopper, name: str) -> None:
    assert guest.client.get("/orders/contract/", params={"contract_name": name}).status_code == 404
