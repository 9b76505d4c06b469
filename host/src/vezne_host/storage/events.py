"""What operators are to know of: events that wait to be seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from vezne_host.storage.lane import Lane, Query

LIST = Query(text("""
    SELECT merchant, pk, kind, attempt_id, order_number, plugin, text, at, seen_at FROM operator_event
    WHERE merchant = any(CAST(:merchants AS text[])) AND (seen_at IS NULL OR CAST(:seen AS boolean))
    ORDER BY at DESC, pk DESC LIMIT :limit
"""))  # fmt: skip

SEE = Query(text("""
    UPDATE operator_event SET seen_at = now()
    WHERE merchant = any(CAST(:merchants AS text[])) AND seen_at IS NULL
      AND (CAST(:pks AS bigint[]) IS NULL OR pk = any(CAST(:pks AS bigint[])))
    RETURNING pk
"""))  # fmt: skip


class OperatorEvent(Struct, frozen=True, kw_only=True):
    """Something that somebody has to look at."""

    merchant: str
    pk: int
    kind: str
    attempt: UUID | None
    order: str | None
    plugin: str | None
    text: str
    at: datetime
    seen: datetime | None


class OperatorEvents:
    """The events of a database."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def list(self, merchants: Iterable[str], *, seen: bool, limit: int) -> list[OperatorEvent]:
        """Return events, the latest first.

        :param seen: those that were seen too.
        """
        rows = await self._lane.ask_all(LIST, merchants=list(merchants), seen=seen, limit=limit)
        names = OperatorEvent.__struct_fields__
        return [OperatorEvent(**dict(zip(names, row, strict=True))) for row in rows]

    async def see(self, merchants: Iterable[str], pks: Iterable[int] | None) -> int:
        """Note that events were seen, all of them for None; return how many had not been."""
        named = None if pks is None else list(pks)
        return len(await self._lane.ask_all(SEE, merchants=list(merchants), pks=named))
