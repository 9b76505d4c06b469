"""What attempts hold and spend of gift cards; every statement runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from vezne_core import Database, Money, Transaction

CLAIM = text("""
    WITH card AS (
        UPDATE gift_card SET balance = balance - CAST(:amount AS numeric)
        WHERE merchant = :merchant AND pk = CAST(:card AS bigint) AND currency = :currency
          AND NOT blocked AND balance >= CAST(:amount AS numeric)
        RETURNING pk
    ), held AS (
        INSERT INTO gift_card_hold (merchant, attempt, card, place, order_number, amount, restored, state)
        SELECT :merchant, :attempt, pk, CAST(:place AS smallint), :order_number, CAST(:amount AS numeric),
               0, 'held'
        FROM card
    )
    INSERT INTO gift_card_movement (merchant, card, kind, amount, attempt, order_number)
    SELECT :merchant, pk, 'held', -CAST(:amount AS numeric), :attempt, :order_number FROM card
    RETURNING card
""")

CONSUME = text("""
    UPDATE gift_card_hold SET state = 'spent'
    WHERE merchant = :merchant AND attempt = :attempt AND state = 'held'
    RETURNING card
""")

LOCK = text("""
    SELECT card, place, amount, restored FROM gift_card_hold
    WHERE merchant = :merchant AND attempt = :attempt AND state = :state
    ORDER BY card FOR UPDATE
""")

RELEASE = text("""
    WITH hold AS (
        UPDATE gift_card_hold SET state = 'released'
        WHERE merchant = :merchant AND attempt = :attempt AND card = CAST(:card AS bigint) AND state = 'held'
        RETURNING card, amount, order_number
    ), given AS (
        UPDATE gift_card c SET balance = c.balance + hold.amount
        FROM hold WHERE c.merchant = :merchant AND c.pk = hold.card
    )
    INSERT INTO gift_card_movement (merchant, card, kind, amount, attempt, order_number)
    SELECT :merchant, card, 'released', amount, :attempt, order_number FROM hold
    RETURNING card
""")

DONE = text("""
    SELECT pk FROM gift_card_movement
    WHERE merchant = :merchant AND attempt = :attempt AND action = :action LIMIT 1
""")

RESTORE = text("""
    WITH hold AS (
        UPDATE gift_card_hold SET restored = restored + CAST(:amount AS numeric)
        WHERE merchant = :merchant AND attempt = :attempt AND card = CAST(:card AS bigint) AND state = 'spent'
        RETURNING card, order_number
    ), given AS (
        UPDATE gift_card c SET balance = c.balance + CAST(:amount AS numeric)
        FROM hold WHERE c.merchant = :merchant AND c.pk = hold.card
    )
    INSERT INTO gift_card_movement (merchant, card, kind, amount, attempt, order_number, action)
    SELECT :merchant, card, 'restored', CAST(:amount AS numeric), :attempt, order_number, :action FROM hold
    RETURNING card
""")


class Holds:
    """Takes from the balances of one merchant's cards and gives back to them.

    Cards are always touched in the order of their keys, so that two attempts
    cannot wait for each other.
    """

    def __init__(self, database: Database) -> None:
        self._claim = database.query(CLAIM)
        self._consume = database.query(CONSUME)
        self._lock = database.query(LOCK)
        self._release = database.query(RELEASE)
        self._done = database.query(DONE)
        self._restore = database.query(RESTORE)

    async def claim(
        self, session: Transaction, attempt: str, order_number: str, card: int, place: int, amount: Money
    ) -> bool:
        """Take an amount off a balance for an attempt; False when it is not there to be spent."""
        taken = await session.fetch(
            self._claim, attempt=attempt, order_number=order_number, card=card, place=place,
            amount=amount.amount, currency=amount.currency,
        )  # fmt: skip
        return taken is not None

    async def consume(self, session: Transaction, attempt: str) -> None:
        """Turn what an attempt holds into money spent."""
        await session.fetch_all(self._consume, attempt=attempt)

    async def release(self, session: Transaction, attempt: str) -> None:
        """Put back what an attempt holds."""
        for hold in await session.fetch_all(self._lock, attempt=attempt, state="held"):
            await session.fetch(self._release, attempt=attempt, card=hold["card"])

    async def restore(self, session: Transaction, attempt: str, amount: Money, action: str) -> None:
        """Put back what an attempt has spent, as much of it as there is; an action has its effect once."""
        # locked first: of two who do the same action the second finds it done
        holds = await session.fetch_all(self._lock, attempt=attempt, state="spent")
        if await session.fetch(self._done, attempt=attempt, action=action) is not None:
            return
        for card, part in _parts(holds, amount.amount):
            await session.fetch(self._restore, attempt=attempt, card=card, amount=part, action=action)


def _parts(holds: Sequence[Any], amount: Decimal) -> list[tuple[int, Decimal]]:
    """Share what goes back: the card that was used last is filled first."""
    parts = []
    for hold in sorted(holds, key=lambda hold: hold["place"], reverse=True):
        part = min(hold["amount"] - hold["restored"], amount)
        if part > 0:
            parts.append((hold["card"], part))
            amount -= part
    return sorted(parts)
