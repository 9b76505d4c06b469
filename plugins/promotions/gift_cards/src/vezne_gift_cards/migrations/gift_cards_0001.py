"""The tables of the first release, written out so that later changes do not alter them."""

import sqlalchemy as sa
from alembic import op

revision = "gift_cards_0001"
down_revision = None
branch_labels = ("gift_cards",)
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "gift_card",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(20, 6), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_gift_card")),
        sa.UniqueConstraint("merchant", "number_hash", name=op.f("uq_gift_card_merchant_number_hash")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_gift_card_balance")),
    )
    op.create_table(
        "gift_card_hold",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(20, 6), nullable=False),
        sa.Column("restored", sa.Numeric(20, 6), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "attempt", "card", name=op.f("pk_gift_card_hold")),
        sa.ForeignKeyConstraint(
            ["merchant", "card"], ["gift_card.merchant", "gift_card.pk"],
            name=op.f("fk_gift_card_hold_merchant_card"),
        ),
        sa.CheckConstraint("state IN ('held', 'spent', 'released')", name=op.f("ck_gift_card_hold_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_gift_card_hold_amount")),
        sa.CheckConstraint("restored BETWEEN 0 AND amount", name=op.f("ck_gift_card_hold_restored")),
    )  # fmt: skip
    op.create_index(
        op.f("ix_gift_card_hold_merchant_order_number"), "gift_card_hold", ["merchant", "order_number"]
    )
    op.create_index(op.f("ix_gift_card_hold_merchant_card"), "gift_card_hold", ["merchant", "card"])
    op.create_table(
        "gift_card_movement",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("pk", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(20, 6), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "pk", name=op.f("pk_gift_card_movement")),
        sa.ForeignKeyConstraint(
            ["merchant", "card"], ["gift_card.merchant", "gift_card.pk"],
            name=op.f("fk_gift_card_movement_merchant_card"),
        ),
        sa.CheckConstraint(
            "kind IN ('issued', 'held', 'released', 'restored')", name=op.f("ck_gift_card_movement_kind")
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_gift_card_movement_merchant_card"), "gift_card_movement", ["merchant", "card"])
    op.create_index(
        op.f("ix_gift_card_movement_merchant_attempt_action_card"), "gift_card_movement",
        ["merchant", "attempt", "action", "card"], unique=True,
        postgresql_where=sa.text("action IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "gift_card_try",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "number_hash", name=op.f("pk_gift_card_try")),
    )
    op.create_index(op.f("ix_gift_card_try_merchant_tried_at"), "gift_card_try", ["merchant", "tried_at"])


def downgrade() -> None:
    """Drop them, and with them what every card is worth."""
    op.drop_table("gift_card_try")
    op.drop_table("gift_card_movement")
    op.drop_table("gift_card_hold")
    op.drop_table("gift_card")
