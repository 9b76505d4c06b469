"""Orders as they are shown: one statement each, with pieces and discounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_core import Money
from vezne_host.storage.checkouts import LIVE
from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.viewer import VIEWER

_COLUMNS = f"""
    o.pk, o.number, o.session_id, o.user_pk, o.email, o.status, o.amount, o.currency, o.body::text AS body,
    o.created_at, o.modified_at,
    (SELECT json_agg(json_build_object(
         'pk', i.pk, 'product', i.product_pk, 'sku', i.sku, 'price', i.price::text, 'body', i.body
     ) ORDER BY i.pk)
     FROM order_item i WHERE i.merchant = o.merchant AND i.order_pk = o.pk)::text AS items,
    (SELECT json_agg(json_build_object(
         'pk', d.pk, 'offer', d.offer, 'offer_type', d.offer_type, 'name', d.name, 'code', d.code,
         'amount', d.amount::text
     ) ORDER BY d.pk)
     FROM order_discount d WHERE d.merchant = o.merchant AND d.order_pk = o.pk)::text AS discounts,
    EXISTS (SELECT FROM payment_attempt a
            WHERE a.merchant = o.merchant AND a.order_number = o.number AND a.state IN {LIVE}) AS paying,
    (SELECT coalesce(sum(l.amount), 0) FROM payment_attempt a
     JOIN payment_ledger l ON l.merchant = a.merchant AND l.attempt_id = a.id
     WHERE a.merchant = o.merchant AND a.order_number = o.number
       AND l.action IS NOT NULL AND l.kind IN ('voided', 'refunded')) AS refunded
"""  # fmt: skip

BY_NUMBER = Query(text(f"""
    SELECT {_COLUMNS} FROM "order" o WHERE o.merchant = :merchant AND o.number = :number
"""))  # fmt: skip

WHO = Query(text(f"WITH {VIEWER} SELECT session, user_pk FROM viewer"))

OWN = Query(text(f"""
    WITH {VIEWER}
    SELECT {_COLUMNS}
    FROM viewer JOIN "order" o ON o.merchant = :merchant AND o.user_pk = viewer.user_pk
    WHERE o.pk = :pk
"""))  # fmt: skip

LIST = Query(text(f"""
    WITH {VIEWER}, own AS (
        SELECT o.* FROM viewer JOIN "order" o ON o.merchant = :merchant AND o.user_pk = viewer.user_pk
        WHERE (CAST(:status AS int) IS NULL OR o.status = CAST(:status AS int))
          AND (CAST(:after AS timestamptz) IS NULL OR o.created_at >= CAST(:after AS timestamptz))
          AND (CAST(:before AS timestamptz) IS NULL OR o.created_at <= CAST(:before AS timestamptz))
    ), shown AS (
        SELECT * FROM own ORDER BY created_at DESC, pk DESC
        LIMIT CAST(:limit AS int) OFFSET CAST(:offset AS int)
    )
    SELECT viewer.user_pk AS viewer_pk, (SELECT count(*) FROM own) AS total, {_COLUMNS}
    FROM viewer LEFT JOIN shown o ON true
    ORDER BY o.created_at DESC, o.pk DESC
"""))  # fmt: skip


class ItemRow(Struct, frozen=True):
    """One piece of one product."""

    pk: int
    product: int
    sku: str
    price: str
    body: dict[str, Any]


class DiscountRow(Struct, frozen=True):
    """What one offer gave."""

    pk: int
    offer: int | None
    offer_type: str | None
    name: str
    code: str | None
    amount: str


class Order(Struct, frozen=True, kw_only=True):
    """An order with everything that it shows."""

    pk: int
    number: str
    session: UUID
    user: int | None
    email: str
    status: int
    amount: Money
    refunded: Money
    """What went back of it."""
    body: dict[str, Any]
    created: datetime
    modified: datetime
    items: Sequence[ItemRow] = ()
    discounts: Sequence[DiscountRow] = ()
    paying: bool
    """A payment for it is under way."""


class Viewer(Struct, frozen=True):
    """Who looks: a session, and its user where somebody is signed in."""

    session: UUID | None = None
    user: int | None = None


class OrderPage(Struct, frozen=True):
    """Some of a user's orders, and how many there are in all."""

    total: int
    orders: Sequence[Order]


_ITEMS = msgspec.json.Decoder(list[ItemRow])
_DISCOUNTS = msgspec.json.Decoder(list[DiscountRow])


class Orders:
    """The orders of one merchant."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def by_number(self, number: str) -> Order | None:
        """Return an order, whoever placed it."""
        row = await self._lane.ask(BY_NUMBER, merchant=self._merchant, number=number)
        return None if row is None else _order(row)

    async def viewer(self, public_id: str | None) -> Viewer:
        """Return who looks."""
        if public_id is None:
            return Viewer()
        row = await self._lane.ask(WHO, merchant=self._merchant, public_id=public_id)
        return Viewer() if row is None else Viewer(row["session"], row["user_pk"])

    async def own(self, public_id: str, pk: int) -> Order | None:
        """Return an order of the signed-in user, or None."""
        row = await self._lane.ask(OWN, merchant=self._merchant, public_id=public_id, pk=pk)
        return None if row is None else _order(row)

    async def page(
        self,
        public_id: str,
        *,
        limit: int,
        offset: int,
        status: int | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> OrderPage | None:
        """Return some of the user's orders, the latest first; None when nobody is signed in."""
        rows = await self._lane.ask_all(
            LIST, merchant=self._merchant, public_id=public_id, limit=limit, offset=offset, status=status,
            after=after, before=before,
        )  # fmt: skip
        if not rows or rows[0]["viewer_pk"] is None:
            return None
        return OrderPage(rows[0]["total"], [_order(row) for row in rows if row["pk"] is not None])


def _order(row: Any) -> Order:
    return Order(
        pk=row["pk"],
        number=row["number"],
        session=row["session_id"],
        user=row["user_pk"],
        email=row["email"],
        status=row["status"],
        amount=Money.of(row["amount"], row["currency"]),
        refunded=Money.of(row["refunded"], row["currency"]),
        body=msgspec.json.decode(row["body"]),
        created=row["created_at"],
        modified=row["modified_at"],
        items=_ITEMS.decode(row["items"]) if row["items"] else (),
        discounts=_DISCOUNTS.decode(row["discounts"]) if row["discounts"] else (),
        paying=row["paying"],
    )
