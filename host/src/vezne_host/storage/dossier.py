"""Everything there is of an order and its money, for operators: rows as they are, nothing secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import text

from vezne_core import Money
from vezne_host.storage.lane import Lane, Query

FIND = Query(text("""
    SELECT merchant FROM "order"
    WHERE merchant = any(CAST(:merchants AS text[])) AND number = :number ORDER BY merchant
"""))  # fmt: skip

SHOW = Query(text("""
    SELECT o.number, o.status, o.amount, o.currency, o.email, o.created_at, o.modified_at,
        (SELECT json_agg(json_build_object(
             'kind', t.kind, 'amount', t.amount::text, 'succeeded', t.succeeded,
             'transaction_id', t.transaction_id, 'at', t.at) ORDER BY t.pk)
         FROM order_transaction t WHERE t.merchant = o.merchant AND t.order_pk = o.pk)::text AS transactions,
        (SELECT json_agg(json_build_object(
             'id', a.id, 'state', a.state, 'gateway', a.gateway, 'reference', a.reference,
             'amount', a.amount::text, 'flag', a.flag, 'at', a.created_at) ORDER BY a.created_at)
         FROM payment_attempt a
         WHERE a.merchant = o.merchant AND a.order_number = o.number)::text AS attempts,
        (SELECT json_agg(json_build_object(
             'kind', l.kind, 'amount', l.amount::text, 'action', l.action, 'tender', l.tender,
             'transaction_id', l.transaction_id, 'note', l.note, 'at', l.at) ORDER BY l.pk)
         FROM payment_attempt a JOIN payment_ledger l ON l.merchant = a.merchant AND l.attempt_id = a.id
         WHERE a.merchant = o.merchant AND a.order_number = o.number)::text AS ledger,
        (SELECT json_agg(json_build_object(
             'id', c.id, 'kind', c.kind, 'amount', c.amount::text, 'state', c.state, 'by_hand', c.by_hand,
             'actor', c.actor, 'note', c.note, 'at', c.created_at) ORDER BY c.created_at)
         FROM payment_action c WHERE c.merchant = o.merchant AND c.order_number = o.number)::text AS actions,
        (SELECT json_agg(json_build_object(
             'actor', d.actor, 'action', d.action, 'text', d.text, 'at', d.at) ORDER BY d.pk)
         FROM audit d WHERE d.merchant = o.merchant AND d.order_number = o.number)::text AS audit
    FROM "order" o WHERE o.merchant = :merchant AND o.number = :number
"""))  # fmt: skip

LISTS = ("transactions", "attempts", "ledger", "actions", "audit")
_GONE = frozenset({"voided", "refunded"})


async def merchants_of(lane: Lane, number: str, merchants: Iterable[str]) -> list[str]:
    """Return which of some merchants have an order of this number."""
    rows = await lane.ask_all(FIND, merchants=list(merchants), number=number)
    return [row["merchant"] for row in rows]


async def dossier(lane: Lane, merchant: str, number: str) -> dict[str, Any] | None:
    """Return an order with attempts, transactions, ledger, actions and audit; None where there is none."""
    row: Any = await lane.ask(SHOW, merchant=merchant, number=number)
    if row is None:
        return None
    currency = row["currency"]
    lists = {name: _rows(row[name], currency) for name in LISTS}
    gone = [each["amount"] for each in lists["ledger"] if each["action"] and each["kind"] in _GONE]
    return {
        "number": row["number"],
        "status": row["status"],
        "amount": Money.of(row["amount"], currency).wire,
        "currency": currency,
        "refunded": Money.sum((Money.of(each, currency) for each in gone), currency).wire,
        "email": row["email"],
        "created": row["created_at"],
        "modified": row["modified_at"],
        **lists,
    }


def _rows(raw: str | None, currency: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = msgspec.json.decode(raw or "[]")
    for row in rows:
        if "amount" in row:
            row["amount"] = Money.of(row["amount"], currency).wire
    return rows
