from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec
import pytest
from argon2 import PasswordHasher

from vezne_core import Bank, Money, Product, Secret
from vezne_host.demo.shop import demo_shop
from vezne_host.shopdata import AddressData, ShopData, UserData
from vezne_host.storage.checkouts import ProductBody, product_of
from vezne_host.storage.configurations import Configurations
from vezne_host.storage.lane import Lane
from vezne_host.storage.seed import load_shop
from vezne_host.storage.tables import metadata

pytestmark = pytest.mark.anyio

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

MUG = Product(
    pk=7,
    sku="MUG",
    name="Mug",
    price=Money.of("89.50", "TRY"),
    retail_price=Money.of("99.90", "TRY"),
    tax_rate=Decimal("20.00"),
    weight=Decimal("0.45"),
    attributes={"brand": "Anatolia", "sizes": ["s", "m"]},
    stock=12,
)
ADA = UserData(
    pk=901,
    email="ada@acme.example",
    password=Secret("a password"),
    phone="+905551112233",
    segments=("gold",),
    addresses=(
        AddressData(pk=905, title="Home", country=1, city=34, township=3401, line="Moda 12", primary=True),
        AddressData(pk=906, title="Office", country=1, city=6, township=601, identity_number="10000000146"),
    ),
)
SHOP = ShopData(records=(Bank(pk=1, name="Bank", slug="bank"),), users=(ADA,), products=(MUG,))


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def counts(connection: Any, merchant: str) -> dict[str, int]:
    return {
        name: await connection.fetchval(f'SELECT count(*) FROM "{name}" WHERE merchant = $1', merchant)
        for name in metadata.tables
    }


async def test_shop_is_stored_as_it_is_read_again(shop_lane: Lane, outside: Any) -> None:
    assert await load_shop(shop_lane, "acme", SHOP, hasher=QUICK) == 1

    stored = await Configurations(shop_lane).load("acme")
    assert [(kind, pk) for kind, pk, _ in stored.rows] == [("bank", 1)]
    goods = await outside.fetchrow(
        "SELECT p.pk, p.sku, p.body, s.quantity - s.allocated AS left FROM product p"
        " JOIN stock s USING (merchant, sku) WHERE merchant = 'acme'"
    )
    body = msgspec.json.decode(goods["body"], type=ProductBody)
    assert product_of(goods["pk"], goods["sku"], body, goods["left"], "en") == MUG


async def test_user_can_be_found_with_password_and_addresses(shop_lane: Lane, outside: Any) -> None:
    await load_shop(shop_lane, "acme", SHOP)

    user = await outside.fetchrow("SELECT * FROM \"user\" WHERE merchant = 'acme'")
    assert (user["pk"], user["email"], user["segments"]) == (901, "ada@acme.example", ["gold"])
    assert PasswordHasher().verify(user["password_hash"], "a password")
    assert not PasswordHasher().check_needs_rehash(user["password_hash"])
    addresses = await outside.fetch("SELECT * FROM address WHERE merchant = 'acme' ORDER BY pk")
    assert [(each["pk"], each["user_pk"], each["is_primary"]) for each in addresses] == [
        (905, 901, True),
        (906, 901, False),
    ]
    assert msgspec.json.decode(addresses[1]["body"]) == {
        "title": "Office", "country": 1, "city": 6, "township": 601, "identity_number": "10000000146",
    }  # fmt: skip


async def test_loading_again_replaces_everything_of_the_merchant_and_nothing_of_others(
    shop_lane: Lane, outside: Any
) -> None:
    await load_shop(shop_lane, "acme", demo_shop("demo"), hasher=QUICK)
    await outside.execute("INSERT INTO basket (merchant, user_pk, currency) VALUES ('acme', 1, 'TRY')")
    await outside.execute(
        "INSERT INTO basket_line (merchant, basket_pk, product_pk, quantity)"
        " SELECT merchant, pk, 1, 1 FROM basket WHERE merchant = 'acme'"
    )
    await outside.execute("UPDATE stock SET allocated = 1 WHERE merchant = 'acme'")
    others = await counts(outside, "demo")

    assert await load_shop(shop_lane, "acme", SHOP, hasher=QUICK) == 2, "the revision goes on"

    expected = {
        "configuration": 1,
        "configuration_revision": 1,
        "product": 1,
        "stock": 1,
        "user": 1,
        "address": 2,
    }
    assert await counts(outside, "acme") == dict.fromkeys(metadata.tables, 0) | expected
    assert await outside.fetchval("SELECT allocated FROM stock WHERE merchant = 'acme'") == 0
    assert await counts(outside, "demo") == others


async def test_shop_that_cannot_be_loaded_leaves_the_old_one(shop_lane: Lane, outside: Any) -> None:
    await load_shop(shop_lane, "acme", SHOP, hasher=QUICK)
    before = await counts(outside, "acme")
    twice = ShopData(products=(MUG, MUG), users=(ADA,))

    with pytest.raises(asyncpg.UniqueViolationError):
        await load_shop(shop_lane, "acme", twice, hasher=QUICK)

    assert await counts(outside, "acme") == before
    assert (await Configurations(shop_lane).load("acme")).revision == 1


async def test_keys_made_later_do_not_meet_those_that_were_given(shop_lane: Lane, outside: Any) -> None:
    await load_shop(shop_lane, "acme", SHOP, hasher=QUICK)

    for table, columns, values, given in (
        ('"user"', "email, password_hash", "'new@acme.example', ''", 901),
        ("address", "body", "'{}'", 906),
    ):
        pk = await outside.fetchval(
            f"INSERT INTO {table} (merchant, {columns}) VALUES ('acme', {values}) RETURNING pk"
        )
        assert pk == given + 1
