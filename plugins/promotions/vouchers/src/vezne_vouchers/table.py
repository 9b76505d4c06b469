"""The tables of voucher uses, and the statements over them.

``voucher_count`` is the truth about how many uses are taken: one row per
offer, changed only by conditional updates, so that PostgreSQL lets the buyers
of one offer through one after the other. ``voucher_use`` says by whom.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

COUNT = Table(
    "voucher_count",
    metadata,
    Column("merchant", Text, nullable=False),
    Column("offer", BigInteger, nullable=False),
    Column("taken", Integer, nullable=False),
    PrimaryKeyConstraint("merchant", "offer"),
    CheckConstraint("taken >= 0", name="taken"),
)

USE = Table(
    "voucher_use",
    metadata,
    Column("merchant", Text, nullable=False),
    Column("attempt", Text, nullable=False),
    Column("offer", BigInteger, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("user_pk", BigInteger),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    PrimaryKeyConstraint("merchant", "attempt", "offer"),
    CheckConstraint("state IN ('held', 'used')", name="state"),
    Index(None, "merchant", "order_number"),
)

_MERCHANT: ColumnElement[str] = bindparam("merchant", type_=Text())
_OFFER: ColumnElement[int] = bindparam("offer", type_=BigInteger())
_ATTEMPT: ColumnElement[str] = bindparam("attempt", type_=Text())
_NUMBER: ColumnElement[str] = bindparam("order_number", type_=Text())
_USER: ColumnElement[int] = bindparam("user_pk", type_=BigInteger())
_LIMIT: ColumnElement[int] = bindparam("limit", type_=Integer())
_STATE: ColumnElement[str] = bindparam("state", type_=Text())

_ONE: ColumnElement[int] = literal_column("1", Integer())
_HELD: ColumnElement[str] = literal_column("'held'", Text())
_USED: ColumnElement[str] = literal_column("'used'", Text())

_this_count = (COUNT.c.merchant == _MERCHANT, COUNT.c.offer == _OFFER)
_this_attempt = (USE.c.merchant == _MERCHANT, USE.c.attempt == _ATTEMPT)


def _claim() -> Any:
    known = select(USE.c.offer).where(*_this_attempt, USE.c.offer == _OFFER).cte("known")
    # the first use makes the row, so a limit of none has to be looked at here
    first = select(_MERCHANT, _OFFER, _ONE).where(
        ~exists(select(known.c.offer)), or_(_LIMIT.is_(None), _LIMIT >= _ONE)
    )
    counted = (
        insert(COUNT)
        .from_select(["merchant", "offer", "taken"], first)
        .on_conflict_do_update(
            index_elements=[COUNT.c.merchant, COUNT.c.offer],
            set_={"taken": COUNT.c.taken + _ONE},
            where=or_(_LIMIT.is_(None), COUNT.c.taken < _LIMIT),
        )
        .returning(COUNT.c.offer)
        .cte("counted")
    )
    columns = ["merchant", "attempt", "offer", "order_number", "user_pk", "state"]
    row = select(_MERCHANT, _ATTEMPT, counted.c.offer, _NUMBER, _USER, _HELD)
    taken = insert(USE).from_select(columns, row).returning(USE.c.offer).cte("taken")
    return select(or_(exists(select(known.c.offer)), exists(select(taken.c.offer))).label("held"))


def _give_back() -> Any:
    gone = (
        delete(USE)
        .where(*_this_attempt, USE.c.offer == _OFFER, USE.c.state == _STATE)
        .returning(USE.c.offer)
        .cte("gone")
    )
    return (
        update(COUNT)
        .where(COUNT.c.merchant == _MERCHANT, COUNT.c.offer == gone.c.offer)
        .values(taken=COUNT.c.taken - _ONE)
        .returning(COUNT.c.taken)
    )


CLAIM = _claim()
"""Take one use unless ``limit`` are taken, null being no limit; true also where this attempt has it."""

OFFERS_OF = select(USE.c.offer).where(*_this_attempt, USE.c.state == _STATE).order_by(USE.c.offer)
"""The offers that an attempt has in a state, in the order in which they are claimed."""

CONSUME = update(USE).where(*_this_attempt, USE.c.state == _HELD).values(state=_USED).returning(USE.c.offer)
"""Turn what an attempt holds into uses."""

GIVE_BACK = _give_back()
"""Give back the use of an offer that an attempt has in ``state``."""

TAKEN_BY_OTHERS = select(
    (
        func.coalesce(select(COUNT.c.taken).where(*_this_count).scalar_subquery(), literal_column("0"))
        - select(func.count())
        .select_from(USE)
        .where(
            USE.c.merchant == _MERCHANT,
            USE.c.order_number == _NUMBER,
            USE.c.offer == _OFFER,
            USE.c.state == _HELD,
        )
        .scalar_subquery()
    ).label("taken")
)
"""How many uses of an offer are taken, without what this order number holds."""
