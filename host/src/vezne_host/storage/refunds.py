"""The statements that give money back. They run in transactions that hold the order's row.

What is given back is asked, then done or refused; each is a row of the ledger,
and nothing in it changes any more.
"""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.attempts import ATTEMPT_COLUMNS
from vezne_host.storage.lane import Query

# What the order was paid with: tenders first, as they were taken.
TAKEN = Query(text("""
    SELECT attempt_id, kind, amount FROM order_transaction
    WHERE merchant = :merchant AND order_pk = :order AND succeeded AND amount > 0
    ORDER BY pk
"""))  # fmt: skip

BOOKED = Query(text("""
    SELECT l.attempt_id, l.tender, l.action, l.kind, l.amount
    FROM payment_attempt a
    JOIN payment_ledger l ON l.merchant = a.merchant AND l.attempt_id = a.id
    WHERE a.merchant = :merchant AND a.order_number = :number AND l.action IS NOT NULL
    ORDER BY l.pk
"""))  # fmt: skip

_ACTION = """
    id, order_number, attempt_id, kind, wanted, by_hand, amount, currency, method, state, actor, note, asked,
    created_at, claimed_by, now() AS now
"""

ACTION = Query(text(f"SELECT {_ACTION} FROM payment_action WHERE merchant = :merchant AND id = :action"))

# Nothing when the id has been used for another order.
BEGIN = Query(text(f"""
    INSERT INTO payment_action (merchant, id, order_number, attempt_id, kind, wanted, by_hand, amount,
                                currency, method, actor, asked, due_at, claimed_by, claimed_until)
    VALUES (:merchant, :action, :number, CAST(:attempt AS uuid), :kind, CAST(:wanted AS numeric), :by_hand,
            CAST(:amount AS numeric), :currency, :method, :actor, 1, now() + CAST(:lease AS interval),
            :owner, now() + CAST(:lease AS interval))
    ON CONFLICT DO NOTHING
    RETURNING {_ACTION}
"""))  # fmt: skip

BOOK = Query(text("""
    INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, transaction_id, action, tender,
                                note)
    SELECT :merchant, p.attempt, :kind, p.amount, :currency, CAST(:transaction_id AS text), :action, p.tender,
           CAST(:note AS text)
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:tenders AS text[]), CAST(:amounts AS numeric[]))
         p(attempt, tender, amount)
"""))  # fmt: skip

# Of several who want to repeat an action one does.
CLAIM = Query(text(f"""
    UPDATE payment_action
    SET claimed_by = :owner, claimed_until = now() + CAST(:lease AS interval), asked = asked + 1,
        due_at = now() + CAST(:lease AS interval)
    WHERE merchant = :merchant AND id = :action AND state = 'asked'
      AND (claimed_until IS NULL OR claimed_until < now() OR claimed_by = :owner)
    RETURNING {_ACTION}
"""))  # fmt: skip

CLAIM_DUE = Query(text(f"""
    UPDATE payment_action a
    SET claimed_by = :owner, claimed_until = now() + CAST(:lease AS interval), asked = a.asked + 1,
        due_at = now() + CAST(:lease AS interval)
    FROM (
        SELECT merchant AS m, id AS i FROM payment_action
        WHERE due_at <= now() AND merchant = any(CAST(:merchants AS text[]))
          AND (claimed_until IS NULL OR claimed_until < now())
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) due
    WHERE a.merchant = due.m AND a.id = due.i AND a.state = 'asked'
    RETURNING a.merchant, {_ACTION}
"""))  # fmt: skip

# Noted before the gateway is called, so that what may have been done is never tried another way.
GO_ON = Query(text("""
    UPDATE payment_action SET method = :method
    WHERE merchant = :merchant AND id = :action AND state = 'asked'
    RETURNING id
"""))  # fmt: skip

END = Query(text("""
    UPDATE payment_action
    SET state = :state, note = CAST(:note AS text), due_at = NULL, claimed_by = NULL, claimed_until = NULL
    WHERE merchant = :merchant AND id = :action AND state = 'asked'
    RETURNING id
"""))  # fmt: skip

LATER = Query(text("""
    UPDATE payment_action
    SET claimed_by = NULL, claimed_until = NULL, note = :note, due_at = now() + CAST(:wait AS interval)
    WHERE merchant = :merchant AND id = :action AND claimed_by = :owner AND state = 'asked'
"""))  # fmt: skip

GIVE_UP = Query(text("""
    WITH given_up AS (
        UPDATE payment_action SET claimed_by = NULL, claimed_until = NULL, due_at = NULL, note = :note
        WHERE merchant = :merchant AND id = :action AND claimed_by = :owner AND state = 'asked'
        RETURNING attempt_id, order_number
    )
    INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
    SELECT :merchant, 'refund_unknown', attempt_id, order_number, :text FROM given_up
    RETURNING pk
"""))  # fmt: skip

ATTEMPT = Query(text(f"""
    SELECT {ATTEMPT_COLUMNS} FROM payment_attempt a WHERE a.merchant = :merchant AND a.id = :attempt
"""))  # fmt: skip
