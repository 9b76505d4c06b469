"""The outbox: what is told after a commit, once per consumer, by any number of relays and workers.

A row waits until it is due, is handed to the queue (`sent_at`), taken by one worker (`sent_at` empty again,
one try more), and then done, due again after a failure, or dead. Whatever is lost on the way, a queue that
was flushed or a worker that was killed, comes back by itself: handing over and taking both say when the row
is due again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_core import Event, OrderMoved, PaymentGivenBack, PaymentRefunded
from vezne_host.collected import EVENTS
from vezne_host.storage.lane import Lane, Query

PATIENCE = timedelta(minutes=5)
"""How long the queue may keep a row before it is handed over again."""
LEASE = timedelta(minutes=2)
"""How long a worker may work at a row before it counts as gone; longer than any consumer's deadline."""

FIRST_WAITS = (5, 15, 60, 300, 900, 3600)
LATER_WAIT = 3600
TRIES = len(FIRST_WAITS) + 72
"""Tries before a row is given up: the first waits, in seconds, then hourly for three days."""

# Losing one of these in a crash repeats a delivery, so it need not wait for the disk.
_SOON = "set_config('synchronous_commit', 'off', true)"

HAND_OVER = Query(text(f"""
    WITH due AS (
        SELECT merchant, pk, tries FROM outbox
        WHERE due_at <= now() AND done_at IS NULL AND dead_at IS NULL
          AND merchant = any(CAST(:merchants AS text[]))
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), worn_out AS (
        UPDATE outbox o SET dead_at = now(), sent_at = NULL, error = coalesce(o.error, :lost)
        FROM due WHERE o.merchant = due.merchant AND o.pk = due.pk AND due.tries >= :tries
        RETURNING o.merchant, o.topic, o.consumer, o.error
    ), alarm AS (
        INSERT INTO operator_event (merchant, kind, plugin, text)
        SELECT merchant, 'message_dead', consumer, topic || ': ' || error FROM worn_out
    )
    UPDATE outbox o SET sent_at = now(), due_at = now() + CAST(:patience AS interval)
    FROM due WHERE o.merchant = due.merchant AND o.pk = due.pk AND due.tries < :tries
    RETURNING o.merchant, o.pk, {_SOON}
"""))  # fmt: skip

PUT_BACK = Query(text("""
    UPDATE outbox o SET sent_at = NULL, due_at = now() + CAST(:wait AS interval)
    FROM unnest(CAST(:merchants AS text[]), CAST(:pks AS bigint[])) r(merchant, pk)
    WHERE o.merchant = r.merchant AND o.pk = r.pk AND o.sent_at IS NOT NULL
"""))  # fmt: skip

TAKE = Query(text(f"""
    UPDATE outbox SET sent_at = NULL, tries = tries + 1, due_at = now() + CAST(:lease AS interval)
    WHERE merchant = :merchant AND pk = :pk
      AND sent_at IS NOT NULL AND done_at IS NULL AND dead_at IS NULL
    RETURNING event_id, topic, consumer, payload, tries, {_SOON}
"""))  # fmt: skip

DONE = Query(text("""
    UPDATE outbox SET done_at = now(), dead_at = NULL, error = NULL
    WHERE merchant = :merchant AND pk = :pk AND done_at IS NULL
"""))  # fmt: skip

FAIL = Query(text("""
    WITH failed AS (
        UPDATE outbox SET error = :error, due_at = now() + CAST(:wait AS interval),
               dead_at = CASE WHEN tries >= :limit THEN now() END
        WHERE merchant = :merchant AND pk = :pk AND tries = :tries AND done_at IS NULL AND dead_at IS NULL
        RETURNING merchant, topic, consumer, error, dead_at
    ), alarm AS (
        INSERT INTO operator_event (merchant, kind, plugin, text)
        SELECT merchant, 'message_dead', consumer, topic || ': ' || error
        FROM failed WHERE dead_at IS NOT NULL
    )
    SELECT dead_at IS NOT NULL AS dead FROM failed
"""))  # fmt: skip

LIST = Query(text("""
    SELECT merchant, pk, event_id, topic, consumer, created_at, due_at, tries, dead_at, error FROM outbox
    WHERE merchant = any(CAST(:merchants AS text[])) AND done_at IS NULL
    ORDER BY dead_at NULLS LAST, due_at LIMIT :limit
"""))  # fmt: skip

REPLAY = Query(text("""
    UPDATE outbox SET dead_at = NULL, tries = 0, due_at = now(), sent_at = NULL
    WHERE merchant = :merchant AND done_at IS NULL
      AND (pk = CAST(:pk AS bigint) OR CAST(:pk AS bigint) IS NULL AND dead_at IS NOT NULL)
    RETURNING pk
"""))  # fmt: skip

TELL = Query(text("""
    INSERT INTO outbox (merchant, event_id, topic, consumer, payload)
    SELECT :merchant, o.event_id, o.topic, o.consumer, o.payload
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:topics AS text[]),
                CAST(:consumers AS text[]), CAST(:payloads AS bytea[]))
         o(event_id, topic, consumer, payload)
"""))  # fmt: skip

_TOLD: tuple[type[Event], ...] = (*EVENTS, PaymentGivenBack, PaymentRefunded, OrderMoved)

TOPICS: Mapping[str, type[Event]] = {
    re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type.__name__).lower(): type for type in _TOLD
}
"""The events there are, by topic: ``order_placed``."""

_NAMES = {type: topic for topic, type in TOPICS.items()}


def topic(event: type[Event]) -> str:
    """Return the topic of an event's rows."""
    return _NAMES[event]


def encode(event: Event) -> bytes:
    """Return the payload of an event's rows."""
    return msgspec.msgpack.encode(event)


def decode(topic: str, payload: bytes) -> Event:
    """Read an event.

    :raises ValueError: there is no such event, or it is not one of this version's.
    """
    if topic not in TOPICS:
        raise ValueError(f"there is no event {topic}")
    return msgspec.msgpack.decode(payload, type=TOPICS[topic])


class Delivery(Struct, frozen=True, kw_only=True):
    """A row that was taken, to be given to its consumer."""

    merchant: str
    pk: int
    event_id: UUID
    topic: str
    consumer: str
    payload: bytes
    tries: int
    """How often it was taken, this time included."""


class Undelivered(Struct, frozen=True, kw_only=True):
    """A row that is not done, for operators; ``dead`` where it is given up."""

    merchant: str
    pk: int
    event_id: UUID
    topic: str
    consumer: str
    created: datetime
    due: datetime
    tries: int
    dead: datetime | None
    error: str | None


class Outbox:
    """Moves rows of the outbox; every step is one conditional statement."""

    def __init__(self, lane: Lane, *, patience: timedelta = PATIENCE, lease: timedelta = LEASE) -> None:
        self._lane = lane
        self._patience = patience
        self._lease = lease

    async def hand_over(self, merchants: Iterable[str], limit: int) -> list[tuple[str, int]]:
        """Return rows that are due, by merchant and pk; until they are due again nobody else gets them."""
        rows = await self._lane.ask_all(
            HAND_OVER, merchants=list(merchants), limit=limit, tries=TRIES, patience=self._patience,
            lost="the worker ended while it was at work",
        )  # fmt: skip
        return [(row["merchant"], row["pk"]) for row in rows]

    async def put_back(self, rows: Sequence[tuple[str, int]], wait: timedelta = timedelta()) -> None:
        """Make rows that were handed over, but not taken, due again."""
        await self._lane.ask(
            PUT_BACK, merchants=[merchant for merchant, _ in rows], pks=[pk for _, pk in rows], wait=wait
        )

    async def take(self, merchant: str, pk: int) -> Delivery | None:
        """Take a row that was handed over; None when somebody else has, or it is done."""
        row = await self._lane.ask(TAKE, merchant=merchant, pk=pk, lease=self._lease)
        if row is None:
            return None
        return Delivery(
            merchant=merchant, pk=pk, event_id=row["event_id"], topic=row["topic"], consumer=row["consumer"],
            payload=row["payload"], tries=row["tries"],
        )  # fmt: skip

    async def done(self, delivery: Delivery) -> None:
        """Note that the consumer has finished."""
        await self._lane.ask(DONE, merchant=delivery.merchant, pk=delivery.pk)

    async def fail(self, delivery: Delivery, error: str) -> bool:
        """Make a row due again after a while, or give it up; True when it was given up."""
        row = await self._lane.ask(
            FAIL, merchant=delivery.merchant, pk=delivery.pk, tries=delivery.tries, error=error[:1000],
            wait=wait_after(delivery.tries), limit=TRIES,
        )  # fmt: skip
        return row is not None and bool(row["dead"])

    async def undelivered(self, merchants: Iterable[str], limit: int = 100) -> list[Undelivered]:
        """Return what is not done: what was given up first, then by when it is due."""
        rows = await self._lane.ask_all(LIST, merchants=list(merchants), limit=limit)
        return [Undelivered(**dict(zip(Undelivered.__struct_fields__, row, strict=True))) for row in rows]

    async def replay(self, merchant: str, pk: int | None = None) -> int:
        """Make a row due at once with all its tries before it, or every dead one; return how many."""
        return len(await self._lane.ask_all(REPLAY, merchant=merchant, pk=pk))


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries."""
    return timedelta(seconds=FIRST_WAITS[tries - 1] if tries <= len(FIRST_WAITS) else LATER_WAIT)
