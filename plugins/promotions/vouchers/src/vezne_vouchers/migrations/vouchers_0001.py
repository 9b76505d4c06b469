"""The tables of the first release, written out so that later changes do not alter them."""

import sqlalchemy as sa
from alembic import op

revision = "vouchers_0001"
down_revision = None
branch_labels = ("vouchers",)
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "voucher_count",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("offer", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "offer", name=op.f("pk_voucher_count")),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_voucher_count_taken")),
    )
    op.create_table(
        "voucher_use",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("offer", sa.BigInteger(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("user_pk", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "attempt", "offer", name=op.f("pk_voucher_use")),
        sa.CheckConstraint("state IN ('held', 'used')", name=op.f("ck_voucher_use_state")),
    )
    op.create_index(op.f("ix_voucher_use_merchant_order_number"), "voucher_use", ["merchant", "order_number"])


def downgrade() -> None:
    """Drop them, and with them the knowledge of which vouchers are used."""
    op.drop_table("voucher_use")
    op.drop_table("voucher_count")
