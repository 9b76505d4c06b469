"""The tables of the first release.

Written out, not taken from ``tables.py``: later changes there must not alter what was once released.
There is no way back; it would drop orders.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "host_0001"
down_revision = None
branch_labels = ("host",)
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "address",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_pk", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_address")),
    )
    op.create_index("ix_address_session", "address", ["merchant", "session_id"], unique=False)
    op.create_index("ix_address_user", "address", ["merchant", "user_pk"], unique=False)
    op.create_table(
        "audit",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_order", "audit", ["merchant", "order_number"], unique=False)
    op.create_table(
        "bank_transfer",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "transaction_id", name=op.f("pk_bank_transfer")),
    )
    op.create_table(
        "basket",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("user_pk", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_basket")),
    )
    op.create_index(
        "ix_basket_session",
        "basket",
        ["merchant", "session_id"],
        unique=True,
        postgresql_where=sa.text("user_pk IS NULL"),
    )
    op.create_index(
        "ix_basket_user",
        "basket",
        ["merchant", "user_pk"],
        unique=True,
        postgresql_where=sa.text("user_pk IS NOT NULL"),
    )
    op.create_table(
        "configuration",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "kind", "pk", name=op.f("pk_configuration")),
    )
    op.create_table(
        "configuration_revision",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", name=op.f("pk_configuration_revision")),
    )
    op.create_table(
        "operator_event",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("plugin", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_operator_event")),
    )
    op.create_table(
        "operator_token",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_operator_token")),
        sa.UniqueConstraint("merchant", "hash", name=op.f("uq_operator_token_merchant_hash")),
    )
    op.create_table(
        "order",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_pk", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_order")),
        sa.UniqueConstraint("merchant", "number", name=op.f("uq_order_merchant_number")),
        sa.UniqueConstraint("merchant", "preorder_id", name=op.f("uq_order_merchant_preorder_id")),
    )
    op.create_index("ix_order_user", "order", ["merchant", "user_pk"], unique=False)
    op.create_index(
        "ix_order_waiting",
        "order",
        ["merchant", "created_at"],
        unique=False,
        postgresql_where=sa.text("status = 300"),
    )
    op.create_table(
        "order_discount",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_pk", sa.BigInteger(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("offer", sa.BigInteger(), nullable=True),
        sa.Column("offer_type", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "order_pk", "pk", name=op.f("pk_order_discount")),
    )
    op.create_table(
        "order_item",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_pk", sa.BigInteger(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("product_pk", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "order_pk", "pk", name=op.f("pk_order_item")),
    )
    op.create_table(
        "order_transaction",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_pk", sa.BigInteger(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("three_d", sa.Boolean(), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "order_pk", "pk", name=op.f("pk_order_transaction")),
    )
    op.create_table(
        "outbox",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "payment_action",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("asked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "id", name=op.f("pk_payment_action")),
    )
    op.create_index(
        "ix_payment_action_due",
        "payment_action",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_payment_action_order", "payment_action", ["merchant", "order_number"], unique=False)
    op.create_table(
        "payment_attempt",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("interest", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("transfer_code", sa.Text(), nullable=True),
        sa.Column("return_hash", sa.LargeBinary(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("configuration_revision", sa.BigInteger(), nullable=False),
        sa.Column("held", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("merchant", "reference", name=op.f("uq_payment_attempt_merchant_reference")),
    )
    op.create_index(
        "ix_payment_attempt_due",
        "payment_attempt",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_attempt_live",
        "payment_attempt",
        ["merchant", "preorder_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('started', 'challenged', 'unknown', 'approved', 'pending', 'voiding')"
        ),
    )
    op.create_index("ix_payment_attempt_order", "payment_attempt", ["merchant", "order_number"], unique=False)
    op.create_index("ix_payment_attempt_return", "payment_attempt", ["merchant", "return_hash"], unique=False)
    op.create_index(
        "ix_payment_attempt_transfer",
        "payment_attempt",
        ["merchant", "transfer_code"],
        unique=False,
        postgresql_where=sa.text("transfer_code IS NOT NULL"),
    )
    op.create_table(
        "payment_ledger",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("tender", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_payment_ledger")),
    )
    op.create_index("ix_payment_ledger_attempt", "payment_ledger", ["merchant", "attempt_id"], unique=False)
    op.create_table(
        "payment_notice",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "gateway", "event_id", name=op.f("pk_payment_notice")),
    )
    op.create_table(
        "plugin_task",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "task", name=op.f("pk_plugin_task")),
    )
    op.create_table(
        "preorder",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("post_order", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "id", name=op.f("pk_preorder")),
    )
    op.create_index(
        "ix_preorder_session",
        "preorder",
        ["merchant", "session_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "product",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_product")),
        sa.UniqueConstraint("merchant", "sku", name=op.f("uq_product_merchant_sku")),
    )
    op.create_table(
        "saved_card",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_pk", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("card_pk", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_saved_card")),
    )
    op.create_index("ix_saved_card_user", "saved_card", ["merchant", "user_pk"], unique=False)
    op.create_table(
        "session",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("previous_id", sa.Text(), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("user_pk", sa.BigInteger(), nullable=True),
        sa.Column(
            "signed_in_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("renew", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("flash", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "id", name=op.f("pk_session")),
        sa.UniqueConstraint("merchant", "public_id", name=op.f("uq_session_merchant_public_id")),
    )
    op.create_index("ix_session_previous", "session", ["merchant", "previous_id"], unique=False)
    op.create_table(
        "stock",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "sku", name=op.f("pk_stock")),
    )
    op.create_table(
        "user",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("last_name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("segments", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("orders", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "body", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_user")),
        sa.UniqueConstraint("merchant", "email", name=op.f("uq_user_merchant_email")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_webhook_delivery")),
    )
    op.create_index("ix_webhook_delivery_event", "webhook_delivery", ["merchant", "event_id"], unique=False)
    op.create_table(
        "basket_line",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("basket_pk", sa.BigInteger(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("product_pk", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "basket_pk"],
            ["basket.merchant", "basket.pk"],
            name=op.f("fk_basket_line_merchant_basket_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("merchant", "basket_pk", "pk", name=op.f("pk_basket_line")),
        sa.UniqueConstraint(
            "merchant",
            "basket_pk",
            "product_pk",
            "attributes",
            name=op.f("uq_basket_line_merchant_basket_pk_product_pk_attributes"),
        ),
    )
