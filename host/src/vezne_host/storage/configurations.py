"""The configuration tables of merchants: read whole, written under a revision that only grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import text

from vezne_core import Problem, Record, Refused
from vezne_core.catalogue import RECORDS
from vezne_host.catalogue import Row, Snapshot
from vezne_host.storage.lane import Driver, Lane, Query, opened
from vezne_host.storage.migrate import pending

CHANNEL = "vezne_configuration"
"""Where every change is told; the payload is the merchant."""

Key = tuple[str, int]
"""Kind and pk of a row."""

LOAD = Query(text("""
    SELECT r.revision, c.kind, c.pk, c.body::text AS body
    FROM configuration_revision r LEFT JOIN configuration c ON c.merchant = r.merchant
    WHERE r.merchant = :merchant
"""))  # fmt: skip

REVISIONS = Query(text("""
    SELECT merchant, revision FROM configuration_revision WHERE merchant = any(CAST(:merchants AS text[]))
"""))  # fmt: skip

# First in every change: its row lock makes writers of one merchant wait for each other.
BUMP = Query(text("""
    INSERT INTO configuration_revision AS r (merchant, revision) VALUES (:merchant, 1)
    ON CONFLICT (merchant) DO UPDATE SET revision = r.revision + 1
    RETURNING revision
"""))  # fmt: skip

PUT = Query(text("""
    INSERT INTO configuration (merchant, kind, pk, body)
    SELECT :merchant, w.kind, w.pk, w.body::jsonb
    FROM unnest(CAST(:kinds AS text[]), CAST(:pks AS bigint[]), CAST(:bodies AS text[])) w(kind, pk, body)
    ON CONFLICT (merchant, kind, pk) DO UPDATE SET body = excluded.body
"""))  # fmt: skip

DROP = Query(text("""
    DELETE FROM configuration c
    USING unnest(CAST(:kinds AS text[]), CAST(:pks AS bigint[])) w(kind, pk)
    WHERE c.merchant = :merchant AND c.kind = w.kind AND c.pk = w.pk
"""))  # fmt: skip

CLEAR = Query(text("DELETE FROM configuration WHERE merchant = :merchant"))

TELL = Query(text("SELECT pg_notify(:channel, :merchant)"))

# Several processes meet the same change; the lock lets one of them say so.
TURN = Query(text("SELECT pg_advisory_xact_lock(hashtextextended(:merchant, 0))"))
REFUSED = Query(text("""
    INSERT INTO operator_event (merchant, kind, text)
    SELECT :merchant, 'configuration_refused', CAST(:text AS text)
    WHERE NOT EXISTS (
        SELECT FROM operator_event
        WHERE merchant = :merchant AND kind = 'configuration_refused' AND text = CAST(:text AS text)
    )
    RETURNING pk
"""))  # fmt: skip


class Stored(Struct, frozen=True):
    """A merchant's configuration as of one revision; 0 where nothing was ever written."""

    revision: int
    rows: Sequence[Row]


class Configurations:
    """Reads and writes configurations."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def load(self, merchant: str) -> Stored:
        """Load a merchant's rows and their revision, as of one moment."""
        rows = await self._lane.ask_all(LOAD, merchant=merchant)
        if not rows:
            return Stored(0, ())
        return Stored(
            rows[0]["revision"],
            [(row["kind"], row["pk"], row["body"]) for row in rows if row["kind"] is not None],
        )

    async def revisions(self, merchants: Iterable[str]) -> Mapping[str, int]:
        """Return the revisions in force; a merchant without a configuration is at 0."""
        names = list(merchants)
        rows = await self._lane.ask_all(REVISIONS, merchants=names)
        return dict.fromkeys(names, 0) | {row["merchant"]: row["revision"] for row in rows}

    async def write(self, merchant: str, rows: Iterable[Row] = (), *, drop: Iterable[Key] = ()) -> int:
        """Put rows in the place of those with their keys, drop others, and return the new revision.

        All or nothing; every process has it within a second. Whether the records make sense is judged by
        those who load them.
        """
        async with self._lane.transaction() as driver:
            return await write_on(driver, merchant, rows, drop=drop)

    async def report(self, merchant: str, told: str) -> None:
        """Tell operators once that a change was not loaded."""
        async with self._lane.transaction() as driver:
            await TURN.run(driver, merchant=merchant)
            await REFUSED.run(driver, merchant=merchant, text=told)


async def write_on(
    driver: Driver, merchant: str, rows: Iterable[Row], *, drop: Iterable[Key] = (), replace: bool = False
) -> int:
    """Write as ``Configurations.write``, inside a transaction that is already open.

    :param replace: drop every other row of the merchant.
    """
    revision = await BUMP.scalar(driver, merchant=merchant)
    if replace:
        await CLEAR.run(driver, merchant=merchant)
    dropped = list(drop)
    if dropped:
        kinds, pks = [kind for kind, _ in dropped], [pk for _, pk in dropped]
        await DROP.run(driver, merchant=merchant, kinds=kinds, pks=pks)
    put = list(rows)
    if put:
        await PUT.run(
            driver, merchant=merchant, kinds=[kind for kind, _, _ in put], pks=[pk for _, pk, _ in put],
            bodies=[body if isinstance(body, str) else body.decode() for _, _, body in put],
        )  # fmt: skip
    await TELL.run(driver, channel=CHANNEL, merchant=merchant)
    return int(revision)


async def read_all(
    database_url: str, merchants: Iterable[str], types: Iterable[type[Record]] = RECORDS
) -> tuple[Mapping[str, Snapshot], Mapping[str, tuple[Problem, ...]]]:
    """Return the configurations in a database by merchant, and what is wrong with the others.

    For commands; who serves has a ``ConfigurationWatcher``.

    :raises Refused: the database cannot be reached, or its tables are not those of this version.
    """
    if behind := await pending(database_url):
        raise Refused(behind)
    snapshots: dict[str, Snapshot] = {}
    wrong: dict[str, tuple[Problem, ...]] = {}
    async with opened(database_url, size=1, rest=0) as lane:
        for merchant in merchants:
            stored = await Configurations(lane).load(merchant)
            try:
                snapshots[merchant] = Snapshot.from_rows(stored.revision, stored.rows, types)
            except Refused as refused:
                wrong[merchant] = refused.problems
    return snapshots, wrong
