"""The merchant's server is told of approvals in the order that a test wants."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

pytestmark = pytest.mark.anyio


@dataclass
class Merchant:
    """A server that answers every post with the next status, in the end with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
        async with self.news:
            self.news.notify_all()
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def hears(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(5), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)
        return [json.loads(body) for _, body in self.heard]

    def is_genuine(self, number: int = 0) -> bool:
        headers, body = self.heard[number]
        text = f"{headers['x-bank-timestamp']}\nnotice\n{headers['x-bank-event']}\n".encode() + body
        made = hmac.new(b"sandbox-secret-demo", text, hashlib.sha256).hexdigest()
        return hmac.compare_digest(made, headers["x-bank-signature"])


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    server = Merchant()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/notice/"
    async with listener:
        yield server


async def test_nothing_is_told_unless_a_mode_is_set(bank: Any, merchant: Merchant) -> None:
    await bank.authorize(notice_url=merchant.url)
    await asyncio.sleep(0.3)

    assert merchant.heard == []


async def test_a_signed_notice_follows_an_approval(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="after")
    answer = await bank.authorize(notice_url=merchant.url)

    (notice,) = await merchant.hears(1)

    assert merchant.is_genuine()
    assert notice["transaction_id"] == answer["transaction_id"]
    assert (notice["kind"], notice["reference"], notice["amount"]) == ("payment.approved", "10011", "229.80")


async def test_a_notice_comes_before_the_answer(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="before")
    await bank.authorize(notice_url=merchant.url)

    assert len(merchant.heard) == 1


async def test_a_merchant_that_is_not_ready_is_told_again_with_the_same_event(
    bank: Any, merchant: Merchant
) -> None:
    merchant.statuses = [503]
    await bank.control("notice-mode", mode="before")
    await bank.authorize(notice_url=merchant.url)

    first, second = await merchant.hears(2)
    assert first == second
    await asyncio.sleep(0.1)
    assert [each["status"] for each in (await bank.http.get("/control/notices")).json()] == [503, 200]


async def test_a_notice_is_doubled(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="doubled", order_number="1001")
    await bank.authorize(notice_url=merchant.url)

    first, second = await merchant.hears(2)
    assert first == second


async def test_a_notice_is_late(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="late", seconds=0.5)
    await bank.authorize(notice_url=merchant.url)

    await asyncio.sleep(0.2)
    assert merchant.heard == []
    await merchant.hears(1)


async def test_a_forged_notice_lies_about_the_amount_under_a_bad_signature(
    bank: Any, merchant: Merchant
) -> None:
    await bank.control("notice-mode", mode="forged")
    await bank.authorize(notice_url=merchant.url)

    (notice,) = await merchant.hears(1)
    assert notice["amount"] == "459.60"
    assert not merchant.is_genuine()


async def test_the_newest_rule_that_covers_a_payment_counts(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="before")
    await bank.control("notice-mode", mode="none", card_number="5421190000000009")
    await bank.authorize(notice_url=merchant.url)
    assert merchant.heard == []

    await bank.authorize("4791840000000004", key="k2", tried="2", notice_url=merchant.url)
    assert len(merchant.heard) == 1


async def test_a_notice_follows_a_completion_too(bank: Any, merchant: Merchant) -> None:
    await bank.control("notice-mode", mode="before")
    begun = await bank.authorize(**bank.three_d(notice_url=merchant.url))
    await bank.authenticate(begun)
    assert merchant.heard == []

    await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")
    assert len(merchant.heard) == 1
