"""A shopper for tests: drives a checkout over HTTP as a storefront does, and looks at what comes back.

shopper = Shopper("http://127.0.0.1:8000", host="demo.localhost")
shopper.buys(product=1)
shopper.submit("IndexPage", user_email="guest@example.com")
assert shopper.pending == "AddressSelectionPage"
assert shopper.errors == {}
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

AJAX = {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}

CARD: Mapping[str, Any] = {
    "card_holder": "Gülşen Örnek",
    "card_month": "1",
    "card_year": "2035",
    "card_cvv": "123",
    "agreement": "1",
}
"""Fields of the card page beside the number."""

HOME: Mapping[str, Any] = {
    "title": "Home",
    "first_name": "Gülşen",
    "last_name": "Örnek",
    "phone_number": "05551234567",
    "email": "guest@example.com",
    "country": 1,
    "city": 34,
    "township": 3401,
    "district": 340101,
    "line": "Moda Caddesi 1",
    "postcode": "34710",
}
"""An address in Kadıköy, İstanbul."""

BERLIN: Mapping[str, Any] = {
    **HOME, "title": "Berlin", "country": 2, "city": 100, "township": 10001, "district": 1000101,
    "line": "Torstraße 1", "postcode": "10119",
}  # fmt: skip


class Shopper:
    """A browser with its cookies; remembers the last answer of the checkout."""

    def __init__(self, shop: str, *, host: str | None = None, language: str = "en") -> None:
        headers = {"Accept-Language": language}
        if host is not None:
            headers["Host"] = host
        self.client = httpx.Client(base_url=shop, timeout=30.0, headers=headers)
        self.answer: dict[str, Any] = {}

    def close(self) -> None:
        """Close the browser."""
        self.client.close()

    # What the last answer says.

    @property
    def pages(self) -> list[str]:
        """Names of the pages in the last answer."""
        return [entry["page_name"] for entry in self.answer["context_list"]]

    @property
    def pending(self) -> str | None:
        """Name of the page shown last."""
        return self.pages[-1] if self.pages else None

    @property
    def errors(self) -> dict[str, list[str]]:
        """Errors by field; none are an empty dict."""
        return self.answer["errors"] or {}

    @property
    def pre_order(self) -> dict[str, Any]:
        """The pre-order as shown."""
        shown: dict[str, Any] = self.answer["pre_order"]
        return shown

    @property
    def total(self) -> str:
        """What is to be paid, with interest."""
        return str(self.pre_order["total_amount_with_interest"])

    def context(self, page: str) -> dict[str, Any]:
        """Return the context of a page in the last answer."""
        for entry in self.answer["context_list"]:
            if entry["page_name"] == page:
                found: dict[str, Any] = entry["page_context"]
                return found
        raise AssertionError(f"{page} is not in the answer: {self.pages}, errors {self.errors}")

    # What a shopper does.

    def get(self, page: str | None = None) -> dict[str, Any]:
        """Look at the checkout, or at one page of it."""
        return self._took(self.client.get(_target(page), headers=AJAX))

    def submit(self, page: str, /, **fields: Any) -> dict[str, Any]:
        """Submit a page."""
        data = {key: str(value) for key, value in fields.items()}
        return self._took(self.client.post(_target(page), data=data, headers=AJAX))

    def _took(self, response: httpx.Response) -> dict[str, Any]:
        assert response.status_code == 200, f"{response.status_code}: {response.text[:500]}"
        self.answer = response.json()
        return self.answer

    def write(self, method: str, path: str, **json: Any) -> httpx.Response:
        """Send a write that needs a CSRF token."""
        token = self.client.get("/csrf_token/").json()["csrf_token"]
        return self.client.request(method, path, json=json, headers={"x-csrftoken": token})

    def buys(self, product: int = 1, quantity: int = 1) -> dict[str, Any]:
        """Put pieces into the basket and return it."""
        response = self.write("POST", "/baskets/basket/", product=product, quantity=quantity, attributes={})
        assert response.status_code == 200, response.text
        basket: dict[str, Any] = response.json()["basket"]
        return basket

    def signs_in(self, email: str, password: str) -> None:
        """Sign in."""
        response = self.write("POST", "/users/login/", email=email, password=password)
        assert response.status_code == 200, response.text

    def has_address(self, address: Mapping[str, Any] = HOME) -> int:
        """Write an address down and return its key."""
        response = self.write("POST", "/address/", **address)
        assert response.status_code in (200, 201), response.text
        return int(response.json()["pk"])

    def comes_to_payment(self, *, shipping: int = 1, address: Mapping[str, Any] = HOME) -> None:
        """Answer everything before the payment option, as a guest who buys one T-shirt if nothing else."""
        if not self.client.get("/baskets/basket/").json()["basket"]["basketitem_set"]:
            self.buys()
        self.get()
        if self.pending == "IndexPage":
            self.submit("IndexPage", user_email="guest@example.com", phone_number="05551234567")
        pk = self.has_address(address)
        self.submit("AddressSelectionPage", shipping_address=pk, billing_address=pk)
        if self.pending == "ShippingOptionSelectionPage":
            self.submit("ShippingOptionSelectionPage", shipping_option=shipping)
        assert self.pending == "PaymentOptionSelectionPage", (self.pages, self.errors)

    def comes_to_card(self, *, bin_number: str = "542119", installment: int = 1, **before: Any) -> None:
        """Answer everything before the card itself."""
        self.comes_to_payment(**before)
        self.submit("PaymentOptionSelectionPage", payment_option=1)
        self.submit("BinNumberPage", bin_number=bin_number)
        self.submit("InstallmentSelectionPage", installment=installment)
        assert self.pending == "CreditCardConfirmationPage", (self.pages, self.errors)

    def pays_by_card(self, number: str, *, use_three_d: int = 0, **fields: Any) -> dict[str, Any]:
        """Submit a card."""
        return self.submit(
            "CreditCardConfirmationPage", card_number=number, use_three_d=use_three_d, **{**CARD, **fields}
        )

    def pays_by_transfer(self, account: int = 1) -> dict[str, Any]:
        """Choose funds transfer and an account, and order."""
        self.submit("PaymentOptionSelectionPage", payment_option=2)
        if self.pending == "FundsTransferChoicePage":
            self.submit("FundsTransferChoicePage", bank_account=account)
        return self.submit("FundsTransferPage", agreement="1")

    # At the bank.

    def leaves_for_bank(self) -> tuple[str, dict[str, str]]:
        """Follow the shop to the bank: its address, and the fields that go there."""
        page = self.client.get("/orders/redirect-three-d/")
        assert page.status_code == 200, page.text
        return form_of(page.text)

    def types_otp(self, otp: str) -> tuple[str, dict[str, str]]:
        """Go to the bank and type a code; return the form that leads back."""
        url, fields = self.leaves_for_bank()
        with httpx.Client(timeout=30.0) as browser:
            assert browser.post(url, data=fields).status_code == 200
            return form_of(browser.post(url, data={"otp": otp}).text)

    def comes_back(self, url: str, fields: Mapping[str, str], *, cookie: bool = False) -> httpx.Response:
        """Post the bank's form to the shop; across sites, so without a cookie."""
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}"
        if cookie:
            return self.client.post(target, data=dict(fields))
        with httpx.Client(base_url=self.client.base_url, timeout=30.0) as crossing:
            return crossing.post(target, data=dict(fields), headers={"Host": self.host})

    @property
    def host(self) -> str:
        """The Host header that is sent."""
        return self.client.headers.get("Host") or self.client.base_url.netloc.decode()

    def authenticates(self, otp: str = "123456") -> httpx.Response:
        """Go to the bank, type a code and come back."""
        return self.comes_back(*self.types_otp(otp))

    # The order.

    def order(self) -> dict[str, Any]:
        """Return the order that the last answer thanks for."""
        address = self.context("ThankYouPage")["redirect_url"]
        response = self.client.get(f"{address}?format=json")
        assert response.status_code == 200, response.text
        order: dict[str, Any] = response.json()["order"]
        return order


Enter = Callable[..., Shopper]
"""Lets a shopper with a fresh browser enter a shop: ``enter("lean", language="tr")``."""


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Read the form of a page: where it goes, and its fields."""
    action = re.search(r'<form[^>]*action="([^"]+)"', page)
    assert action is not None, page[:300]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[html.unescape(name[1])] = html.unescape(value[1])
    return html.unescape(action[1]), fields


def _target(page: str | None) -> str:
    return f"/orders/checkout/?page={page}" if page else "/orders/checkout/"
