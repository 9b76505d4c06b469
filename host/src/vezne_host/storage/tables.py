"""The host's tables. Every key begins with the merchant, so the database can be split by merchant.

Bodies are JSON that msgspec decodes; columns exist for what is searched,
compared or changed by itself.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _merchant() -> Column[str]:
    return Column("merchant", Text, nullable=False)


def _pk() -> Column[int]:
    return Column("pk", BigInteger, Identity(), nullable=False)


def _at(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), server_default=func.now(), nullable=False)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


def _amount(name: str = "amount") -> Column[object]:
    return Column(name, Numeric(20, 6), nullable=False)


# Configuration: one table of records, read whole into memory.

configuration = Table(
    "configuration",
    metadata,
    _merchant(),
    Column("kind", Text, nullable=False),
    Column("pk", BigInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("merchant", "kind", "pk"),
)

configuration_revision = Table(
    "configuration_revision",
    metadata,
    _merchant(),
    Column("revision", BigInteger, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("merchant"),
)

# Goods.

product = Table(
    "product",
    metadata,
    _merchant(),
    Column("pk", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("merchant", "pk"),
    UniqueConstraint("merchant", "sku"),
)

stock = Table(
    "stock",
    metadata,
    _merchant(),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("allocated", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("merchant", "sku"),
)

# Shoppers.

user = Table(
    "user",
    metadata,
    _merchant(),
    _pk(),
    Column("email", Text, nullable=False),  # lower case
    Column("password_hash", Text, nullable=False),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("phone", Text),  # E.164
    Column("segments", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("orders", Integer, nullable=False, server_default=text("0")),
    Column("body", JSONB, nullable=False, server_default=text("'{}'")),
    _at("joined_at"),
    _moment("last_login_at"),
    _moment("revoked_at"),  # sessions that began before are signed out
    PrimaryKeyConstraint("merchant", "pk"),
    UniqueConstraint("merchant", "email"),
)

session = Table(
    "session",
    metadata,
    _merchant(),
    Column("id", Uuid, nullable=False),  # internal; rows refer to it
    Column("public_id", Text, nullable=False),  # what the cookie carries
    Column("previous_id", Text),  # accepted for a minute after the rotation
    _at("rotated_at"),
    Column("user_pk", BigInteger),
    _at("signed_in_at"),
    _at("seen_at"),
    Column("renew", Boolean, nullable=False, server_default=text("false")),  # rotate at the next GET
    Column("flash", JSONB),  # errors of the last bank return, shown once
    PrimaryKeyConstraint("merchant", "id"),
    UniqueConstraint("merchant", "public_id"),
    Index("ix_session_previous", "merchant", "previous_id"),
)

address = Table(
    "address",
    metadata,
    _merchant(),
    _pk(),
    Column("user_pk", BigInteger),
    Column("session_id", Uuid),
    Column("is_primary", Boolean, nullable=False, server_default=text("false")),
    Column("body", JSONB, nullable=False),
    _at("modified_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_address_user", "merchant", "user_pk"),
    Index("ix_address_session", "merchant", "session_id"),
)

saved_card = Table(
    "saved_card",
    metadata,
    _merchant(),
    _pk(),
    Column("user_pk", BigInteger, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),  # encrypted
    Column("last_four", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("card_pk", BigInteger),
    _at("created_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_saved_card_user", "merchant", "user_pk"),
)

# Baskets and pre-orders.

basket = Table(
    "basket",
    metadata,
    _merchant(),
    _pk(),
    Column("session_id", Uuid),
    Column("user_pk", BigInteger),
    Column("currency", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    _at("created_at"),
    _at("modified_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_basket_user", "merchant", "user_pk", unique=True, postgresql_where=text("user_pk IS NOT NULL")),
    Index(
        "ix_basket_session", "merchant", "session_id", unique=True, postgresql_where=text("user_pk IS NULL")
    ),
)

basket_line = Table(
    "basket_line",
    metadata,
    _merchant(),
    Column("basket_pk", BigInteger, nullable=False),
    _pk(),
    Column("product_pk", BigInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    _at("created_at"),
    PrimaryKeyConstraint("merchant", "basket_pk", "pk"),
    ForeignKeyConstraint(["merchant", "basket_pk"], ["basket.merchant", "basket.pk"], ondelete="CASCADE"),
    UniqueConstraint("merchant", "basket_pk", "product_pk", "attributes"),
)

preorder = Table(
    "preorder",
    metadata,
    _merchant(),
    Column("id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),  # open, placing, placed, closed
    Column("body", LargeBinary, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("post_order", BigInteger),  # order being paid again
    _at("created_at"),
    _at("updated_at"),
    PrimaryKeyConstraint("merchant", "id"),
    Index(
        "ix_preorder_session", "merchant", "session_id", unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
)  # fmt: skip

# Payments and orders: the ledgers are append-only.

payment_attempt = Table(
    "payment_attempt",
    metadata,
    _merchant(),
    Column("id", Uuid, nullable=False),
    Column("preorder_id", Uuid, nullable=False),
    Column("page", Text, nullable=False),  # that began it
    Column("gateway", Text, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    _amount(),
    Column("currency", Text, nullable=False),
    _amount("interest"),
    Column("body", LargeBinary, nullable=False),  # PaymentAttempt, as the gateway sees it
    Column("snapshot", LargeBinary, nullable=False),  # what the order is built from
    Column("transaction_id", Text),
    Column("transfer_code", Text),  # what the shopper states with a bank transfer, folded
    Column("return_hash", LargeBinary, nullable=False),
    _moment("returned_at"),  # the return token is consumed
    Column("configuration_revision", BigInteger, nullable=False),
    Column("held", JSONB, nullable=False),  # pieces by SKU; empty when given back
    Column("asked", Integer, nullable=False, server_default=text("0")),
    _at("created_at"),
    _at("called_at"),  # the last request to the gateway left
    _moment("due_at"),  # when the reconciler asks next
    _moment("expires_at"),
    Column("claimed_by", Text),
    _moment("claimed_until"),
    Column("flag", Text),  # why an operator has to look
    PrimaryKeyConstraint("merchant", "id"),
    UniqueConstraint("merchant", "reference"),
    Index(
        "ix_payment_attempt_live", "merchant", "preorder_id", unique=True,
        postgresql_where=text(
            "state IN ('started', 'challenged', 'unknown', 'approved', 'pending', 'voiding')"
        ),
    ),
    Index("ix_payment_attempt_return", "merchant", "return_hash"),
    Index("ix_payment_attempt_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_payment_attempt_order", "merchant", "order_number"),
    Index(
        "ix_payment_attempt_transfer", "merchant", "transfer_code",
        postgresql_where=text("transfer_code IS NOT NULL"),
    ),
)  # fmt: skip

payment_ledger = Table(
    "payment_ledger",
    metadata,
    _merchant(),
    _pk(),
    Column("attempt_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    _amount(),
    Column("currency", Text, nullable=False),
    Column("transaction_id", Text),
    Column("action", Text),  # that gives money back
    Column("tender", Text),  # reservation whose part it is; none is the main payment
    Column("note", Text),
    _at("at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_payment_ledger_attempt", "merchant", "attempt_id"),
)

payment_action = Table(
    "payment_action",
    metadata,
    _merchant(),
    Column("id", Text, nullable=False),  # chosen by who asks; the same is done once
    Column("order_number", Text, nullable=False),
    Column("attempt_id", Uuid),  # whose payment goes back; none where only tenders do
    Column("kind", Text, nullable=False),  # as asked: void, refund
    Column("wanted", Numeric(20, 6)),  # as asked; none is all that is left
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),
    _amount(),
    Column("currency", Text, nullable=False),
    Column("method", Text, nullable=False),  # what the gateway is asked: void, refund, none
    Column("state", Text, nullable=False, server_default="asked"),  # asked, done, refused
    Column("actor", Text, nullable=False),
    Column("note", Text),
    Column("asked", Integer, nullable=False, server_default=text("0")),
    _at("created_at"),
    _moment("due_at"),  # when the reconciler repeats it
    Column("claimed_by", Text),
    _moment("claimed_until"),
    PrimaryKeyConstraint("merchant", "id"),
    Index("ix_payment_action_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_payment_action_order", "merchant", "order_number"),
)

bank_transfer = Table(
    "bank_transfer",
    metadata,
    _merchant(),
    Column("transaction_id", Text, nullable=False),  # the bank's
    Column("order_number", Text, nullable=False),
    Column("reference", Text, nullable=False),  # as the statement has it
    _amount(),
    Column("currency", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),  # confirmed, surplus
    _at("at"),
    PrimaryKeyConstraint("merchant", "transaction_id"),
)

payment_notice = Table(
    "payment_notice",
    metadata,
    _merchant(),
    Column("gateway", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("attempt_id", Uuid),
    _at("at"),
    PrimaryKeyConstraint("merchant", "gateway", "event_id"),
)

order = Table(
    "order",
    metadata,
    _merchant(),
    _pk(),
    Column("number", Text, nullable=False),
    Column("preorder_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("user_pk", BigInteger),
    Column("email", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    _amount(),
    Column("currency", Text, nullable=False),
    Column("key", Text, nullable=False),  # 40 hex characters
    Column("body", JSONB, nullable=False),
    _at("created_at"),
    _at("modified_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    UniqueConstraint("merchant", "number"),
    UniqueConstraint("merchant", "preorder_id"),
    Index("ix_order_user", "merchant", "user_pk"),
    Index("ix_order_waiting", "merchant", "created_at", postgresql_where=text("status = 300")),
)

order_item = Table(
    "order_item",
    metadata,
    _merchant(),
    Column("order_pk", BigInteger, nullable=False),
    _pk(),
    Column("product_pk", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    _amount("price"),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("merchant", "order_pk", "pk"),
)

order_discount = Table(
    "order_discount",
    metadata,
    _merchant(),
    Column("order_pk", BigInteger, nullable=False),
    _pk(),
    Column("offer", BigInteger),
    Column("offer_type", Text),
    Column("name", Text, nullable=False),
    Column("code", Text),
    _amount(),
    PrimaryKeyConstraint("merchant", "order_pk", "pk"),
)

order_transaction = Table(
    "order_transaction",
    metadata,
    _merchant(),
    Column("order_pk", BigInteger, nullable=False),
    _pk(),
    Column("attempt_id", Uuid),
    Column("kind", Text, nullable=False),  # payment, or the reservation of a tender
    _amount(),
    Column("currency", Text, nullable=False),
    Column("transaction_id", Text),
    Column("three_d", Boolean),
    Column("succeeded", Boolean, nullable=False),
    _at("at"),
    PrimaryKeyConstraint("merchant", "order_pk", "pk"),
)

# What is told after the commit.

outbox = Table(
    "outbox",
    metadata,
    _merchant(),
    _pk(),
    Column("event_id", Uuid, nullable=False),
    Column("topic", Text, nullable=False),
    Column("consumer", Text, nullable=False),  # a plugin, mail, sms, webhook
    Column("payload", LargeBinary, nullable=False),
    _at("created_at"),
    _at("due_at"),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    _moment("sent_at"),  # handed to the queue
    _moment("done_at"),  # the consumer has finished
    _moment("dead_at"),  # given up
    Column("error", Text),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_outbox_due", "due_at", postgresql_where=text("done_at IS NULL AND dead_at IS NULL")),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    _merchant(),
    _pk(),
    Column("event_id", Uuid, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", SmallInteger),  # of the answer; none where there was none
    Column("error", Text),
    _at("at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_webhook_delivery_event", "merchant", "event_id"),
)

operator_event = Table(
    "operator_event",
    metadata,
    _merchant(),
    _pk(),
    Column("kind", Text, nullable=False),
    Column("attempt_id", Uuid),
    Column("order_number", Text),
    Column("plugin", Text),
    Column("text", Text, nullable=False),
    _at("at"),
    _moment("seen_at"),
    PrimaryKeyConstraint("merchant", "pk"),
)

# Who operates a shop.

operator_token = Table(
    "operator_token",
    metadata,
    _merchant(),
    _pk(),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    _at("created_at"),
    _moment("expires_at"),
    _moment("revoked_at"),
    _moment("used_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    UniqueConstraint("merchant", "hash"),
)

audit = Table(
    "audit",
    metadata,
    _merchant(),
    _pk(),
    Column("actor", Text, nullable=False),  # a token, a user of a command, or a job
    Column("action", Text, nullable=False),
    Column("order_number", Text),
    Column("text", Text, nullable=False),
    _at("at"),
    PrimaryKeyConstraint("merchant", "pk"),
    Index("ix_audit_order", "merchant", "order_number"),
)

plugin_task = Table(
    "plugin_task",
    metadata,
    _merchant(),
    Column("task", Text, nullable=False),  # plugin and name
    _at("due_at"),
    Column("claimed_by", Text),
    _moment("claimed_until"),
    _moment("ended_at"),
    Column("error", Text),  # of the last run
    PrimaryKeyConstraint("merchant", "task"),
)
