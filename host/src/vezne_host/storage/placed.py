"""An order as its confirmation tells it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_core import Money
from vezne_host.storage.lane import Lane, Query

LOAD = Query(text("""
    SELECT o.pk, o.status, o.amount, o.currency, o.body::text AS body,
           (SELECT json_agg(json_build_object('name', l.name, 'pieces', l.pieces, 'price', l.price::text)
                            ORDER BY l.first)::text
            FROM (SELECT i.body #>> '{product,name}' AS name, i.price, count(*) AS pieces, min(i.pk) AS first
                  FROM order_item i WHERE i.merchant = o.merchant AND i.order_pk = o.pk
                  GROUP BY i.sku, i.price, i.body #>> '{product,name}') l) AS lines
    FROM "order" o WHERE o.merchant = :merchant AND o.number = :number
"""))  # fmt: skip


class Line(Struct, frozen=True):
    """Pieces of one product at one price."""

    name: str
    pieces: int
    price: Decimal


class Extra(Struct, frozen=True):
    """Something that comes with an order: a gift box, a bag."""

    name: str
    price: Decimal


class Tender(Struct, frozen=True):
    """A part of the price that was paid otherwise: with a gift card, with points."""

    label: str
    amount: Decimal


class Body(Struct, frozen=True):
    """What of an order's body a confirmation tells."""

    discount_amount: Decimal = Decimal(0)
    extra_items: tuple[Extra, ...] = ()
    fee_amount: Decimal = Decimal(0)
    shipping_amount: Decimal = Decimal(0)
    installment_interest_amount: Decimal = Decimal(0)
    tenders: tuple[Tender, ...] = ()
    phone_number: str | None = None


class OrderSummary(Struct, frozen=True, kw_only=True):
    """An order in short; all amounts in its currency."""

    pk: int
    status: int
    amount: Money
    lines: tuple[Line, ...]
    body: Body


_LINES = msgspec.json.Decoder(tuple[Line, ...])
_BODY = msgspec.json.Decoder(Body)


async def load_summary(lane: Lane, merchant: str, number: str) -> OrderSummary | None:
    """Return an order by its number, or None."""
    row: Any = await lane.ask(LOAD, merchant=merchant, number=number)
    if row is None:
        return None
    return OrderSummary(
        pk=row["pk"],
        status=row["status"],
        amount=Money.of(row["amount"], row["currency"]),
        lines=_LINES.decode(row["lines"] or "[]"),
        body=_BODY.decode(row["body"]),
    )
