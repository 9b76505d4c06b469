"""The table of cards that shoppers have stored at providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from vezne_host.services.saved_cards import SavedCardRow
from vezne_host.storage.lane import Lane, Query

_COLUMNS = "pk, user_pk, gateway, token, last_four, name, card_pk, created_at"

LIST = Query(text(f"""
    SELECT {_COLUMNS} FROM saved_card WHERE merchant = :merchant AND user_pk = :user
    ORDER BY created_at DESC, pk DESC
"""))  # fmt: skip

GET = Query(text(f"""
    SELECT {_COLUMNS} FROM saved_card WHERE merchant = :merchant AND user_pk = :user AND pk = :pk
"""))  # fmt: skip

# A card stored again takes the place of itself: who repeats a call makes no second row.
ADD = Query(text("""
    WITH gone AS (
        DELETE FROM saved_card
        WHERE merchant = :merchant AND user_pk = :user AND gateway = :gateway AND last_four = :last_four
          AND name = :name
    )
    INSERT INTO saved_card (merchant, user_pk, gateway, token, last_four, name, card_pk)
    VALUES (:merchant, :user, :gateway, :token, :last_four, :name, CAST(:card AS bigint))
    RETURNING pk
"""))  # fmt: skip


class SavedCardTable:
    """Reads and writes the rows; tokens come sealed."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def list(self, merchant: str, user: int) -> Sequence[SavedCardRow]:
        """Return a shopper's cards, the newest first."""
        return [_row(row) for row in await self._lane.ask_all(LIST, merchant=merchant, user=user)]

    async def get(self, merchant: str, user: int, pk: int) -> SavedCardRow | None:
        """Return one of a shopper's own cards."""
        row = await self._lane.ask(GET, merchant=merchant, user=user, pk=pk)
        return None if row is None else _row(row)

    async def add(
        self, merchant: str, *, user: int, gateway: str, token: bytes, last_four: str, name: str,
        card: int | None,
    ) -> int:  # fmt: skip
        """Store a card and return its pk."""
        row = await self._lane.ask(
            ADD, merchant=merchant, user=user, gateway=gateway, token=token, last_four=last_four, name=name,
            card=card,
        )  # fmt: skip
        assert row is not None  # an insert returns its row
        return int(row["pk"])


def _row(row: Any) -> SavedCardRow:
    return SavedCardRow(
        pk=row["pk"], user=row["user_pk"], gateway=row["gateway"], token=row["token"],
        last_four=row["last_four"], name=row["name"], card=row["card_pk"], created=row["created_at"],
    )  # fmt: skip
