"""A migrated PostgreSQL, and what the host would lend: database, cache and offers over core's own code."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from vezne_core import (
    BASKET,
    BENEFIT_TYPES,
    CONDITION_TYPES,
    SHOPPER,
    Basket,
    BasketLine,
    Money,
    Offer,
    OfferBook,
    OfferCase,
    PreOrder,
    Product,
    Promotion,
    RuleBook,
    Shopper,
    Verdict,
    dry_run,
    offer_candidates,
)
from vezne_host.storage.lane import Lane, Query, opened
from vezne_host.storage.migrate import upgrade
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.promotion import VoucherOffers
from vezne_vouchers.uses import VoucherUses

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

_merchants = count(1)


class LaneTransaction:
    """Core's ``Transaction`` on a lent connection."""

    def __init__(self, driver: Any, merchant: str) -> None:
        self._driver = driver
        self._merchant = merchant

    async def fetch(self, statement: Query, **values: Any) -> Any:
        return await statement.run(self._driver, merchant=self._merchant, **values)

    async def fetch_all(self, statement: Query, **values: Any) -> Sequence[Any]:
        return await statement.all(self._driver, merchant=self._merchant, **values)


class LaneDatabase:
    """Core's ``Database`` over the lane."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self.merchant = merchant

    def query(self, statement: Any) -> Query:
        query = Query(statement)
        assert "merchant" in query.names
        return query

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[LaneTransaction]:
        async with self._lane.transaction() as driver:
            yield LaneTransaction(driver, self.merchant)


class Shop:
    """A catalogue of offers, which may be replaced."""

    def __init__(self) -> None:
        self.revision = 1
        self._offers: tuple[Offer, ...] = ()

    def load(self, *offers: Offer) -> None:
        self._offers = offers
        self.revision += 1

    def all(self, type: type[Any]) -> tuple[Any, ...]:
        return self._offers if type is Offer else ()

    def get(self, type: type[Any], pk: int | None) -> Any:
        return next((one for one in self.all(type) if one.pk == pk), None)


class OfferDesk:
    """Core's ``OfferService`` as the host builds it."""

    def __init__(self, shop: Shop, promotions: Iterable[tuple[str, Promotion]]) -> None:
        self._shop = shop
        self._promotions = tuple(promotions)

    def dry_run(self, preorder: PreOrder, offer: Offer) -> Verdict:
        book = OfferBook(self._shop.all(Offer), RuleBook([*CONDITION_TYPES, *BENEFIT_TYPES]))
        brought = offer_candidates(self._promotions, preorder, self._shop)
        return dry_run(offer, brought, book, OfferCase.of(preorder, NOW))


class CountingCache:
    """Core's ``Cache``, of which only the counting is used."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    async def allow(self, key: str, limit: int, per: timedelta) -> bool:
        self.counted[key] += 1
        return self.counted[key] <= limit

    async def get(self, key: str) -> bytes | None:
        raise NotImplementedError

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        raise NotImplementedError

    async def drop(self, key: str) -> None:
        raise NotImplementedError

    async def take(self, key: str) -> bytes | None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def migrated(module_database_url: str) -> str:
    """Offer a database with the tables of host and plugin."""
    asyncio.run(upgrade(module_database_url, {"vouchers": "vezne_vouchers"}))
    return module_database_url


@pytest.fixture
async def lane(migrated: str) -> AsyncIterator[Lane]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opened(migrated, size=20, rest=0))


@pytest.fixture
def database(lane: Lane) -> LaneDatabase:
    """Offer the database of a merchant that no other test has."""
    return LaneDatabase(lane, f"merchant-{next(_merchants)}")


@pytest.fixture
def uses(database: LaneDatabase) -> VoucherUses:
    return VoucherUses(database)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def codes() -> VoucherCodes:
    return VoucherCodes()


@pytest.fixture
def desk(shop: Shop, codes: VoucherCodes) -> OfferDesk:
    return OfferDesk(shop, [("vouchers", VoucherOffers(codes))])


@pytest.fixture
def cache() -> CountingCache:
    return CountingCache()


@pytest.fixture
def preorder() -> PreOrder:
    """Offer a checkout of one lamp for 450.00."""
    lamp = Product(
        pk=4, sku="VZ-LAMP", name="Lamp", price=Money.of(450, "TRY"), tax_rate=Decimal(20), weight=Decimal(2)
    )
    line = BasketLine(pk=1, product=lamp, quantity=1, unit_price=lamp.price)
    basket = Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)
    return PreOrder.of(BASKET.fill(basket), SHOPPER.fill(Shopper(user=7)), id="p1")
