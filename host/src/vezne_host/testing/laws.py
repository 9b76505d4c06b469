"""The laws that hold whatever happened: our books and the bank's agree, and every order is covered.

assert broken_laws(house) == []
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import asyncpg

from vezne_host.testing.house import House

Rows = list[Mapping[str, Any]]
Ask = Callable[..., Rows]

GATEWAYS = frozenset({"sandbox", "sandbox_redirect"})
"""Those whose bank keeps the ledger."""

_SIGNS = {"capture": 1, "refund": -1, "void": -1}

_ATTEMPTS = """
    SELECT a.merchant, a.id, a.preorder_id, a.order_number, a.reference, a.gateway, a.state, a.amount,
           a.held::text AS held, o.pk AS order_pk,
           a.due_at IS NOT NULL OR a.flag IS NOT NULL AS cared_for,
           EXISTS (SELECT FROM payment_action c WHERE c.merchant = a.merchant AND c.attempt_id = a.id
                   AND c.state = 'asked' AND c.due_at IS NOT NULL) AS giving,
           EXISTS (SELECT FROM order_transaction t WHERE t.merchant = a.merchant AND t.attempt_id = a.id
                   AND t.kind = 'payment' AND t.succeeded) AS paid,
           (SELECT coalesce(sum(l.amount), 0) FROM payment_ledger l
            WHERE l.merchant = a.merchant AND l.attempt_id = a.id AND l.action IS NOT NULL
              AND l.tender IS NULL AND l.kind IN ('voided', 'refunded')) AS gone
    FROM payment_attempt a
    LEFT JOIN "order" o ON o.merchant = a.merchant AND o.number = a.order_number
"""
_ORDERS = """
    SELECT o.merchant, o.number, o.preorder_id, o.amount, o.status,
           coalesce(sum(t.amount) FILTER (WHERE t.succeeded OR NOT t.paid), 0) AS covered,
           coalesce(sum(t.amount) FILTER (WHERE t.succeeded), 0) AS taken,
           (SELECT coalesce(sum(l.amount), 0) FROM payment_attempt a
            JOIN payment_ledger l ON l.merchant = a.merchant AND l.attempt_id = a.id
            WHERE a.merchant = o.merchant AND a.order_number = o.number AND l.action IS NOT NULL
              AND l.kind IN ('voided', 'refunded')) AS gone,
           (SELECT count(*) FROM payment_attempt a
            WHERE a.merchant = o.merchant AND a.preorder_id = o.preorder_id AND a.state = 'placed') AS placed
    FROM "order" o
    LEFT JOIN (
        SELECT *, bool_or(kind = 'payment' AND succeeded) OVER (PARTITION BY merchant, order_pk) AS paid
        FROM order_transaction
    ) t ON t.merchant = o.merchant AND t.order_pk = o.pk
    GROUP BY o.merchant, o.pk, o.number, o.preorder_id, o.amount, o.status
"""
_STOCK = """
    SELECT s.merchant, s.sku, s.quantity, s.allocated,
           (SELECT coalesce(sum((a.held ->> s.sku)::int), 0) FROM payment_attempt a
            WHERE a.merchant = s.merchant) AS held,
           (SELECT count(*) FROM order_item i JOIN "order" o ON o.merchant = i.merchant AND o.pk = i.order_pk
            WHERE i.merchant = s.merchant AND i.sku = s.sku AND o.status <> 100
              AND (o.status <> 600 OR EXISTS (
                  SELECT FROM payment_attempt a WHERE a.merchant = o.merchant
                  AND a.order_number = o.number AND a.held <> '{}'))) AS ordered,
           (SELECT coalesce(sum((a.held ->> s.sku)::int), 0) FROM payment_attempt a
            WHERE a.merchant = s.merchant AND a.state IN ('placed', 'voided', 'refunded')) AS sold
    FROM stock s
"""


@contextmanager
def asking(database_url: str) -> Iterator[Ask]:
    """Lend a way to ask a database from a test that is not async: ``ask("SELECT …", 1)``."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database_url))
        try:
            yield lambda sql, *values: runner.run(connection.fetch(sql, *values))
        finally:
            runner.run(connection.close())


def broken_laws(house: House) -> list[str]:
    """Say in words what is wrong in a shop at rest; nothing is an empty list.

    (L1) For every attempt the bank holds what our books say, or somebody will
    see to it. (L2) A pre-order has at most one order, and what was paid or is
    awaited covers it; never more goes back than was taken, and of an order that
    is over everything. Stock is taken by attempts that hold it, and by no other.
    """
    with asking(house.database_url) as ask:
        attempts, orders, stock = ask(_ATTEMPTS), ask(_ORDERS), ask(_STOCK)
    return [*_money(attempts, taken(house)), *_orders(orders), *_pieces(stock)]


def taken(house: House) -> dict[str, Decimal]:
    """Return the money that the bank holds, by the reference of the attempt."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in house.ledger():
        sums[row["reference"]] += _SIGNS.get(row["kind"], 0) * Decimal(row["amount"])
    return sums


def _money(attempts: Rows, taken: dict[str, Decimal]) -> Iterator[str]:
    known = set()
    for row in attempts:
        if row["gateway"] not in GATEWAYS:
            continue
        reference, state = row["reference"], row["state"]
        known.add(reference)
        owed = row["amount"] - row["gone"] if row["paid"] else 0
        seen_to = row["giving"] if row["paid"] else row["cared_for"]
        if taken[reference] != owed and not seen_to:
            told = f"{state} over {row['amount']}, {row['gone']} went back"
            yield f"L1: attempt {reference} is {told}; the bank holds {taken[reference]}"
        if state in ("started", "challenged", "unknown", "voiding") and not row["cared_for"]:
            yield f"L1: attempt {reference} is {state}, and nobody looks after it"
        if state == "placed" and row["order_pk"] is None:
            yield f"L2: attempt {reference} is placed, and there is no order"
    for reference in taken.keys() - known:
        yield f"L1: the bank holds {taken[reference]} for {reference}, of which nothing is known"


def _orders(orders: Rows) -> Iterator[str]:
    for (merchant, preorder), count in Counter((o["merchant"], o["preorder_id"]) for o in orders).items():
        if count > 1:
            yield f"L2: {merchant} has {count} orders for pre-order {preorder}"
    for row in orders:
        if row["covered"] != row["amount"]:
            yield f"L2: order {row['number']} costs {row['amount']} and is covered by {row['covered']}"
        if row["gone"] > row["taken"]:
            yield f"L2: of order {row['number']} {row['gone']} went back, and {row['taken']} were taken"
        over = row["status"] in (100, 600) or (row["taken"] and row["gone"] == row["taken"])
        if row["placed"] != (0 if over else 1):
            yield f"L2: order {row['number']} is {row['status']} and stands by {row['placed']} attempts"
        if row["status"] in (100, 600) and row["gone"] != row["taken"]:
            yield f"L2: order {row['number']} is over, and {row['taken'] - row['gone']} of it did not go back"


def _pieces(stock: Rows) -> Iterator[str]:
    for row in stock:
        sku = f"{row['sku']} of {row['merchant']}"
        if row["allocated"] != row["held"]:
            yield f"stock: {row['allocated']} of {sku} are taken, attempts hold {row['held']}"
        if row["sold"] != row["ordered"]:
            yield f"stock: orders have {row['ordered']} of {sku}, their attempts hold {row['sold']}"
        if row["allocated"] > row["quantity"]:
            yield f"stock: {row['allocated']} of {row['quantity']} {sku} are taken"
