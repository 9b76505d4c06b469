"""The bank as a process of its own, what a shopper's browser does there, and the gateway under test."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import pytest

from vezne_core import (
    Answer,
    Buyer,
    CardDetails,
    Client,
    FormPost,
    Money,
    PaymentAttempt,
    Redirect,
    Secret,
)
from vezne_host.services.clock import SystemClock
from vezne_host.services.http import OutboundHttp
from vezne_payment_sandbox.gateway import SandboxGateway
from vezne_payment_sandbox.redirect_gateway import SandboxRedirectGateway
from vezne_payment_sandbox.terminal import Terminal

TLS = ssl.create_default_context()  # once: it takes longer than a test
HOLD_SECONDS = "0.3"
"""How long the bank keeps a call that it will not answer, before it breaks the connection."""


class _Form(HTMLParser):
    """Reads the first form of a page, as a browser would send it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = given["action"]
        if tag == "input" and given.get("type") == "hidden":
            self.fields.append((given["name"], given["value"]))


class Bank:
    """The bank as its operator and its shoppers see it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=20, trust_env=False, verify=TLS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def control(self, command: str, **message: Any) -> None:
        answer = await self._http.post(f"/control/{command}", json=message)
        assert answer.status_code == 200, answer.text

    async def requests(self, operation: str) -> list[dict[str, Any]]:
        return list((await self._http.get("/control/requests", params={"operation": operation})).json())

    async def rows(self, order_number: str = "1001") -> list[dict[str, str]]:
        return list((await self._http.get("/ledger", params={"order_number": order_number})).json())

    async def taken(self, order_number: str = "1001") -> Decimal:
        """Return the money that the bank holds for an order: captures less refunds and voids."""
        sign = {"authorization": 0, "capture": 1, "refund": -1, "void": -1}
        rows = await self.rows(order_number)
        return sum((sign[row["kind"]] * Decimal(row["amount"]) for row in rows), Decimal(0))

    async def visit(self, hand_off: Any, **answer: str) -> Answer:
        """Go to the bank as a browser does, answer its page, and return what is posted to the shop."""
        assert isinstance(hand_off, FormPost)
        page = await self._http.post(hand_off.url, data=hand_off.fields)
        assert page.status_code == 200, page.text
        back = await self._http.post(
            str(page.url.join(_Form(page.text).action)), data=answer or {"otp": "123456"}
        )
        assert back.status_code == 200, back.text
        form = _Form(back.text)
        assert form.action.startswith("https://shop.example/")
        return posted(form.fields)

    async def browse(self, hand_off: Any, *posts: dict[str, str]) -> Answer | str:
        """Go to the bank's own page, post to it, and return what goes back to the shop, or the page shown."""
        assert isinstance(hand_off, Redirect)
        shown = await self._http.get(hand_off.url)
        for fields in posts:
            shown = await self._http.post(hand_off.url, data=fields)
        assert shown.status_code == 200, shown.text
        form = _Form(shown.text)
        return posted(form.fields) if form.action.startswith("https://shop.example/") else shown.text

    async def pays(self, hand_off: Any, number: str = "5421190000000009", **changed: str) -> Any:
        """Type a card on the bank's own page."""
        return await self.browse(hand_off, typed(number, **changed))


def typed(number: str = "5421190000000009", **changed: str) -> dict[str, str]:
    """Return what a shopper types on the bank's own page."""
    fields = {
        "installments": "1",
        "card_number": number,
        "card_holder": "ADA LOVELACE",
        "card_expiry_month": "01",
        "card_expiry_year": "2099",
        "card_cvv": "123",
    }
    return {**fields, **changed}


def posted(fields: list[tuple[str, str]]) -> Answer:
    """Return a browser's post of a form."""
    return Answer(form=tuple(fields), body=urlencode(fields, errors="surrogatepass").encode())


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """A bank, in a process of its own, with its ledger in memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "vezne_payment_sandbox.bank",
        "--port",
        str(port),
        "--hold",
        HOLD_SECONDS,
    ]
    process = subprocess.Popen(command)
    try:
        while True:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the bank did not open"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def bank(sandbox: str) -> AsyncIterator[Bank]:
    """The bank on its first day."""
    async with Bank(sandbox) as one:
        await one.control("reset")
        yield one


@pytest.fixture
async def http(sandbox: str) -> AsyncIterator[OutboundHttp]:
    """The host's own way out."""
    out = OutboundHttp(allow_inside=[sandbox.removeprefix("http://")], tls=TLS)
    yield out
    await out.aclose()


@pytest.fixture
def gateway_of(sandbox: str, bank: Bank, http: OutboundHttp) -> Callable[..., Terminal]:
    """Make a gateway of the bank on its first day; every setting can be another."""

    def make(kind: type[Terminal] = SandboxGateway, **changed: Any) -> Terminal:
        settings = {
            "base_url": sandbox,
            "terminal": "T-DEMO",
            "secret": Secret("sandbox-secret-demo"),
            "timeout": 20.0,
            "settles_after": 10.0,
            "http": http,
            "clock": SystemClock(),
        }
        return kind(**{**settings, **changed})

    return make


@pytest.fixture
def gateway(gateway_of: Callable[..., Terminal]) -> Terminal:
    return gateway_of()


@pytest.fixture
def redirecting(gateway_of: Callable[..., Terminal]) -> Terminal:
    """The gateway that sends shoppers to the bank's own page."""
    return gateway_of(SandboxRedirectGateway)


def card(number: str = "5421190000000009", **changed: Any) -> CardDetails:
    given = {
        "number": Secret(number),
        "cvv": Secret("123"),
        "holder": "ADA LOVELACE",
        "month": 1,
        "year": 2099,
    }
    return CardDetails(**{**given, **changed})


def attempt(tries: int = 1, **changed: Any) -> PaymentAttempt:
    back = "https://shop.example/orders/checkout/?page=CreditCardThreeDSecurePage&three_d_secure=true"
    given = {
        "id": f"attempt-{tries}",
        "merchant": "demo",
        "key": f"key-{tries}",
        "reference": f"1001{tries:02d}",
        "order_number": "1001",
        "amount": Money.of("229.80", "TRY"),
        "interest": Money.zero("TRY"),
        "buyer": Buyer(email="ada@example.com", first_name="Ada", last_name="Lovelace"),
        "client": Client(ip="203.0.113.7"),
        "option": 1,
        "gateway": "sandbox",
        "success_url": f"{back}&success=true&return_token=t{tries}",
        "failure_url": f"{back}&success=false&return_token=t{tries}",
        "notice_url": "https://shop.example/orders/hooks/sandbox/",
        "expires": datetime.now(UTC) + timedelta(minutes=30),
    }
    return PaymentAttempt(**{**given, **changed})


class Made:
    """Builders, for tests that cannot import this file."""

    card = staticmethod(card)
    attempt = staticmethod(attempt)
    posted = staticmethod(posted)
    typed = staticmethod(typed)


@pytest.fixture(scope="session")
def made() -> type[Made]:
    return Made
