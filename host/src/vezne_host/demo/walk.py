"""One whole checkout over HTTP, told page by page: a guest, a card in three parts, 3-D Secure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from vezne_core import VezneError

CARD = "5421190000000009"
WRONG_OTP, RIGHT_OTP = "000000", "123456"

Say = Callable[[str], None]


class WalkFailed(VezneError):
    """No order came out."""


class Walk:
    """A shopper's browser: keeps cookies, sends forms, and tells what comes back."""

    def __init__(self, shop: str, say: Say) -> None:
        self._say = say
        self._client = httpx.Client(base_url=shop, timeout=30.0, headers={"Accept-Language": "en"})

    def close(self) -> None:
        """Close the browser."""
        self._client.close()

    def run(self) -> tuple[str, str]:
        """Check out once and return the order's number and total.

        :raises WalkFailed: some step did not answer as it should.
        """
        self._fill_basket()
        self._step("GET", None)
        self._step("POST", "IndexPage", user_email="guest@example.com", phone_number="05551234567")
        address = self._address()
        self._step("POST", "AddressSelectionPage", shipping_address=address, billing_address=address)
        self._step("POST", "ShippingOptionSelectionPage", shipping_option=2)
        self._step("POST", "PaymentOptionSelectionPage", payment_option=1)
        answer = self._step("POST", "BinNumberPage", bin_number=CARD[:6])
        three = next(
            one for one in _context(answer, "InstallmentSelectionPage")["installments"]
            if one["installment_count"] == 3
        )  # fmt: skip
        self._step("POST", "InstallmentSelectionPage", installment=three["pk"])
        self._pay()
        self._at_the_bank(WRONG_OTP)
        answer = self._step("GET", None)
        self._expect(answer["context_list"][-1]["page_name"] == "CreditCardConfirmationPage", answer)
        self._pay()
        self._at_the_bank(RIGHT_OTP)
        answer = self._step("GET", None)
        thanks = _context(answer, "ThankYouPage")
        order = self._client.get(f"{thanks['redirect_url']}?format=json").json()["order"]
        self._say(f"\nOrder {order['number']}: {order['amount']} {order['currency']['label']}")
        return str(order["number"]), str(order["amount"])

    # Steps.

    def _fill_basket(self) -> None:
        token = self._client.get("/csrf_token/").json()["csrf_token"]
        self._client.headers["x-csrftoken"] = token
        for product, quantity in ((1, 2), (2, 1)):
            body = {"product": product, "quantity": quantity, "attributes": {}}
            answer = self._client.post("/baskets/basket/", json=body)
            self._expect(answer.status_code == 200, answer.text)
        basket = answer.json()["basket"]
        self._say(f"POST /baskets/basket/\n  {basket['total_quantity']} pieces, {basket['total_amount']}")

    def _address(self) -> int:
        body = {
            "title": "Home", "first_name": "Gülşen", "last_name": "Örnek", "phone_number": "05551234567",
            "email": "guest@example.com", "country": 1, "city": 34, "township": 3401, "district": 340101,
            "line": "Moda Caddesi 1", "postcode": "34710",
        }  # fmt: skip
        answer = self._client.post("/address/", json=body)
        self._expect(answer.status_code in (200, 201), answer.text)
        pk = int(answer.json()["pk"])
        self._say(f"\nPOST /address/\n  address {pk}: {body['line']}, Kadıköy, İstanbul")
        return pk

    def _pay(self) -> None:
        self._step(
            "POST", "CreditCardConfirmationPage", card_number=CARD, card_holder="Gülşen Örnek",
            card_month="1", card_year="2032", card_cvv="123", agreement="1", use_three_d="1",
        )  # fmt: skip

    def _at_the_bank(self, otp: str) -> None:
        """Go where the shop sends the browser, answer the bank and come back with its form."""
        page = self._client.get("/orders/redirect-three-d/")
        url, fields = _form(page.text)
        self._say(f"\nGET /orders/redirect-three-d/\n  sends the browser to {urlsplit(url).netloc}")
        with httpx.Client(timeout=30.0) as browser:
            browser.post(url, data=fields)
            answered = browser.post(url, data={"otp": otp})
        back, fields = _form(answered.text)
        query = dict(parse_qsl(urlsplit(back).query))
        self._say(f"  the shopper types {otp}; the bank says mdStatus {fields.get('mdStatus')}")
        # cross-site: the browser sends no cookie along
        with httpx.Client(base_url=self._client.base_url, timeout=30.0) as crossing:
            target = f"{urlsplit(back).path}?{urlsplit(back).query}"
            returned = crossing.post(target, data=fields)
        self._expect(returned.status_code == 303, returned.text)
        self._say(f"POST {urlsplit(back).path}?page={query.get('page')} (without cookie)")
        self._say(f"  303 to {_short(returned.headers['location'])}")

    def _step(self, method: str, page: str | None, **fields: Any) -> dict[str, Any]:
        target = "/orders/checkout/" + (f"?page={page}" if page else "")
        self._say(f"\n{method} {target}")
        if fields:
            self._say("  " + ", ".join(f"{key}={_masked(key, value)}" for key, value in fields.items()))
        answer = self._client.request(
            method, target, data=fields or None, headers={"X-Requested-With": "XMLHttpRequest"}
        )
        self._expect(answer.status_code == 200, answer.text)
        body: dict[str, Any] = answer.json()
        for entry in body["context_list"][-3:] if method == "GET" else body["context_list"]:
            self._say(f"  ← {entry['page_name']} {_told(entry['page_context'])}")
        pre_order = body.get("pre_order") or {}
        if pre_order.get("total_amount_with_interest"):
            self._say(
                f"    total {pre_order['total_amount_with_interest']} {pre_order['currency_type_label']}"
            )
        if body["errors"]:
            self._say(f"    errors {json.dumps(body['errors'], ensure_ascii=False)}")
        return body

    def _expect(self, holds: bool, answer: Any) -> None:
        if not holds:
            raise WalkFailed(f"unexpected answer: {str(answer)[:600]}")


def _context(answer: Mapping[str, Any], page: str) -> dict[str, Any]:
    for entry in answer["context_list"]:
        if entry["page_name"] == page:
            found: dict[str, Any] = entry["page_context"]
            return found
    shown = [entry["page_name"] for entry in answer["context_list"]]
    raise WalkFailed(f"{page} is not in the answer, which shows {shown} and errors {answer['errors']}")


def _form(page: str) -> tuple[str, dict[str, str]]:
    """Read the form of a page: where it goes, and its fields."""
    action = re.search(r'<form[^>]*action="([^"]+)"', page)
    if action is None:
        raise WalkFailed(f"no form in: {page[:300]}")
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[html.unescape(name[1])] = html.unescape(value[1])
    return html.unescape(action[1]), fields


def _masked(key: str, value: Any) -> str:
    if key == "card_number":
        return f"{str(value)[:6]}******{str(value)[-4:]}"
    return "***" if key == "card_cvv" else str(value)


def _short(url: str) -> str:
    return url if len(url) < 60 else f"{url[:57]}…"


def _told(context: Mapping[str, Any]) -> str:
    """Return a context in few words: lists by how many, and what they are called."""
    parts = []
    for key, value in context.items():
        if isinstance(value, list):
            names = [str(_name(each)) for each in value[:6]]
            parts.append(f"{key}: {', '.join(names) if names else 'none'}")
        elif isinstance(value, dict):
            parts.append(f"{key}: {_name(value)}")
        elif value is not None:
            parts.append(f"{key}: {_short(str(value))}")
    return "{" + "; ".join(parts) + "}"


def _name(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "installment_count" in value:
        monthly = Decimal(value["monthly_price_with_accrued_interest"])
        return f"{value['installment_count']} × {monthly}"
    amount = f" {value['shipping_amount']}" if value.get("shipping_amount") else ""
    return f"{value.get('name') or value.get('title') or value.get('pk')}{amount}"
