"""The statements that move orders on. They run in transactions that hold the order's row.

The row is locked by a statement of its own: what follows then sees what others
have committed while it was waited for.
"""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.attempts import ATTEMPT_COLUMNS
from vezne_host.storage.checkouts import LIVE
from vezne_host.storage.lane import Query

LOCK = Query(text("""
    SELECT pk, number, preorder_id, status, amount, currency, email, body ->> 'language_code' AS language,
           now() AS now
    FROM "order" WHERE merchant = :merchant AND number = :number
    FOR UPDATE
"""))  # fmt: skip

MOVE = Query(text("""
    UPDATE "order" SET status = CAST(:status AS smallint), modified_at = now()
    WHERE merchant = :merchant AND pk = :order AND status = CAST(:before AS smallint)
    RETURNING pk
"""))  # fmt: skip

UNDER_WAY = Query(text(f"""
    SELECT EXISTS (SELECT FROM payment_attempt
                   WHERE merchant = :merchant AND order_number = :number AND state IN {LIVE}) AS paying,
           EXISTS (SELECT FROM payment_action
                   WHERE merchant = :merchant AND order_number = :number AND state = 'asked') AS refunding
"""))  # fmt: skip

# The attempt that placed the order: what it holds of reservations is frozen with it.
PLACED_BY = Query(text(f"""
    SELECT {ATTEMPT_COLUMNS} FROM payment_attempt a
    WHERE a.merchant = :merchant AND a.preorder_id = :preorder AND a.order_number = :number
      AND a.state = 'placed'
"""))  # fmt: skip

# Stock is locked in the order of its SKU, as everywhere.
FREE = Query(text("""
    WITH holding AS (
        SELECT id, held FROM payment_attempt
        WHERE merchant = :merchant AND order_number = :number AND state = 'placed' AND held <> '{}'
        ORDER BY id FOR UPDATE
    ), pieces AS (
        SELECT h.key AS sku, sum(h.value::int)::int AS pieces
        FROM holding, jsonb_each_text(holding.held) h GROUP BY h.key
    ), locked AS (
        SELECT s.sku, p.pieces FROM stock s JOIN pieces p ON p.sku = s.sku
        WHERE s.merchant = :merchant
        ORDER BY s.sku FOR UPDATE OF s
    ), freed AS (
        UPDATE stock s SET allocated = s.allocated - l.pieces FROM locked l
        WHERE s.merchant = :merchant AND s.sku = l.sku
    )
    UPDATE payment_attempt a SET held = '{}' FROM holding
    WHERE a.merchant = :merchant AND a.id = holding.id
    RETURNING a.id
"""))  # fmt: skip

# The paying attempt ends as its money went back; one that only waited for money is undone.
END_ATTEMPTS = Query(text("""
    UPDATE payment_attempt
    SET state = CASE WHEN id = CAST(:paying AS uuid) THEN :state ELSE 'voided' END
    WHERE merchant = :merchant AND order_number = :number AND state = 'placed'
"""))  # fmt: skip

STALE = Query(text(f"""
    SELECT o.number FROM "order" o
    WHERE o.merchant = :merchant AND o.status = 300 AND o.created_at < now() - CAST(:life AS interval)
      AND NOT EXISTS (SELECT FROM payment_attempt a WHERE a.merchant = o.merchant
                      AND a.order_number = o.number AND a.state IN {LIVE})
    ORDER BY o.created_at LIMIT :limit
"""))  # fmt: skip

ALARM = Query(text("""
    INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
    VALUES (:merchant, :kind, CAST(:attempt AS uuid), :number, :text)
"""))  # fmt: skip

WRITE_DOWN = Query(text("""
    INSERT INTO audit (merchant, actor, action, order_number, text)
    VALUES (:merchant, :actor, :action, CAST(:number AS text), :text)
"""))  # fmt: skip
