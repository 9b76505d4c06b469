"""A merchant of the worker with real folders, and orders that stand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from vezne_core import Event, Money, NoSettings, OrderPlaced, Plugin
from vezne_host.hooks import collect
from vezne_host.services.mail import FolderMail
from vezne_host.services.sms import FolderSms
from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.outbox import encode, topic
from vezne_host.texts import GettextTexts
from vezne_host.worker.shop import Shop

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

Place = Callable[..., Awaitable[OrderPlaced]]
Tell = Callable[..., Awaitable[int]]
MakeShop = Callable[..., Shop]


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    """Offer a connection to look at the tables with."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def lane(database_url: str) -> AsyncIterator[Lane]:
    """Offer a lane to a copy of the demo shops."""
    async with opened(database_url, size=4, rest=0) as lane:
        yield lane


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """Offer the folder that messages go into."""
    return tmp_path / "messages"


@pytest.fixture
def make_shop(messages: Path) -> MakeShop:
    """Offer what makes a merchant, with plugins by name."""

    def make(name: str = "acme", **plugins: type[Plugin[Any]]) -> Shop:
        services: Any = None
        return Shop(
            name=name,
            collected=collect({plugin: cls(NoSettings(), services) for plugin, cls in plugins.items()}),
            texts=GettextTexts.of(["vezne_host"]),
            mail=FolderMail(messages),
            sms=FolderSms(messages),
            order_link=lambda number: f"https://{name}.example/orders/completed/{number}/",
        )

    return make


@pytest.fixture
def tell(outside: Any) -> Tell:
    """Offer what puts an event into the outbox and returns its row."""

    async def put(event: Event, consumer: str) -> int:
        statement = (
            "INSERT INTO outbox (merchant, event_id, topic, consumer, payload)"
            " VALUES ($1, $2, $3, $4, $5) RETURNING pk"
        )
        row = (event.merchant, uuid4(), topic(type(event)), consumer, encode(event))
        return int(await outside.fetchval(statement, *row))

    return put


@pytest.fixture
def place(outside: Any, tell: Tell) -> Place:
    """Offer what stores an order and puts its event into the outbox for some consumers."""

    async def placed(
        *consumers: str,
        number: str = "1234567890123",
        merchant: str = "acme",
        language: str = "en",
        status: int = 400,
    ) -> OrderPlaced:
        body = {"shipping_amount": "29.90", "discount_amount": "10.00", "phone_number": "+905551112233"}
        order = await outside.fetchval(
            'INSERT INTO "order" (merchant, number, preorder_id, session_id, email, status, amount, currency,'
            " key, body) VALUES ($1, $2, $3, $4, 'ada@example.com', $5, 309.20, 'TRY', 'k', $6) RETURNING pk",
            merchant, number, uuid4(), uuid4(), status, msgspec.json.encode(body).decode(),
        )  # fmt: skip
        for sku, name, price, pieces in (("T", "T-shirt", "199.90", 1), ("M", "Kupa {0}", "44.70", 2)):
            for _ in range(pieces):
                await outside.execute(
                    "INSERT INTO order_item (merchant, order_pk, product_pk, sku, price, body)"
                    " VALUES ($1, $2, 1, $3, $4::text::numeric, $5)",
                    merchant, order, sku, price, msgspec.json.encode({"product": {"name": name}}).decode(),
                )  # fmt: skip
        event = OrderPlaced(
            id=str(uuid4()), merchant=merchant, at=AT, preorder="p1", order=0, number=number,
            amount=Money.of("309.20", "TRY"), email="ada@example.com", language=language,
        )  # fmt: skip
        for consumer in consumers:
            await tell(event, consumer)
        return event

    return placed
