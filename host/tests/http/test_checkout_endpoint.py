"""``/orders/checkout/`` at its edge: who may ask in which way, and what a bank's return is answered with."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jsonschema
import pytest

from vezne_host.testing.house import House
from vezne_host.testing.journey import AJAX, CARD, Shopper

PATH = "/orders/checkout/"
DECLINED_AFTER_3D = "5421190000000033"
DEMANDS_3D = "5421190000000025"


def to_the_bank(shopper: Shopper, number: str) -> None:
    """Pay by a card that needs 3-D Secure, up to where the browser leaves for the bank."""
    shopper.buys()
    shopper.comes_to_payment()
    shopper.submit("PaymentOptionSelectionPage", payment_option=1)
    shopper.submit("BinNumberPage", bin_number=number[:6])
    shopper.submit("InstallmentSelectionPage", installment=1)
    shopper.submit("CreditCardConfirmationPage", **CARD, card_number=number, use_three_d=1)
    assert shopper.errors == {}, shopper.errors


def bank_form(text: str) -> tuple[str, dict[str, str]]:
    """Return where a form goes, and its hidden fields."""
    action = re.search(r'action="([^"]+)"', text)
    assert action is not None, text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text)
    return unescape(action.group(1)), {unescape(name): unescape(value) for name, value in fields}


def charged(house: House, number: str) -> list[dict[str, Any]]:
    """Return what the bank has authorized for an order."""
    return [row for row in house.ledger(number) if row["kind"] == "authorization"]


def from_the_bank(shopper: Shopper, otp: str = "123456") -> tuple[str, dict[str, str]]:
    """Pass the bank's access page and return the address and the form that it sends the browser back with."""
    action, fields = bank_form(shopper.client.get("/orders/redirect-three-d/").text)
    with httpx.Client() as bank:
        page = bank.post(action, data=fields, follow_redirects=True)
        action, fields = bank_form(page.text)
        target = httpx.URL(str(page.url)).join(action)
        return bank_form(bank.post(target, data={**fields, "otp": otp}, follow_redirects=True).text)


# Who may ask in which way.


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_that_is_none_is_not_found(guest: Shopper, method: str) -> None:
    for page in ("NoSuchPage", "SlotSelectionPage", "__class__", "IndexPage%00"):
        answer = guest.client.request(method, f"{PATH}?page={page}", headers=AJAX)
        assert (answer.status_code, answer.json()) == (
            404, {"errors": {"non_field_errors": ["There is no such page."]}},
        )  # fmt: skip


def test_a_submit_names_its_page(guest: Shopper) -> None:
    answer = guest.client.post(PATH, headers=AJAX)

    assert (answer.status_code, answer.json()) == (
        400, {"errors": {"non_field_errors": ["Say which page is submitted."]}},
    )  # fmt: skip


def test_a_form_of_another_site_changes_nothing(guest: Shopper) -> None:
    guest.buys()
    answer = guest.client.post(f"{PATH}?page=IndexPage", data={"user_email": "evil@example.com"})

    assert answer.status_code == 403
    assert guest.get()["pre_order"]["user_email"] is None


def test_a_submit_needs_no_csrf_token_but_the_header(guest: Shopper) -> None:
    guest.buys()
    guest.client.cookies.delete("csrftoken")

    guest.submit("IndexPage", user_email="guest@example.com")
    assert guest.errors == {}


@pytest.mark.parametrize("kind", ["form", "json", "multipart"])
def test_a_page_is_submitted_as_form_or_json(guest: Shopper, kind: str) -> None:
    guest.buys()
    fields = {"user_email": "guest@example.com", "phone_number": "05551234567"}
    sent: dict[str, Any] = {
        "form": {"data": fields},
        "json": {"json": fields},
        "multipart": {
            "content": b"".join(
                f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                for name, value in fields.items()
            )
            + b"--X--\r\n",
            "headers": {"content-type": "multipart/form-data; boundary=X"},
        },
    }[kind]
    answer = guest.client.post(
        f"{PATH}?page=IndexPage", **{**sent, "headers": {**AJAX, **sent.get("headers", {})}}
    )

    assert answer.status_code == 200
    assert answer.json()["pre_order"]["user_email"] == "guest@example.com"


def test_the_query_string_fills_no_form_of_a_shopper(guest: Shopper) -> None:
    guest.buys()
    answer = guest.client.post(f"{PATH}?page=IndexPage&user_email=evil@example.com", headers=AJAX)

    assert answer.json()["errors"] == {"user_email": ["This field is required."]}


def test_every_wrong_field_is_told_with_the_page(guest: Shopper) -> None:
    guest.buys()
    guest.submit("IndexPage", user_email="nobody", phone_number="1")

    assert set(guest.errors) == {"user_email", "phone_number"}
    assert guest.pages == ["IndexPage"]


def test_without_goods_there_is_nothing_to_check_out(guest: Shopper) -> None:
    assert guest.get() == {
        "context_list": [],
        "errors": None,
        "template_name": "orders/checkout.html",
        "redirect_url": "/baskets/basket/",
    }


def test_a_browser_gets_a_page(guest: Shopper) -> None:
    empty = guest.client.get(PATH)
    guest.buys()
    filled = guest.client.get(PATH)

    assert empty.headers["content-type"] == "text/html; charset=utf-8"
    assert "Your basket is empty." in empty.text
    assert "IndexPage" in filled.text
    assert "default-src 'none'" in filled.headers["content-security-policy"]


@pytest.mark.parametrize(
    "answers",
    [[], ["buy"], ["buy", "email"], ["buy", "pay"]],
    ids=["empty", "guest", "address", "payment"],
)
def test_answers_are_as_the_schema_says(guest: Shopper, answers: list[str]) -> None:
    document = guest.client.get("/schema/openapi.json").json()
    schema = {"$ref": "#/components/schemas/CheckoutAnswer", "components": document["components"]}
    if "buy" in answers:
        guest.buys()
    if "email" in answers:
        guest.submit("IndexPage", user_email="guest@example.com")
    if "pay" in answers:
        guest.comes_to_payment()

    jsonschema.Draft202012Validator(schema).validate(guest.get())


def test_the_schema_has_exactly_the_pages_of_the_merchant(guest: Shopper, enter: Any) -> None:
    def pages(shopper: Shopper) -> list[str]:
        document = shopper.client.get("/schema/openapi.json").json()
        return list(document["paths"]["/orders/checkout/"]["post"]["x-pages"])

    assert "VoucherCodePage" in pages(guest)
    assert "CreditCardConfirmationPage" not in pages(enter("lean"))
    assert "FundsTransferPage" in pages(enter("lean"))


# To the bank and back.


def test_the_way_to_the_bank_is_a_form_that_submits_itself(guest: Shopper, house: House) -> None:
    to_the_bank(guest, DEMANDS_3D)
    answer = guest.client.get("/orders/redirect-three-d/")

    action, fields = bank_form(answer.text)
    assert action.startswith(house.bank)
    assert fields
    assert answer.headers["cache-control"] == "no-store"
    nonce = re.search(r"script-src 'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert nonce is not None
    assert f'<script nonce="{nonce.group(1)}">' in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_without_a_payment_there_is_no_way_to_the_bank(guest: Shopper, house: House) -> None:
    answer = guest.client.get("/orders/redirect-three-d/")

    assert '<link rel="canonical" href="' in answer.text
    assert "<form" not in answer.text
    assert house.shop in answer.text


def test_a_browser_that_returns_without_its_cookie_is_sent_to_its_order(guest: Shopper, house: House) -> None:
    to_the_bank(guest, DEMANDS_3D)
    target, fields = from_the_bank(guest)

    answer = httpx.post(target, data=fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{house.shop}/orders/completed/")
    assert "set-cookie" not in answer.headers
    path = urlsplit(answer.headers["location"]).path
    order = guest.client.get(path, params={"format": "json"}).json()["order"]
    assert order["status"]["value"] == "400"
    assert [row["amount"] for row in charged(house, order["number"])] == [order["amount"]]
    before = str(guest.client.cookies["osessionid"])
    assert guest.get()["context_list"][-1]["page_name"] == "ThankYouPage"
    assert str(guest.client.cookies["osessionid"]) != before


def test_the_same_return_twice_is_one_order(guest: Shopper, house: House) -> None:
    to_the_bank(guest, DEMANDS_3D)
    target, fields = from_the_bank(guest)

    first, second = (httpx.post(target, data=fields) for _ in range(2))

    orders = [
        guest.client.get(urlsplit(answer.headers["location"]).path, params={"format": "json"}).json()["order"]
        for answer in (first, second)
    ]
    assert orders[0] == orders[1]
    assert len(charged(house, orders[0]["number"])) == 1


def test_the_errors_of_a_return_are_shown_once(guest: Shopper, house: House) -> None:
    to_the_bank(guest, DECLINED_AFTER_3D)
    target, fields = from_the_bank(guest)

    answer = httpx.post(target, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{house.shop}{PATH}")
    alert = re.search(r'<div role="alert">(.*?)</div>', guest.client.get(PATH).text)
    assert alert is not None
    assert alert.group(1)
    assert '<div role="alert"></div>' in guest.client.get(PATH).text


def test_a_return_that_a_storefront_relays_is_answered_in_json(guest: Shopper) -> None:
    to_the_bank(guest, DEMANDS_3D)
    target, fields = from_the_bank(guest)
    parts = urlsplit(target)

    answer = guest.client.post(f"{parts.path}?{parts.query}", data=fields, headers=AJAX)

    assert answer.status_code == 200
    assert answer.json()["context_list"][-1]["page_name"] == "ThankYouPage"


@pytest.mark.parametrize("cookie", [True, False])
def test_a_return_that_belongs_to_no_payment_changes_nothing(guest: Shopper, cookie: bool) -> None:
    to_the_bank(guest, DEMANDS_3D)
    target, fields = from_the_bank(guest)
    query = dict(parse_qsl(urlsplit(target).query)) | {"return_token": "guessed"}
    client = guest.client if cookie else httpx.Client(base_url=str(guest.client.base_url))

    plain = client.post(PATH, params=query, data=fields)
    relayed = client.post(PATH, params=query, data=fields, headers=AJAX)

    assert plain.status_code == 303
    assert plain.headers["location"].endswith(PATH)
    assert relayed.status_code == 404
    assert guest.get()["context_list"][-1]["page_name"] != "ThankYouPage"
    if not cookie:
        client.close()
