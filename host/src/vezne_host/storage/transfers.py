"""The statements that match bank transfers to orders."""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.lane import Query

# By the code that the shopper was told with any of his tries, or by the number of the order.
FITTING = Query(text("""
    SELECT number FROM "order" WHERE merchant = :merchant AND number = :reference
    UNION
    SELECT o.number FROM payment_attempt a
    JOIN "order" o ON o.merchant = a.merchant AND o.number = a.order_number
    WHERE a.merchant = :merchant AND a.transfer_code = :reference
    ORDER BY 1
"""))  # fmt: skip

KNOWN = Query(text("""
    SELECT order_number, amount, currency, outcome FROM bank_transfer
    WHERE merchant = :merchant AND transaction_id = :transaction_id
"""))  # fmt: skip

# What the order waits for: the last way to pay that its shopper chose.
AWAITED = Query(text("""
    SELECT attempt_id, amount, currency FROM order_transaction
    WHERE merchant = :merchant AND order_pk = :order AND kind = 'payment' AND NOT succeeded
    ORDER BY pk DESC LIMIT 1
"""))  # fmt: skip

NOTE = Query(text("""
    INSERT INTO bank_transfer (merchant, transaction_id, order_number, reference, amount, currency,
                               booked_on, outcome)
    VALUES (:merchant, :transaction_id, :number, :reference, CAST(:amount AS numeric), :currency,
            CAST(:booked AS date), :outcome)
    ON CONFLICT DO NOTHING
    RETURNING transaction_id
"""))  # fmt: skip

PAID = Query(text("""
    WITH paid AS (
        INSERT INTO order_transaction (merchant, order_pk, attempt_id, kind, amount, currency,
                                       transaction_id, succeeded)
        VALUES (:merchant, :order, CAST(:attempt AS uuid), 'payment', CAST(:amount AS numeric), :currency,
                :transaction_id, true)
    )
    INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, transaction_id)
    VALUES (:merchant, CAST(:attempt AS uuid), 'confirmed', CAST(:amount AS numeric), :currency,
            :transaction_id)
"""))  # fmt: skip
