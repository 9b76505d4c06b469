"""The statements of paying for an order that stands and waits for its payment."""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.checkouts import LIVE
from vezne_host.storage.lane import Query

# By its owner, or by who has the signed link; the snapshot of the attempt that placed it comes along.
PAYABLE = Query(text(f"""
    SELECT o.pk, o.number, o.user_pk, o.status, s.id AS session, s.user_pk AS session_user, a.snapshot,
           (SELECT max(t.tries) FROM preorder t
            WHERE t.merchant = o.merchant AND (t.id = o.preorder_id OR t.post_order = o.pk)) AS tries,
           EXISTS (SELECT FROM payment_attempt l WHERE l.merchant = o.merchant
                   AND l.order_number = o.number AND l.state IN {LIVE}) AS busy
    FROM "order" o
    JOIN session s ON s.merchant = o.merchant AND s.public_id = :public_id
    JOIN payment_attempt a ON a.merchant = o.merchant AND a.preorder_id = o.preorder_id
        AND a.state IN ('placed', 'voided', 'refunded')
    WHERE o.merchant = :merchant AND o.number = :number
    ORDER BY a.created_at DESC LIMIT 1
"""))  # fmt: skip

BEGIN = Query(text("""
    INSERT INTO session (merchant, id, public_id) VALUES (:merchant, CAST(:session AS uuid), :public_id)
"""))  # fmt: skip

# Takes the place of whatever the session was at, unless money is moving there.
OPEN = Query(text(f"""
    WITH closed AS (
        UPDATE preorder p SET state = 'closed', updated_at = now()
        WHERE p.merchant = :merchant AND p.session_id = :session AND p.state IN ('open', 'placed')
          AND NOT EXISTS (SELECT FROM payment_attempt a WHERE a.merchant = p.merchant
                          AND a.preorder_id = p.id AND a.state IN {LIVE})
        RETURNING p.id
    )
    INSERT INTO preorder (merchant, id, session_id, revision, body, tries, post_order)
    SELECT :merchant, CAST(:id AS uuid), CAST(:session AS uuid), 1, :body, CAST(:tries AS smallint),
           CAST(:order AS bigint)
    FROM (SELECT count(*) FROM closed) gone
    ON CONFLICT DO NOTHING
    RETURNING revision
"""))  # fmt: skip

# Two who pay for one order from two sessions do so one after the other. The lock is a statement of its own:
# the claim that follows sees an attempt that was stored while it was waited for.
LOCK = Query(text("""
    SELECT pk FROM "order" WHERE merchant = :merchant AND pk = :order FOR UPDATE
"""))  # fmt: skip

CLAIM = Query(text(f"""
    WITH payable AS (
        SELECT o.pk FROM "order" o
        WHERE o.merchant = :merchant AND o.pk = :order AND o.status = 300
        FOR UPDATE
    ), here AS (
        SELECT p.id FROM preorder p, payable
        WHERE p.merchant = :merchant AND p.id = :preorder AND p.revision = :revision AND p.state = 'open'
        FOR UPDATE OF p
    ), abandoned AS (
        UPDATE payment_attempt a SET state = 'abandoned', due_at = now() + interval '2 minutes'
        FROM here WHERE a.merchant = :merchant AND a.preorder_id = here.id AND a.state = 'challenged'
        RETURNING a.id
    ), busy AS (
        SELECT a.id FROM payment_attempt a
        WHERE a.merchant = :merchant AND a.order_number = :order_number AND a.state IN {LIVE}
          AND a.id NOT IN (SELECT id FROM abandoned)
    ), go AS (
        SELECT id FROM here WHERE NOT EXISTS (SELECT FROM busy)
    ), moved AS (
        UPDATE preorder p SET state = 'placing', revision = p.revision + 1, tries = p.tries + 1,
               body = :body, updated_at = now()
        FROM go WHERE p.merchant = :merchant AND p.id = go.id
    ), attempt AS (
        INSERT INTO payment_attempt (
            merchant, id, preorder_id, page, gateway, order_number, reference, state, amount, currency,
            interest, body, snapshot, return_hash, configuration_revision, held, called_at, due_at,
            expires_at, transfer_code)
        SELECT :merchant, CAST(:attempt AS uuid), go.id, :page, :gateway, :order_number, :reference,
            'started', CAST(:amount AS numeric), :currency, CAST(:interest AS numeric), :attempt_body,
            :snapshot, :return_hash, :configuration_revision, '{{}}', now(),
            now() + make_interval(secs => CAST(:deadline AS double precision)), CAST(:expires AS timestamptz),
            CAST(:transfer_code AS text)
        FROM go, (SELECT count(*) FROM abandoned) before
        RETURNING id
    ), asked AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency)
        SELECT :merchant, id, 'asked', CAST(:amount AS numeric), :currency FROM attempt
    )
    SELECT EXISTS (SELECT FROM payable) AS payable, EXISTS (SELECT FROM here) AS current,
           (SELECT id FROM attempt) AS attempt, ARRAY[]::text[] AS short
"""))  # fmt: skip

# Whoever comes second has paid for nothing: his attempt goes on to be voided.
PAY = Query(text("""
    WITH attempt AS (
        SELECT id, preorder_id FROM payment_attempt
        WHERE merchant = :merchant AND id = :attempt AND state = any(CAST(:leaves AS text[]))
        FOR UPDATE
    ), paid AS (
        UPDATE "order" o SET status = CAST(:status AS smallint), amount = CAST(:amount AS numeric),
               body = o.body || CAST(:body AS jsonb), modified_at = now()
        FROM attempt WHERE o.merchant = :merchant AND o.pk = :order AND o.status = 300
        RETURNING o.pk, o.number, o.key
    ), moved AS (
        UPDATE payment_attempt a
        SET state = CASE WHEN EXISTS (SELECT FROM paid) THEN 'placed' ELSE 'voiding' END,
            transaction_id = :transaction_id,
            due_at = CASE WHEN EXISTS (SELECT FROM paid) THEN NULL ELSE now() END
        FROM attempt WHERE a.merchant = :merchant AND a.id = attempt.id
    ), transactions AS (
        INSERT INTO order_transaction (merchant, order_pk, attempt_id, kind, amount, currency,
                                       transaction_id, three_d, succeeded)
        SELECT :merchant, paid.pk, CAST(:attempt AS uuid), 'payment', CAST(:charged AS numeric), :currency,
               :transaction_id, CAST(:three_d AS boolean), CAST(:status AS smallint) = 400
        FROM paid
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, transaction_id, note)
        SELECT :merchant, attempt.id, :result, CAST(:charged AS numeric), :currency, :transaction_id,
               CASE WHEN EXISTS (SELECT FROM paid) THEN NULL ELSE 'surplus' END
        FROM attempt
    ), alarm AS (
        INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
        SELECT :merchant, 'payment_surplus', attempt.id, :number,
               'paid for an order that does not wait for its payment any more; it is given back'
        FROM attempt WHERE NOT EXISTS (SELECT FROM paid)
    ), told AS (
        INSERT INTO outbox (merchant, event_id, topic, consumer, payload)
        SELECT :merchant, o.event_id, o.topic, o.consumer, o.payload
        FROM paid, unnest(CAST(:event_ids AS uuid[]), CAST(:topics AS text[]),
                          CAST(:consumers AS text[]), CAST(:payloads AS bytea[]))
                   o(event_id, topic, consumer, payload)
    ), closed AS (
        UPDATE preorder p SET state = 'placed', revision = p.revision + 1, updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id
    ), renewed AS (
        UPDATE session s SET flash = NULL, renew = CAST(:public_id AS text) IS NULL, rotated_at = now(),
               previous_id = CASE WHEN CAST(:public_id AS text) IS NULL THEN s.previous_id
                                  ELSE s.public_id END,
               public_id = coalesce(CAST(:public_id AS text), s.public_id)
        FROM attempt JOIN preorder p ON p.merchant = :merchant AND p.id = attempt.preorder_id
        WHERE s.merchant = :merchant AND s.id = p.session_id
    )
    SELECT o.pk, o.number, o.key FROM attempt, "order" o WHERE o.merchant = :merchant AND o.pk = :order
"""))  # fmt: skip
