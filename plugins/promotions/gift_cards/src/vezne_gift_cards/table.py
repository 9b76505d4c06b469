"""The tables of gift cards.

``gift_card.balance`` is the truth about what may be spent, changed only by
updates that say so in their condition, so that PostgreSQL lets the spenders of
one card through one after the other. ``gift_card_hold`` says for which attempt
a part is held or spent. ``gift_card_movement`` is only ever added to: the
movements of a card add up to its balance.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
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
    func,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _merchant() -> Column[Any]:
    return Column("merchant", Text, nullable=False)


def _pk() -> Column[Any]:
    return Column("pk", BigInteger, Identity(always=True), nullable=False)


def _amount(name: str = "amount") -> Column[Any]:
    return Column(name, Numeric(20, 6), nullable=False)


def _at(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), server_default=func.now(), nullable=False)


def _of_card() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["merchant", "card"], ["gift_card.merchant", "gift_card.pk"])


CARD = Table(
    "gift_card",
    metadata,
    _merchant(),
    _pk(),
    Column("number_hash", LargeBinary, nullable=False),  # keyed
    Column("last_four", Text, nullable=False),
    Column("pin_hash", LargeBinary, nullable=False),  # keyed, with the number
    Column("currency", Text, nullable=False),
    _amount("balance"),
    Column("blocked", Boolean, nullable=False),
    _at("created_at"),
    PrimaryKeyConstraint("merchant", "pk"),
    UniqueConstraint("merchant", "number_hash"),
    CheckConstraint("balance >= 0", name="balance"),
)

HOLD = Table(
    "gift_card_hold",
    metadata,
    _merchant(),
    Column("attempt", Text, nullable=False),
    Column("card", BigInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),  # among the cards of the attempt
    Column("order_number", Text, nullable=False),
    _amount(),
    _amount("restored"),
    Column("state", Text, nullable=False),
    _at("created_at"),
    PrimaryKeyConstraint("merchant", "attempt", "card"),
    _of_card(),
    CheckConstraint("state IN ('held', 'spent', 'released')", name="state"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("restored BETWEEN 0 AND amount", name="restored"),
    Index(None, "merchant", "order_number"),
    Index(None, "merchant", "card"),
)

MOVEMENT = Table(
    "gift_card_movement",
    metadata,
    _merchant(),
    _pk(),
    Column("card", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    _amount(),  # above zero where the balance grows
    Column("attempt", Text),
    Column("order_number", Text),
    Column("action", Text),  # that gave money back
    _at("at"),
    PrimaryKeyConstraint("merchant", "pk"),
    _of_card(),
    CheckConstraint("kind IN ('issued', 'held', 'released', 'restored')", name="kind"),
    Index(None, "merchant", "card"),
    Index(
        None, "merchant", "attempt", "action", "card", unique=True,
        postgresql_where=text("action IS NOT NULL"),
    ),
)  # fmt: skip

TRY = Table(
    "gift_card_try",
    metadata,
    _merchant(),
    Column("number_hash", LargeBinary, nullable=False),  # of a card that there is, or is not
    Column("tries", Integer, nullable=False),  # since the right PIN
    _at("tried_at"),
    Column("locked_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("merchant", "number_hash"),
    Index(None, "merchant", "tried_at"),
)
