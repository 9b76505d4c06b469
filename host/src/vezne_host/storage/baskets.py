"""Baskets: a change is decided on what was loaded, and written only over the version it was decided on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_host.basket import Change, Goods, NewLine, changed, key, taken_over
from vezne_host.storage.checkouts import BASKET, BasketRow, ProductBody, new_public_id
from vezne_host.storage.lane import Driver, Lane, Query
from vezne_host.storage.viewer import NEW_VIEWER, VIEWER

PRODUCT = Query(text("""
    SELECT p.pk, p.sku, p.body::text AS body, s.quantity - s.allocated AS left
    FROM product p LEFT JOIN stock s ON s.merchant = p.merchant AND s.sku = p.sku
    WHERE p.merchant = :merchant AND p.pk = :product
"""))  # fmt: skip

# All or nothing: without the version that was seen, no line is touched.
CHANGE = Query(text("""
    WITH seen AS (
        UPDATE basket b SET version = b.version + 1, modified_at = now(), currency = :currency
        WHERE b.merchant = :merchant AND b.pk = :basket AND b.version = :version
        RETURNING b.pk, b.version, b.modified_at
    ), gone AS (
        DELETE FROM basket_line l USING seen
        WHERE l.merchant = :merchant AND l.basket_pk = seen.pk AND l.pk = any(CAST(:gone AS bigint[]))
    ), lines AS (
        UPDATE basket_line l SET quantity = c.quantity
        FROM seen, unnest(CAST(:pks AS bigint[]), CAST(:quantities AS int[])) c(pk, quantity)
        WHERE l.merchant = :merchant AND l.basket_pk = seen.pk AND l.pk = c.pk
    ), added AS (
        INSERT INTO basket_line AS l (merchant, basket_pk, product_pk, quantity, attributes)
        SELECT :merchant, seen.pk, n.product, n.quantity, n.attributes::jsonb
        FROM seen, unnest(
            CAST(:new_products AS bigint[]), CAST(:new_quantities AS int[]), CAST(:new_attributes AS text[])
        ) WITH ORDINALITY n(product, quantity, attributes, at)
        ORDER BY n.at
        ON CONFLICT (merchant, basket_pk, product_pk, attributes) DO UPDATE SET quantity = excluded.quantity
        RETURNING l.pk, l.product_pk, l.attributes
    )
    SELECT version, modified_at,
           (SELECT json_agg(json_build_object(
                'pk', a.pk, 'product', a.product_pk, 'attributes', a.attributes)) FROM added a)::text AS added
    FROM seen
"""))  # fmt: skip

_OPEN = """
    WITH {viewer}, made AS (
        INSERT INTO basket (merchant, session_id, user_pk, currency)
        SELECT :merchant, CASE WHEN v.user_pk IS NULL THEN v.session END, v.user_pk, :currency FROM viewer v
        ON CONFLICT DO NOTHING
        RETURNING pk
    ), line AS (
        INSERT INTO basket_line (merchant, basket_pk, product_pk, quantity, attributes)
        SELECT :merchant, made.pk, CAST(:product AS bigint), CAST(:quantity AS int),
               CAST(CAST(:attributes AS text) AS jsonb)
        FROM made
        RETURNING pk
    )
    SELECT pk FROM line
"""
OPEN = Query(text(_OPEN.format(viewer=VIEWER)))
BEGIN = Query(text(_OPEN.format(viewer=NEW_VIEWER)))

# Signing in: first the locks, then what stands in the baskets, which another statement could have changed.
LOCK = Query(text("""
    SELECT b.pk, b.user_pk FROM basket b
    WHERE b.merchant = :merchant
      AND (b.user_pk = :user OR (b.user_pk IS NULL AND b.session_id = CAST(:session AS uuid)))
    ORDER BY b.pk FOR UPDATE
"""))  # fmt: skip
LOCKED = Query(text(f"""
    SELECT b.pk, {BASKET} AS body
    FROM basket b LEFT JOIN LATERAL (SELECT CAST(NULL AS jsonb) AS held) a ON true
    WHERE b.merchant = :merchant AND b.pk = any(CAST(:baskets AS bigint[]))
"""))  # fmt: skip
ADOPT = Query(text("""
    UPDATE basket SET user_pk = :user, session_id = NULL, version = version + 1, modified_at = now()
    WHERE merchant = :merchant AND pk = :basket
"""))  # fmt: skip
DROP = Query(text("DELETE FROM basket WHERE merchant = :merchant AND pk = :basket"))


class _Added(Struct, frozen=True):
    pk: int
    product: int
    attributes: dict[str, Any]


_ADDED = msgspec.json.Decoder(list[_Added])
_BASKET = msgspec.json.Decoder(BasketRow)
_BODY = msgspec.json.Decoder(ProductBody)


class Baskets:
    """Changes the baskets of one merchant."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def product(self, pk: int) -> Goods | None:
        """Return a product as it may be put into a basket, or None."""
        row = await self._lane.ask(PRODUCT, merchant=self._merchant, product=pk)
        return None if row is None else Goods(row["pk"], row["sku"], _BODY.decode(row["body"]), row["left"])

    async def change(self, basket: BasketRow, change: Change, currency: str) -> BasketRow | None:
        """Write a change, or nothing when the basket is not as it was loaded any more: then None.

        Not repeated when the connection is lost: it may have been written.
        """
        async with self._lane.lend() as driver:
            return await _written(driver, self._merchant, basket, change, currency)

    async def open(self, public_id: str, line: NewLine, currency: str) -> bool:
        """Open a basket for a session that has none; False when it has one by now."""
        return await self._opened(OPEN, line, currency, public_id=public_id)

    async def begin(self, line: NewLine, currency: str) -> str:
        """Begin a session with a basket and return its public id."""
        public_id = new_public_id()
        await self._opened(BEGIN, line, currency, public_id=public_id, session=uuid4())
        return public_id

    async def _opened(self, query: Query, line: NewLine, currency: str, **viewer: Any) -> bool:
        async with self._lane.lend() as driver:
            row = await query.run(
                driver, merchant=self._merchant, currency=currency, product=line.goods.product,
                quantity=line.quantity, attributes=_json(line.attributes), **viewer,
            )  # fmt: skip
        return row is not None


async def take_over(driver: Driver, merchant: str, session: UUID, user: int) -> None:
    """Make a guest's basket the user's own, inside the transaction that signs him in.

    Where the account has a basket with lines, the guest's lines are added to it.
    """
    rows = await LOCK.all(driver, merchant=merchant, user=user, session=session)
    owners = {row["pk"]: row["user_pk"] for row in rows}
    bodies = await LOCKED.all(driver, merchant=merchant, baskets=list(owners))
    baskets = {row["pk"]: _BASKET.decode(row["body"]) for row in bodies}
    guest = next((each for each in baskets.values() if owners[each.pk] is None), None)
    own = next((each for each in baskets.values() if owners[each.pk] is not None), None)
    if guest is None:
        return
    if guest.lines and own is not None and own.lines:
        change = taken_over(own.lines, guest.lines, own.currency)
        if change:
            await _written(driver, merchant, own, change, own.currency)
        await DROP.run(driver, merchant=merchant, basket=guest.pk)
    elif guest.lines or own is None:
        if own is not None:
            await DROP.run(driver, merchant=merchant, basket=own.pk)
        await ADOPT.run(driver, merchant=merchant, basket=guest.pk, user=user)
    else:
        await DROP.run(driver, merchant=merchant, basket=guest.pk)


async def _written(
    driver: Driver, merchant: str, basket: BasketRow, change: Change, currency: str
) -> BasketRow | None:
    kept = [(pk, quantity) for pk, quantity in change.quantities.items() if quantity > 0]
    row = await CHANGE.run(
        driver, merchant=merchant, basket=basket.pk, version=basket.version, currency=currency,
        gone=[pk for pk, quantity in change.quantities.items() if quantity <= 0],
        pks=[pk for pk, _ in kept], quantities=[quantity for _, quantity in kept],
        new_products=[new.goods.product for new in change.added],
        new_quantities=[new.quantity for new in change.added],
        new_attributes=[_json(new.attributes) for new in change.added],
    )  # fmt: skip
    if row is None:
        return None
    added: Sequence[_Added] = _ADDED.decode(row["added"]) if row["added"] else ()
    pks = {key(each.product, each.attributes): each.pk for each in added}
    after = changed(basket, change, pks)
    return msgspec.structs.replace(
        after, version=row["version"], modified=row["modified_at"], currency=currency
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
