"""A shop with a gift box, read by core's own refresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from vezne_core import (
    BASKET,
    CONFIG,
    CONTACT,
    SHOPPER,
    Basket,
    BasketLine,
    CheckoutSettings,
    Client,
    Config,
    Contact,
    Fact,
    GiftBoxConfigurations,
    Memory,
    Money,
    NoSettings,
    PreOrder,
    Product,
    Shopper,
    SlotGraph,
    Source,
    World,
)
from vezne_core.refresh import refresh
from vezne_gift_box.plugin import GiftBoxPlugin

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PRICE = Money.of(25, "TRY")


class NoRecords:
    """A catalogue without records."""

    revision = 1

    def all(self, type: type[Any]) -> tuple[Any, ...]:
        return ()

    def get(self, type: type[Any], pk: int | None) -> None:
        return None


def product(sku: str, price: Money, stock: int) -> Product:
    return Product(
        pk=90, sku=sku, name="Gift box", price=price, tax_rate=Decimal(20), weight=Decimal(0), stock=stock,
        product_type="miscellaneous",
    )  # fmt: skip


@pytest.fixture
def catalogue() -> NoRecords:
    return NoRecords()


@pytest.fixture
def plugin() -> GiftBoxPlugin:
    services: Any = None
    return GiftBoxPlugin(NoSettings(), services)


@pytest.fixture
def graph(plugin: GiftBoxPlugin) -> SlotGraph:
    facts: list[tuple[Fact[Any], Callable[[World], Any]]] = [
        (CONFIG, lambda world: world.config),
        (SHOPPER, lambda world: world.shopper),
        (BASKET, lambda world: world.basket),
    ]
    core = [Source(fact, lambda preorder, world, read=read: read(world)) for fact, read in facts]
    slots = [CONFIG, SHOPPER, BASKET, CONTACT, *plugin.vezne_register_slots()]
    return SlotGraph(slots, [*core, *plugin.vezne_register_sources()])


@pytest.fixture
def world() -> Callable[..., World]:
    """Offer the world of a basket of one lamp, with a gift box unless told otherwise."""

    def made(
        *,
        is_active: bool = True,
        sku: str | None = "VZ-GIFTBOX",
        price: Money = PRICE,
        stock: int = 1000,
    ) -> World:
        lamp = product("VZ-LAMP", Money.of(450, "TRY"), 1)
        line = BasketLine(pk=1, product=lamp, quantity=1, unit_price=lamp.price)
        setting = GiftBoxConfigurations(is_active=is_active, sku=sku)
        settings = CheckoutSettings(GIFT_BOX_CONFIGURATIONS=setting)
        goods = [product("VZ-GIFTBOX", price, stock), lamp]
        return World(
            shopper=Shopper(),
            client=Client(),
            basket=Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW),
            config=Config(revision=1, checkout=settings),
            catalogue=NoRecords(),
            now=NOW,
            products={each.sku: each for each in goods if each.sku in settings.skus},
        )

    return made


@pytest.fixture
def read(graph: SlotGraph) -> Callable[..., Any]:
    """Offer a pre-order as it stands in a world."""
    memory = Memory()

    async def made(world: World, preorder: PreOrder | None = None) -> PreOrder:
        before = preorder or PreOrder.of(CONTACT.fill(Contact("ada@example.com")))
        return (await refresh(graph, before, world, memory)).preorder

    return made
