"""Loads a whole shop: configuration, goods and users, in the place of whatever the merchant had."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from argon2 import PasswordHasher
from sqlalchemy import MetaData, bindparam, delete, text

from vezne_core import Product
from vezne_host.loading import Batch
from vezne_host.shopdata import AddressData, ShopData, UserData
from vezne_host.storage.checkouts import ProductBody
from vezne_host.storage.configurations import write_on
from vezne_host.storage.database import HostTransaction
from vezne_host.storage.lane import Driver, Lane, Query
from vezne_host.storage.tables import configuration_revision, metadata

PUT_PRODUCTS = Query(text("""
    INSERT INTO product (merchant, pk, sku, body)
    SELECT :merchant, p.pk, p.sku, p.body::jsonb
    FROM unnest(CAST(:pks AS bigint[]), CAST(:skus AS text[]), CAST(:bodies AS text[])) p(pk, sku, body)
"""))  # fmt: skip

PUT_STOCK = Query(text("""
    INSERT INTO stock (merchant, sku, quantity)
    SELECT :merchant, s.sku, s.quantity
    FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS int[])) s(sku, quantity)
"""))  # fmt: skip

PUT_USER = Query(text("""
    INSERT INTO "user" (merchant, pk, email, password_hash, first_name, last_name, phone, segments)
    VALUES (:merchant, :pk, :email, :password_hash, :first_name, :last_name, :phone,
            CAST(:segments AS text[]))
"""))  # fmt: skip

PUT_ADDRESSES = Query(text("""
    INSERT INTO address (merchant, pk, user_pk, is_primary, body)
    SELECT :merchant, a.pk, :user, a.is_primary, a.body::jsonb
    FROM unnest(CAST(:pks AS bigint[]), CAST(:primaries AS boolean[]), CAST(:bodies AS text[]))
         a(pk, is_primary, body)
"""))  # fmt: skip

# Keys that are given do not move the sequence that makes the next ones.
GO_ON = {
    table: Query(text(f"""
        SELECT setval(s, greatest(nextval(s), CAST(:highest AS bigint)))
        FROM pg_get_serial_sequence('{table}', 'pk') s
    """))
    for table in ('"user"', "address")
}  # fmt: skip


async def load_shop(
    lane: Lane,
    merchant: str,
    data: ShopData,
    *,
    plugins: Iterable[MetaData] = (),
    batches: Iterable[Batch] = (),
    hasher: PasswordHasher | None = None,
) -> int:
    """Begin a shop anew and return the revision of its configuration; all of it or, on an error, nothing.

    Everything the merchant had is deleted, orders and payments included. Other merchants are not touched.

    :param plugins: tables of plugins, to be emptied as well.
    :param batches: rows that go into these tables.
    """
    hashes = await asyncio.to_thread(_hashed, data.users, hasher or PasswordHasher())
    emptied = [_emptied(each) for each in (metadata, *plugins)]
    async with lane.transaction() as driver:
        # first of all: it makes two loads of one shop wait for each other
        revision = await write_on(driver, merchant, data.rows(), replace=True)
        for query in (query for several in emptied for query in several):
            await query.run(driver, merchant=merchant)
        await _put_products(driver, merchant, data.products)
        for user, password_hash in zip(data.users, hashes, strict=True):
            await _put_user(driver, merchant, user, password_hash)
        highest = {
            '"user"': max((user.pk for user in data.users), default=0),
            "address": max((each.pk for user in data.users for each in user.addresses), default=0),
        }
        for table, pk in highest.items():
            await GO_ON[table].run(driver, highest=pk)
        await _put_batches(driver, merchant, batches)
    return revision


async def load_batches(lane: Lane, merchant: str, batches: Iterable[Batch]) -> dict[str, int]:
    """Load rows into the tables of plugins; return how many were new, by loader."""
    async with lane.transaction() as driver:
        return await _put_batches(driver, merchant, batches)


async def _put_batches(driver: Driver, merchant: str, batches: Iterable[Batch]) -> dict[str, int]:
    session = HostTransaction(driver, merchant)
    return {batch.loader.name: await batch.loader.load(session, batch.rows) for batch in batches}


def _hashed(users: Iterable[UserData], hasher: PasswordHasher) -> list[str]:
    return [hasher.hash(user.password.reveal()) for user in users]


def _emptied(tables: MetaData) -> list[Query]:
    kept = {"configuration", configuration_revision.name} if tables is metadata else set()
    return [
        Query(delete(table).where(table.c.merchant == bindparam("merchant")))
        for table in reversed(tables.sorted_tables)
        if table.name not in kept
    ]


async def _put_products(driver: Driver, merchant: str, products: Iterable[Product]) -> None:
    goods = list(products)
    skus = [product.sku for product in goods]
    await PUT_PRODUCTS.run(
        driver, merchant=merchant, pks=[product.pk for product in goods], skus=skus,
        bodies=[_json(_body(product)) for product in goods],
    )  # fmt: skip
    await PUT_STOCK.run(driver, merchant=merchant, skus=skus, quantities=[product.stock for product in goods])


def _body(product: Product) -> ProductBody:
    kept = {
        name: value
        for name, value in msgspec.structs.asdict(product).items()
        if name in ProductBody.__struct_fields__
    }
    retail = product.retail_price
    return ProductBody(
        **kept
        | {
            "price": product.price.amount,
            "currency": product.price.currency,
            "retail_price": retail.amount if retail is not None else None,
        }
    )


async def _put_user(driver: Driver, merchant: str, user: UserData, password_hash: str) -> None:
    await PUT_USER.run(
        driver, merchant=merchant, pk=user.pk, email=user.email, password_hash=password_hash,
        first_name=user.first_name, last_name=user.last_name, phone=user.phone,
        segments=list(user.segments),
    )  # fmt: skip
    await PUT_ADDRESSES.run(
        driver, merchant=merchant, user=user.pk, pks=[address.pk for address in user.addresses],
        primaries=[bool(address.primary) for address in user.addresses],
        bodies=[_address_body(address) for address in user.addresses],
    )  # fmt: skip


def _address_body(address: AddressData) -> str:
    body = msgspec.to_builtins(address)
    return _json({name: value for name, value in body.items() if name not in ("pk", "primary")})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
