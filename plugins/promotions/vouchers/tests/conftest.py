"""What the host lends the plugin, the real thing: PostgreSQL, Valkey and the offer service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis

from vezne_core import (
    BASKET,
    BENEFIT_TYPES,
    CONDITION_TYPES,
    SHOPPER,
    Basket,
    BasketLine,
    Money,
    Offer,
    PreOrder,
    Product,
    Promotion,
    RuleBook,
    Shopper,
    Slot,
)
from vezne_host.late import Late
from vezne_host.services.cache import RedisCache
from vezne_host.services.offers import Offers
from vezne_host.storage.database import PluginDatabase
from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.migrate import upgrade
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.promotion import VoucherOffers
from vezne_vouchers.uses import VoucherUses

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

_merchants = count(1)


class StoppedClock:
    """Core's ``Clock``, at noon of the first of May."""

    def now(self) -> datetime:
        return NOW


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


@pytest.fixture(scope="module")
def migrated(module_database_url: str) -> str:
    """Offer a database with the tables of host and plugin."""
    asyncio.run(upgrade(module_database_url, {"vouchers": "vezne_vouchers"}))
    return module_database_url


@pytest.fixture
async def lane(migrated: str) -> AsyncIterator[Lane]:
    """Offer as many connections as the races need, and one to watch them."""
    async with opened(migrated, size=21, rest=0) as lane:
        yield lane


@pytest.fixture
def new_database(lane: Lane) -> Callable[[], PluginDatabase]:
    """Offer databases of merchants that nobody has bought from."""
    return lambda: PluginDatabase(lane, f"merchant-{next(_merchants)}")


@pytest.fixture
def database(new_database: Callable[[], PluginDatabase]) -> PluginDatabase:
    return new_database()


@pytest.fixture
def uses(database: PluginDatabase) -> VoucherUses:
    return VoucherUses(database)


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[RedisCache]:
    async with Redis.from_url(redis_url) as redis:
        yield RedisCache(redis, "merchant")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def codes() -> VoucherCodes:
    return VoucherCodes()


@pytest.fixture
def desk(shop: Shop, codes: VoucherCodes) -> Offers:
    promotions = Late[Sequence[tuple[str, Promotion]]]()
    promotions.set([("vouchers", VoucherOffers(codes))])
    rules = RuleBook([*CONDITION_TYPES, *BENEFIT_TYPES])
    return Offers(shop, lambda: rules, promotions, StoppedClock())


@pytest.fixture
def checkout() -> Callable[..., PreOrder]:
    """Offer checkouts of one lamp for 450.00, with further slots filled."""
    lamp = Product(
        pk=4, sku="VZ-LAMP", name="Lamp", price=Money.of(450, "TRY"), tax_rate=Decimal(20), weight=Decimal(2)
    )
    line = BasketLine(pk=1, product=lamp, quantity=1, unit_price=lamp.price)
    basket = Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)

    def made(*slots: tuple[Slot[Any], Any], id: str = "checkout-1") -> PreOrder:
        fills = [SHOPPER.fill(Shopper()), BASKET.fill(basket), *(slot.fill(value) for slot, value in slots)]
        return PreOrder.of(*fills, id=id)

    return made
