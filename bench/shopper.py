"""Guests who check out: every request of a storefront, every answer looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from bench.wire import Answer, Connection

CARD = "5421190000000009"
"""The bank approves it."""
PRODUCT = 1
PIECES = 2
EMAIL = "guest@example.com"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

ADDRESS: Mapping[str, Any] = {
    "title": "Home", "first_name": "Gülşen", "last_name": "Örnek", "phone_number": "05551234567",
    "email": EMAIL, "country": 1, "city": 34, "township": 3401, "district": 340101,
    "line": "Moda Caddesi 1", "postcode": "34710",
}  # fmt: skip


class Entry(Struct, frozen=True):
    """A page of an answer."""

    page_name: str
    page_context: msgspec.Raw


class Shown(Struct, frozen=True):
    """What a storefront looks at in every answer of the checkout."""

    context_list: list[Entry]
    errors: dict[str, list[str]] | None = None


class Thanks(Struct, frozen=True):
    """Context of ThankYouPage."""

    order_id: int


class Token(Struct, frozen=True):
    """Answer of ``/csrf_token/``."""

    csrf_token: str


class Made(Struct, frozen=True):
    """Answer of ``/address/``."""

    pk: int


_SHOWN = msgspec.json.Decoder(Shown)
_THANKS = msgspec.json.Decoder(Thanks)
_TOKEN = msgspec.json.Decoder(Token)
_MADE = msgspec.json.Decoder(Made)

Told = Callable[[str, float], None]
"""Hears of every step how many seconds it took."""


class WrongAnswer(Exception):
    """The shop did not answer as it should."""


class Shopper:
    """One guest with a fresh browser on a kept connection."""

    def __init__(self, connection: Connection, host: str, told: Told) -> None:
        self._connection = connection
        self._told = told
        self._cookies: dict[str, str] = {}
        self._head = (
            f"host: {host}\r\nuser-agent: {AGENT}\r\naccept: application/json\r\n"
            "accept-language: en\r\naccept-encoding: gzip, deflate\r\n"
        )

    async def buys_by_transfer(self) -> int:
        """Check out with funds transfer and return the key of the order."""
        await self._comes_to_payment()
        await self._submit("PaymentOptionSelectionPage", "FundsTransferChoicePage", payment_option=2)
        await self._submit("FundsTransferChoicePage", "FundsTransferPage", bank_account=1)
        return self._order(await self._submit("FundsTransferPage", "ThankYouPage", agreement=1))

    async def buys_by_card(self) -> int:
        """Check out with a card, paid at once and without 3-D Secure, and return the key of the order."""
        await self._comes_to_payment()
        await self._submit("PaymentOptionSelectionPage", "BinNumberPage", payment_option=1)
        await self._submit("BinNumberPage", "InstallmentSelectionPage", bin_number=CARD[:6])
        await self._submit("InstallmentSelectionPage", "CreditCardConfirmationPage", installment=1)
        paid = await self._submit(
            "CreditCardConfirmationPage", "ThankYouPage", card_number=CARD, card_holder="Gülşen Örnek",
            card_month=1, card_year=2035, card_cvv=123, agreement=1, use_three_d=0,
        )  # fmt: skip
        return self._order(paid)

    # Steps.

    async def _comes_to_payment(self) -> None:
        answer = await self._ask("csrf_token", "GET", "/csrf_token/", 200)
        token = f"x-csrftoken: {_TOKEN.decode(answer.body).csrf_token}\r\n"
        line = {"product": PRODUCT, "quantity": PIECES, "attributes": {}}
        await self._ask("basket", "POST", "/baskets/basket/", 200, token, line)
        answer = await self._ask("checkout", "GET", "/orders/checkout/", 200, AJAX)
        self._look(answer, "checkout", "IndexPage")
        await self._submit("IndexPage", "AddressSelectionPage", user_email=EMAIL, phone_number="05551234567")
        answer = await self._ask("address", "POST", "/address/", 201, token, ADDRESS)
        pk = _MADE.decode(answer.body).pk
        await self._submit(
            "AddressSelectionPage", "ShippingOptionSelectionPage", shipping_address=pk, billing_address=pk
        )
        await self._submit("ShippingOptionSelectionPage", "PaymentOptionSelectionPage", shipping_option=1)

    async def _submit(self, page: str, following: str, **fields: Any) -> Shown:
        form = urlencode(fields).encode()
        answer = await self._ask(page, "POST", f"/orders/checkout/?page={page}", 200, FORM, form)
        return self._look(answer, page, following)

    async def _ask(
        self, step: str, method: str, target: str, status: int, headers: str = "", content: Any = None
    ) -> Answer:
        body = b""
        if isinstance(content, bytes):
            body = content
        elif content is not None:
            body = msgspec.json.encode(content)
            headers += "content-type: application/json\r\n"
        if self._cookies:
            headers += f"cookie: {'; '.join(f'{k}={v}' for k, v in self._cookies.items())}\r\n"
        if body:
            headers += f"content-length: {len(body)}\r\n"
        request = f"{method} {target} HTTP/1.1\r\n{self._head}{headers}\r\n".encode() + body
        began = perf_counter()
        answer = await self._connection.ask(request)
        self._told(step, perf_counter() - began)
        if answer.status != status:
            raise WrongAnswer(f"{step}: {answer.status} {answer.body[:400]!r}")
        self._cookies.update(answer.cookies)
        return answer

    @staticmethod
    def _look(answer: Answer, step: str, following: str) -> Shown:
        shown = _SHOWN.decode(answer.body)
        if shown.errors or not shown.context_list or shown.context_list[-1].page_name != following:
            pages = [entry.page_name for entry in shown.context_list]
            raise WrongAnswer(f"{step}: answered with {pages}, errors {shown.errors}")
        return shown

    @staticmethod
    def _order(shown: Shown) -> int:
        return _THANKS.decode(shown.context_list[-1].page_context).order_id


AJAX = "x-requested-with: XMLHttpRequest\r\n"
FORM = AJAX + "content-type: application/x-www-form-urlencoded\r\n"
