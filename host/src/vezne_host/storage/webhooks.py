"""What became of each sending of a webhook."""

from __future__ import annotations

from sqlalchemy import text

from vezne_host.storage.lane import Lane, Query

TAKEN = Query(text("""
    SELECT DISTINCT url FROM webhook_delivery
    WHERE merchant = :merchant AND event_id = :event AND status BETWEEN 200 AND 299
"""))  # fmt: skip

NOTE = Query(text("""
    INSERT INTO webhook_delivery (merchant, event_id, url, status, error)
    VALUES (:merchant, :event, :url, :status, :error)
"""))  # fmt: skip


class WebhookLog:
    """The deliveries of one merchant; rows are only added."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def taken(self, event: str) -> frozenset[str]:
        """Return the addresses that have taken an event."""
        rows = await self._lane.ask_all(TAKEN, merchant=self._merchant, event=event)
        return frozenset(row["url"] for row in rows)

    async def note(self, event: str, url: str, status: int | None, error: str | None) -> None:
        """Note one sending."""
        async with self._lane.lend() as driver:
            await NOTE.run(
                driver, merchant=self._merchant, event=event, url=url, status=status,
                error=error[:1000] if error else None,
            )  # fmt: skip
