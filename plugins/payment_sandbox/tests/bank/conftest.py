"""A real bank on a free loopback port, and a client that signs with its own code, as the manual says."""

import hashlib
import hmac
import html
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

import httpx
import pytest
from litestar import Litestar

from vezne_payment_sandbox.bank import create_bank
from vezne_payment_sandbox.bank.serving import server

TLS = ssl.create_default_context()  # once: it takes longer than a test
SECRETS = {"T-DEMO": "sandbox-secret-demo", "T-LEAN": "sandbox-secret-lean"}


class BankClient:
    """Speak the protocol of the README. Every message can be bent for a test."""

    def __init__(self, url: str, terminal: str = "T-DEMO") -> None:
        self.url, self.terminal = url, terminal
        self.http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False, verify=TLS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def call(
        self,
        operation: str,
        message: Any,
        key: str = "",
        *,
        body: bytes | None = None,
        timestamp: str | None = None,
        sign: str | None = None,
        timeout: float = 10,
    ) -> httpx.Response:
        raw = json.dumps(message).encode() if body is None else body
        stamp = timestamp or str(int(time.time()))
        text = f"{stamp}\n{operation}\n{key}\n".encode() + raw
        made = hmac.new(SECRETS[self.terminal].encode(), text, hashlib.sha256).hexdigest()
        headers = {
            "X-Bank-Terminal": self.terminal,
            "X-Bank-Timestamp": stamp,
            "X-Bank-Signature": made if sign is None else sign,
        }
        if key:
            headers["Idempotency-Key"] = key
        return await self.http.post(f"/api/{operation}", content=raw, headers=headers, timeout=timeout)

    def order(self, number: str = "5421190000000009", tried: str = "1", **changed: Any) -> dict[str, Any]:
        order: dict[str, Any] = {
            "reference": f"1001{tried}",
            "order_number": "1001",
            "amount": "229.80",
            "currency": "TRY",
            "card": {
                "number": number,
                "holder": "Ada Lovelace",
                "expiry_month": "12",
                "expiry_year": "2099",
                "cvv": "123",
            },
        }
        order.update(changed)
        return {name: value for name, value in order.items() if value is not None}

    async def authorize(
        self, number: str = "5421190000000009", key: str = "k1", **changed: Any
    ) -> dict[str, Any]:
        answer = await self.call("authorize", self.order(number, **changed), key)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def three_d(self, **changed: Any) -> dict[str, Any]:
        return {
            "three_d": True,
            "success_url": "http://shop.test/ok/?a=1&b=2",
            "failure_url": "http://shop.test/failed/",
            **changed,
        }

    async def authenticate(self, begun: dict[str, Any], **answer: str) -> tuple[str, dict[str, str]]:
        """Act as the browser: post the hand-off, answer the page, and read the form that leads back."""
        hand_off = begun["hand_off"]
        page = await self.http.post(hand_off["url"], data=hand_off["fields"])
        assert page.status_code == 200
        back = await self.http.post(begun["access_url"], data=answer or {"otp": "123456"})
        assert back.status_code == 200, back.text
        return self.read_form(back.text)

    @staticmethod
    def read_form(text: str) -> tuple[str, dict[str, str]]:
        action = re.search(r'action="([^"]*)"', text)
        assert action is not None
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
        return html.unescape(action[1]), {html.unescape(n): html.unescape(v) for n, v in fields}

    @staticmethod
    def form_hash(fields: dict[str, str], secret: str = SECRETS["T-DEMO"]) -> str:
        lines = [
            f"{name}={len(fields[name].encode())}:{fields[name]}\n"
            for name in sorted(fields)
            if name != "hash" and not name.startswith("card_")
        ]
        return hmac.new(secret.encode(), "".join(lines).encode(), hashlib.sha256).hexdigest()

    async def ledger(self, order_number: str | None = None) -> list[dict[str, str]]:
        params = {"order_number": order_number} if order_number else None
        return list((await self.http.get("/ledger", params=params)).json())

    async def kinds(self, order_number: str = "1001") -> list[str]:
        return [row["kind"] for row in await self.ledger(order_number)]

    async def control(self, command: str, **message: Any) -> Any:
        answer = await self.http.post(f"/control/{command}", json=message)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self, **by: str) -> str:
        return str((await self.call("query", by)).json()["state"])


@contextmanager
def serve_app(app: Litestar) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = server(app)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def serve() -> Callable[[Litestar], AbstractContextManager[str]]:
    """Serve an application while a block runs."""
    return serve_app


@pytest.fixture(scope="session")
def client_of() -> type[BankClient]:
    """Make a client of another bank or terminal."""
    return BankClient


@pytest.fixture(scope="session")
def bank_url() -> Iterator[str]:
    with serve_app(create_bank()) as url:
        yield url


@pytest.fixture
async def bank(bank_url: str) -> AsyncIterator[BankClient]:
    """A bank on its first day."""
    client = BankClient(bank_url)
    async with client:
        await client.control("reset")
        yield client
