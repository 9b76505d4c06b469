"""The statements that move an attempt: each names the state it leaves, each is one trip.

Claim and place commit synchronously. A statement that changes nothing raises
nothing: it answers what it found. Rows of ``stock`` are always locked in the
order of their SKU, so that no two of these wait for each other.
"""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.checkouts import _COLUMNS, _OWN_BASKET, LIVE
from vezne_host.storage.lane import Query

CLAIM = Query(text("""
    WITH here AS (
        SELECT p.id FROM preorder p
        WHERE p.merchant = :merchant AND p.id = :preorder AND p.revision = :revision AND p.state = 'open'
          AND EXISTS (SELECT FROM basket b WHERE b.merchant = :merchant AND b.pk = :basket
                      AND b.version = :basket_version)
        FOR UPDATE
    ), left_open AS (
        SELECT id, held FROM payment_attempt
        WHERE merchant = :merchant AND preorder_id = :preorder AND state = 'challenged'
        FOR UPDATE
    ), wanted AS (
        SELECT sku, sum(pieces)::int AS pieces, sum(greatest(pieces, 0))::int AS needed FROM (
            SELECT w.sku, w.pieces FROM unnest(CAST(:skus AS text[]), CAST(:pieces AS int[])) w(sku, pieces)
            UNION ALL
            SELECT h.key, -h.value::int FROM left_open, jsonb_each_text(left_open.held) h
        ) every GROUP BY sku
    ), locked AS (
        SELECT s.sku, w.pieces, w.needed,
               s.quantity - s.allocated >= w.pieces OR w.needed = 0 AS enough
        FROM stock s JOIN wanted w ON w.sku = s.sku
        WHERE s.merchant = :merchant
        ORDER BY s.sku FOR UPDATE OF s
    ), short AS (
        SELECT w.sku FROM wanted w LEFT JOIN locked l ON l.sku = w.sku
        WHERE w.needed > 0 AND NOT coalesce(l.enough, false)
    ), go AS (
        SELECT id FROM here WHERE NOT EXISTS (SELECT FROM short)
    ), taken AS (
        UPDATE stock s SET allocated = s.allocated + l.pieces
        FROM locked l, go WHERE s.merchant = :merchant AND s.sku = l.sku AND l.pieces <> 0
    ), abandoned AS (
        UPDATE payment_attempt a SET state = 'abandoned', held = '{}', due_at = now() + interval '2 minutes'
        FROM left_open o, go WHERE a.merchant = :merchant AND a.id = o.id
        RETURNING a.id
    ), busy AS (
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
            :snapshot, :return_hash, :configuration_revision, CAST(:held AS jsonb), now(),
            now() + make_interval(secs => CAST(:deadline AS double precision)), CAST(:expires AS timestamptz),
            CAST(:transfer_code AS text)
        FROM go, (SELECT count(*) FROM abandoned) before
        RETURNING id
    ), asked AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency)
        SELECT :merchant, id, 'asked', CAST(:amount AS numeric), :currency FROM attempt
    )
    SELECT EXISTS (SELECT FROM here) AS current, (SELECT id FROM attempt) AS attempt,
           ARRAY(SELECT sku FROM short ORDER BY sku) AS short
"""))  # fmt: skip

PLACE = Query(text("""
    WITH attempt AS (
        UPDATE payment_attempt SET state = 'placed', transaction_id = :transaction_id, due_at = NULL,
               amount = CAST(:charged AS numeric), interest = CAST(:interest AS numeric)
        WHERE merchant = :merchant AND id = :attempt AND state = any(CAST(:leaves AS text[]))
        RETURNING preorder_id
    ), ordered AS (
        INSERT INTO "order" (merchant, number, preorder_id, session_id, user_pk, email, status, amount,
                             currency, key, body)
        SELECT :merchant, :number, attempt.preorder_id, p.session_id, CAST(:user AS bigint), :email,
               CAST(:status AS smallint), CAST(:amount AS numeric), :currency, :key, CAST(:body AS jsonb)
        FROM attempt JOIN preorder p ON p.merchant = :merchant AND p.id = attempt.preorder_id
        RETURNING pk, session_id
    ), items AS (
        INSERT INTO order_item (merchant, order_pk, product_pk, sku, price, body)
        SELECT :merchant, ordered.pk, i.product, i.sku, i.price, i.body::jsonb
        FROM ordered, unnest(CAST(:item_products AS bigint[]), CAST(:item_skus AS text[]),
                             CAST(:item_prices AS numeric[]), CAST(:item_bodies AS text[]))
                      i(product, sku, price, body)
    ), discounts AS (
        INSERT INTO order_discount (merchant, order_pk, offer, offer_type, name, code, amount)
        SELECT :merchant, ordered.pk, d.offer, d.offer_type, d.name, d.code, d.amount
        FROM ordered, unnest(CAST(:discount_offers AS bigint[]), CAST(:discount_types AS text[]),
                             CAST(:discount_names AS text[]), CAST(:discount_codes AS text[]),
                             CAST(:discount_amounts AS numeric[]))
                      d(offer, offer_type, name, code, amount)
    ), transactions AS (
        INSERT INTO order_transaction (merchant, order_pk, attempt_id, kind, amount, currency,
                                       transaction_id, three_d, succeeded)
        SELECT :merchant, ordered.pk, CAST(:attempt AS uuid), t.kind, t.amount, :currency,
               t.transaction_id, CAST(:three_d AS boolean), t.succeeded
        FROM ordered, unnest(CAST(:tender_kinds AS text[]), CAST(:tender_amounts AS numeric[]),
                             CAST(:tender_ids AS text[]), CAST(:tender_done AS boolean[]))
                      t(kind, amount, transaction_id, succeeded)
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, transaction_id)
        SELECT :merchant, CAST(:attempt AS uuid), :result, CAST(:charged AS numeric), :currency,
               :transaction_id FROM ordered
    ), closed AS (
        UPDATE preorder p SET state = 'placed', revision = p.revision + 1, updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id
    ), bought AS (
        SELECT l.pk, l.quantity - b.quantity AS remains
        FROM ordered,
             -- as basket writes do: the basket before its lines
             (SELECT pk FROM basket WHERE merchant = :merchant AND pk = :basket FOR UPDATE) first,
             basket_line l JOIN unnest(CAST(:line_pks AS bigint[]), CAST(:line_quantities AS int[]))
             b(pk, quantity) ON b.pk = l.pk
        WHERE l.merchant = :merchant AND l.basket_pk = :basket
    ), emptied AS (
        DELETE FROM basket_line l USING bought b
        WHERE l.merchant = :merchant AND l.basket_pk = :basket AND l.pk = b.pk AND b.remains <= 0
    ), reduced AS (
        UPDATE basket_line l SET quantity = b.remains FROM bought b
        WHERE l.merchant = :merchant AND l.basket_pk = :basket AND l.pk = b.pk AND b.remains > 0
    ), touched AS (
        -- after `bought`, which would not find a row to lock that this statement has changed already
        UPDATE basket b SET version = b.version + 1, modified_at = now()
        FROM ordered, (SELECT count(*) FROM bought) after WHERE b.merchant = :merchant AND b.pk = :basket
    ), counted AS (
        UPDATE "user" u SET orders = u.orders + 1
        FROM ordered WHERE u.merchant = :merchant AND u.pk = CAST(:user AS bigint)
    ), told AS (
        INSERT INTO outbox (merchant, event_id, topic, consumer, payload)
        SELECT :merchant, o.event_id, o.topic, o.consumer, o.payload
        FROM ordered, unnest(CAST(:event_ids AS uuid[]), CAST(:topics AS text[]),
                             CAST(:consumers AS text[]), CAST(:payloads AS bytea[]))
                      o(event_id, topic, consumer, payload)
    ), renewed AS (
        UPDATE session s SET flash = NULL, renew = CAST(:public_id AS text) IS NULL, rotated_at = now(),
               previous_id = CASE WHEN CAST(:public_id AS text) IS NULL THEN s.previous_id
                                  ELSE s.public_id END,
               public_id = coalesce(CAST(:public_id AS text), s.public_id)
        FROM ordered WHERE s.merchant = :merchant AND s.id = ordered.session_id
    )
    SELECT pk FROM ordered
"""))  # fmt: skip

CHALLENGE = Query(text("""
    WITH attempt AS (
        UPDATE payment_attempt SET state = 'challenged', body = :attempt_body, snapshot = :snapshot,
               transaction_id = coalesce(:transaction_id, transaction_id),
               expires_at = CAST(:expires AS timestamptz), due_at = now() + interval '2 minutes'
        WHERE merchant = :merchant AND id = :attempt AND state IN ('started', 'unknown')
        RETURNING preorder_id
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency)
        SELECT :merchant, CAST(:attempt AS uuid), 'challenged', CAST(:amount AS numeric), :currency
        FROM attempt
    ), reopened AS (
        UPDATE preorder p SET state = 'open', revision = p.revision + 1, body = :body, updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id AND p.state = 'placing'
        RETURNING p.revision
    )
    SELECT (SELECT revision FROM reopened) AS revision, EXISTS (SELECT FROM attempt) AS moved
"""))  # fmt: skip

# Ends an attempt without an order: gives the stock back and opens the pre-order again. The body is
# written only over the revision that the caller has seen; otherwise the shopper's newer one stays.
END = Query(text("""
    WITH ended AS (
        SELECT id, held, preorder_id FROM payment_attempt
        WHERE merchant = :merchant AND id = :attempt AND state = any(CAST(:leaves AS text[]))
        FOR UPDATE
    ), locked AS (
        SELECT s.sku, h.value::int AS pieces FROM ended, jsonb_each_text(ended.held) h
        JOIN stock s ON s.merchant = :merchant AND s.sku = h.key
        ORDER BY s.sku FOR UPDATE OF s
    ), freed AS (
        UPDATE stock s SET allocated = s.allocated - l.pieces FROM locked l
        WHERE s.merchant = :merchant AND s.sku = l.sku
    ), attempt AS (
        UPDATE payment_attempt a SET state = :state, held = '{}', flag = CAST(:flag AS text),
               due_at = CASE WHEN :state = 'abandoned' THEN now() + interval '2 minutes' END
        FROM ended WHERE a.merchant = :merchant AND a.id = ended.id
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, note)
        SELECT :merchant, id, :state, CAST(:amount AS numeric), :currency, CAST(:note AS text) FROM ended
    ), reopened AS (
        UPDATE preorder p SET state = 'open', revision = p.revision + 1, updated_at = now(),
               body = CASE WHEN p.revision = :revision THEN :body ELSE p.body END
        FROM ended
        WHERE p.merchant = :merchant AND p.id = ended.preorder_id AND p.state IN ('open', 'placing')
        RETURNING p.revision
    )
    SELECT (SELECT revision FROM reopened) AS revision, EXISTS (SELECT FROM ended) AS moved
"""))  # fmt: skip

# An attempt of which it is not known whether it took money keeps its reservations and its pre-order.
# One that is flagged is for an operator to judge: it is not asked again.
DOUBT = Query(text("""
    WITH attempt AS (
        UPDATE payment_attempt SET state = 'unknown', flag = coalesce(CAST(:flag AS text), flag),
               due_at = CASE WHEN CAST(:flag AS text) IS NULL THEN now() + interval '5 seconds' END
        WHERE merchant = :merchant AND id = :attempt AND state IN ('started', 'challenged', 'unknown')
        RETURNING preorder_id
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, note)
        SELECT :merchant, CAST(:attempt AS uuid), 'unknown', CAST(:amount AS numeric), :currency,
               CAST(:note AS text) FROM attempt
    ), alarm AS (
        INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
        SELECT :merchant, 'payment_flagged', CAST(:attempt AS uuid), :order_number, CAST(:flag AS text)
        FROM attempt WHERE CAST(:flag AS text) IS NOT NULL
    ), waiting AS (
        UPDATE preorder p SET state = 'placing', updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id AND p.state = 'open'
    )
    SELECT EXISTS (SELECT FROM attempt) AS moved
"""))  # fmt: skip

# Two answers from outside make one call: the first takes the attempt, and uses up its return token.
RESUME = Query(text("""
    WITH attempt AS (
        UPDATE payment_attempt SET state = 'started', called_at = now(), returned_at = now(),
               due_at = now() + make_interval(secs => CAST(:deadline AS double precision))
        WHERE merchant = :merchant AND id = :attempt AND state = 'challenged'
        RETURNING id, preorder_id
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency)
        SELECT :merchant, id, 'resumed', CAST(:amount AS numeric), :currency FROM attempt
    ), busy AS (
        UPDATE preorder p SET state = 'placing', updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id AND p.state = 'open'
    )
    SELECT id FROM attempt
"""))  # fmt: skip

# An undecided step: the attempt stays where it was before it was resumed.
AGAIN = Query(text("""
    WITH attempt AS (
        UPDATE payment_attempt SET state = 'challenged', returned_at = NULL,
               due_at = now() + interval '2 minutes'
        WHERE merchant = :merchant AND id = :attempt AND state = 'started'
        RETURNING preorder_id
    ), reopened AS (
        UPDATE preorder p SET state = 'open', updated_at = now()
        FROM attempt WHERE p.merchant = :merchant AND p.id = attempt.preorder_id AND p.state = 'placing'
    )
    SELECT EXISTS (SELECT FROM attempt) AS moved
"""))  # fmt: skip

RECORD = Query(text("""
    WITH late AS (
        UPDATE payment_attempt SET due_at = now(), flag = coalesce(flag, :note)
        WHERE merchant = :merchant AND id = :attempt AND state IN ('abandoned', 'declined', 'released')
        RETURNING id, amount, currency
    )
    INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, note)
    SELECT :merchant, id, 'answered', amount, currency, :note FROM late
    RETURNING pk
"""))  # fmt: skip

ATTEMPT_COLUMNS = """
    a.id AS attempt_id, a.state AS attempt_state, a.page AS attempt_page, a.gateway, a.body AS attempt_body,
    a.snapshot, a.transaction_id, a.returned_at IS NOT NULL AS returned, a.expires_at
"""

_WITH_CHECKOUT = f"""
    SELECT {_COLUMNS}, {ATTEMPT_COLUMNS}
    FROM payment_attempt a
    JOIN preorder p ON p.merchant = a.merchant AND p.id = a.preorder_id
    JOIN session s ON s.merchant = p.merchant AND s.id = p.session_id
    LEFT JOIN "user" u ON u.merchant = s.merchant AND u.pk = s.user_pk
    {_OWN_BASKET}
    LEFT JOIN "order" o ON o.merchant = p.merchant AND o.preorder_id = p.id
    WHERE a.merchant = :merchant
"""

# An answer from outside, by what its return address carries: no session is needed.
LOAD_RETURN = Query(text(f"""
    {_WITH_CHECKOUT}
    AND (a.return_hash = CAST(:return_hash AS bytea) OR a.reference = CAST(:reference AS text))
"""))  # fmt: skip

# A notice names the payment as we do, or as the provider does.
LOAD_NOTICED = Query(text(f"""
    {_WITH_CHECKOUT} AND a.gateway = :gateway
    AND (a.reference = CAST(:reference AS text) OR a.transaction_id = CAST(:transaction_id AS text))
"""))  # fmt: skip

LOAD_KNOWN = Query(text(f"{_WITH_CHECKOUT} AND a.id = :attempt"))

# The open attempt of a session, with what a resume needs.
LOAD_OPEN = Query(text(f"""
    SELECT {ATTEMPT_COLUMNS} FROM payment_attempt a
    WHERE a.merchant = :merchant AND a.preorder_id = :preorder AND a.state IN {LIVE}
"""))  # fmt: skip

LOAD_ATTEMPT = Query(text(f"""
    SELECT {ATTEMPT_COLUMNS}, o.pk AS order_pk, o.number, o.key
    FROM payment_attempt a
    LEFT JOIN "order" o ON o.merchant = a.merchant AND o.preorder_id = a.preorder_id
    WHERE a.merchant = :merchant AND a.id = :attempt
"""))  # fmt: skip

# The reconciler. A row is claimed for a while, so that of several workers one asks.

CLAIM_DUE = Query(text("""
    UPDATE payment_attempt a
    SET claimed_by = :owner, claimed_until = now() + CAST(:lease AS interval), asked = a.asked + 1
    FROM (
        SELECT merchant, id FROM payment_attempt
        WHERE due_at <= now() AND merchant = any(CAST(:merchants AS text[]))
          AND (claimed_until IS NULL OR claimed_until < now())
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) due
    WHERE a.merchant = due.merchant AND a.id = due.id
    RETURNING a.merchant, a.id, a.asked, a.called_at, a.created_at, a.expires_at, a.state, now() AS now
"""))  # fmt: skip

# The shopper is here: asked now if it is due, never more often than the schedule says.
CLAIM_ONE = Query(text("""
    UPDATE payment_attempt a
    SET claimed_by = :owner, claimed_until = now() + CAST(:lease AS interval), asked = a.asked + 1
    WHERE merchant = :merchant AND id = :attempt AND (due_at <= now() OR CAST(:anyway AS boolean))
      AND (claimed_until IS NULL OR claimed_until < now())
    RETURNING a.merchant, a.id, a.asked, a.called_at, a.created_at, a.expires_at, a.state, now() AS now
"""))  # fmt: skip

RESCHEDULE = Query(text("""
    UPDATE payment_attempt
    SET claimed_by = NULL, claimed_until = NULL, due_at = now() + CAST(:wait AS interval)
    WHERE merchant = :merchant AND id = :attempt AND claimed_by = :owner
"""))  # fmt: skip

GIVE_UP = Query(text("""
    WITH given_up AS (
        UPDATE payment_attempt
        SET claimed_by = NULL, claimed_until = NULL, due_at = NULL, flag = coalesce(flag, :note)
        WHERE merchant = :merchant AND id = :attempt AND claimed_by = :owner
        RETURNING order_number
    )
    INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
    SELECT :merchant, 'payment_unknown', CAST(:attempt AS uuid), order_number, :note
    FROM given_up WHERE CAST(:loud AS boolean)
    RETURNING pk
"""))  # fmt: skip

# Money came for an attempt that had ended: it is given back, and people are told.
LATE = Query(text("""
    WITH late AS (
        UPDATE payment_attempt SET state = 'paid_late', due_at = now(),
               transaction_id = coalesce(CAST(:transaction_id AS text), transaction_id)
        WHERE merchant = :merchant AND id = :attempt AND state IN ('abandoned', 'declined', 'released')
        RETURNING order_number
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency, transaction_id)
        SELECT :merchant, CAST(:attempt AS uuid), 'paid_late', CAST(:amount AS numeric), :currency,
               CAST(:transaction_id AS text) FROM late
    )
    INSERT INTO operator_event (merchant, kind, attempt_id, order_number, text)
    SELECT :merchant, 'paid_late', CAST(:attempt AS uuid), order_number, :note FROM late
    RETURNING pk
"""))  # fmt: skip

GIVEN_BACK = Query(text("""
    WITH given AS (
        UPDATE payment_attempt SET state = :state, due_at = NULL, claimed_by = NULL, claimed_until = NULL
        WHERE merchant = :merchant AND id = :attempt AND state IN ('paid_late', 'voiding')
        RETURNING id
    ), ledger AS (
        INSERT INTO payment_ledger (merchant, attempt_id, kind, amount, currency)
        SELECT :merchant, id, :state, CAST(:amount AS numeric), :currency FROM given
    ), told AS (
        INSERT INTO outbox (merchant, event_id, topic, consumer, payload)
        SELECT :merchant, CAST(:event_id AS uuid), :topic, 'mail', CAST(:payload AS bytea) FROM given
    )
    SELECT id FROM given
"""))  # fmt: skip

NOTICED = Query(text("""
    INSERT INTO payment_notice (merchant, gateway, event_id, attempt_id)
    VALUES (:merchant, :gateway, :event_id, CAST(:attempt AS uuid))
    ON CONFLICT DO NOTHING RETURNING event_id
"""))  # fmt: skip
