"""What the host lends the plugin, the real thing: PostgreSQL and Valkey; and checkouts with sums."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis

from vezne_core import (
    BASKET,
    CONFIG,
    DUE,
    SHOPPER,
    Adjustment,
    Basket,
    BasketLine,
    CheckoutSettings,
    Config,
    Due,
    GiftCardConfig,
    Money,
    PreOrder,
    Product,
    Secret,
    Shopper,
    Slot,
)
from vezne_core.promotions import due
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.cards import GiftCardBook, GiftCardRow
from vezne_gift_cards.fingerprint import Fingerprint
from vezne_gift_cards.promotion import GiftCardTenders
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard
from vezne_gift_cards.tries import Tries
from vezne_host.services.cache import RedisCache
from vezne_host.storage.database import PluginDatabase
from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.migrate import upgrade

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = Secret("a-key-for-gift-cards-of-thirty-two-letters")

_merchants = count(1)
_numbers = count(6_006_000_000_000_001)


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


@pytest.fixture(scope="module")
def migrated(module_database_url: str) -> str:
    """Offer a database with the tables of host and plugin."""
    asyncio.run(upgrade(module_database_url, {"gift_cards": "vezne_gift_cards"}))
    return module_database_url


@pytest.fixture
async def lane(migrated: str) -> AsyncIterator[Lane]:
    """Offer as many connections as the races need, and one to watch them."""
    async with opened(migrated, size=21, rest=0) as lane:
        yield lane


@pytest.fixture
def new_database(lane: Lane) -> Callable[[], PluginDatabase]:
    """Offer databases of merchants that have no cards yet."""
    return lambda: PluginDatabase(lane, f"merchant-{next(_merchants)}")


@pytest.fixture
def merchant() -> str:
    return f"merchant-{next(_merchants)}"


@pytest.fixture
def database(lane: Lane, merchant: str) -> PluginDatabase:
    return PluginDatabase(lane, merchant)


@pytest.fixture
def book_of() -> Callable[..., GiftCardBook]:
    """Offer the book of a merchant's database, under keys."""

    def made(database: PluginDatabase, *keys: Secret) -> GiftCardBook:
        tries = Tries(database, 5, timedelta(minutes=60))
        return GiftCardBook(database, Fingerprint(keys or [KEY]), tries)

    return made


@pytest.fixture
def book(database: PluginDatabase, book_of: Callable[..., GiftCardBook]) -> GiftCardBook:
    return book_of(database)


class Issued:
    """A card that was issued."""

    def __init__(self, number: str, pin: str, pk: int) -> None:
        self.number = Secret(number)
        self.pin = Secret(pin)
        self.pk = pk


Issue = Callable[..., Any]


@pytest.fixture
def issue(database: PluginDatabase, book: GiftCardBook) -> Issue:
    """Issue a card: ``await issue("100.00")``."""

    async def issued(
        balance: str = "100.00", *, pin: str = "1234", blocked: bool = False, currency: str = "TRY"
    ) -> Issued:
        number = str(next(_numbers))
        row = GiftCardRow(
            number=Secret(number), pin=Secret(pin), currency=currency, balance=Decimal(balance),
            blocked=blocked,
        )  # fmt: skip
        async with database.transaction() as session:
            assert await book.issue(session, [row]) == 1
        card = await book.prove(Secret(number), Secret(pin))
        return Issued(number, pin, card.pk)  # type: ignore[union-attr]

    return issued


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[RedisCache]:
    async with Redis.from_url(redis_url) as redis:
        yield RedisCache(redis, "merchant")


@pytest.fixture
async def no_cache() -> AsyncIterator[RedisCache]:
    """A cache whose server is away."""
    async with Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2) as redis:
        yield RedisCache(redis, "merchant")


@pytest.fixture
def balances(cache: RedisCache) -> ToldBalances:
    return ToldBalances(cache)


Checkout = Callable[..., PreOrder]


def summed(preorder: PreOrder, total: str, others: Sequence[Adjustment] = ()) -> Due:
    """Add up a checkout of one line, as the host does."""
    adjustments = [*others, *GiftCardTenders().adjust(preorder, None)]  # type: ignore[arg-type]
    return due(lines={1: tl(total)}, shipping=tl(0), adjustments=adjustments)


@pytest.fixture
def checkout() -> Checkout:
    """Offer checkouts of one lamp: ``checkout(reserved(1, 30), total="100.00")``."""

    def made(
        *cards: ReservedCard,
        total: str = "450.00",
        slots: Sequence[tuple[Slot[Any], Any]] = (),
        id: str = "checkout-1",
        currency: str = "TRY",
        **config: Any,
    ) -> PreOrder:
        settings = CheckoutSettings(GIFT_CARD_CONFIG=GiftCardConfig(**config))
        lamp = Product(
            pk=4, sku="VZ-LAMP", name="Lamp", price=Money.of(total, currency), tax_rate=Decimal(20),
            weight=Decimal(2),
        )  # fmt: skip
        line = BasketLine(pk=1, product=lamp, quantity=1, unit_price=lamp.price)
        basket = Basket(pk=1, currency=currency, lines=(line,), created=NOW, modified=NOW)
        fills = [
            SHOPPER.fill(Shopper()),
            BASKET.fill(basket),
            CONFIG.fill(Config(revision=1, checkout=settings)),
            *([GIFT_CARDS.fill(cards)] if cards else []),
            *(slot.fill(value) for slot, value in slots),
        ]
        preorder = PreOrder.of(*fills, id=id)
        return preorder.with_value(DUE, summed(preorder, total)) if currency == "TRY" else preorder

    return made
