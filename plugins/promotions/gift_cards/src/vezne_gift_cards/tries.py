"""How often a card's number may be tried before it is locked for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from vezne_core import Database, Transaction

# A number counts whether there is such a card or not, and before its PIN is looked at: whoever guesses
# learns neither, and guesses sent all at once are counted one after the other.
COUNT = text("""
    INSERT INTO gift_card_try AS t (merchant, number_hash, tries, locked_until)
    VALUES (:merchant, :number_hash, 1,
            CASE WHEN CAST(:limit AS int) = 1 THEN now() + CAST(:lock AS interval) END)
    ON CONFLICT (merchant, number_hash) DO UPDATE
    SET tries = t.tries + 1, tried_at = now(),
        locked_until = CASE WHEN (t.tries + 1) % CAST(:limit AS int) = 0
            THEN now() + CAST(:lock AS interval)
                         * power(2, least((t.tries + 1) / CAST(:limit AS int) - 1, 5)) END
    WHERE t.merchant = :merchant AND (t.locked_until IS NULL OR t.locked_until <= now())
    RETURNING tries
""")

FORGET = text("""
    DELETE FROM gift_card_try WHERE merchant = :merchant AND number_hash = :number_hash
    RETURNING number_hash
""")

# Every try takes a few old numbers away, so that guessing fills no table.
PRUNE = text("""
    DELETE FROM gift_card_try t
    USING (SELECT merchant, number_hash FROM gift_card_try
           WHERE merchant = :merchant AND tried_at < now() - CAST(:age AS interval)
           ORDER BY tried_at LIMIT 5 FOR UPDATE SKIP LOCKED) old
    WHERE t.merchant = old.merchant AND t.number_hash = old.number_hash
    RETURNING t.number_hash
""")

FORGOTTEN_AFTER = timedelta(days=30)
"""Longer than any lock."""


class Tries:
    """Counts the tries of one merchant's numbers, in the database: also where there is no cache."""

    def __init__(self, database: Database, limit: int, lock: timedelta) -> None:
        self._limit = limit
        self._lock = lock
        self._count = database.query(COUNT)
        self._forget = database.query(FORGET)
        self._prune = database.query(PRUNE)

    async def count(self, session: Transaction, number_hash: bytes) -> bool:
        """Count a try and tell whether the number may be tried; False while it is locked."""
        counted = await session.fetch(
            self._count, number_hash=number_hash, limit=self._limit, lock=self._lock
        )
        await session.fetch_all(self._prune, age=FORGOTTEN_AFTER)
        return counted is not None

    async def forget(self, session: Transaction, number_hash: bytes) -> None:
        """Set the count of a number back, whose PIN was right."""
        await session.fetch(self._forget, number_hash=number_hash)
