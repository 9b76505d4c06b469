"""Merchants assembled to be looked at: nothing is served and nobody is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis

from vezne_core import Problem
from vezne_host.assembly import Assembled, assemble
from vezne_host.catalogue import Snapshot
from vezne_host.config import Configuration
from vezne_host.discovery import Found, load_plugins
from vezne_host.runtime import Process
from vezne_host.services.clock import SystemClock
from vezne_host.services.http import OutboundHttp
from vezne_host.services.saved_cards import SavedCardRow
from vezne_host.storage.lane import Lane, engine_for
from vezne_host.texts import GettextTexts


class _Nobody:
    """Stands where a message would go out."""

    async def send(self, *message: str, id: str | None = None, **more: str) -> None:
        raise TypeError("nothing is sent while merchants are inspected")


class _NoCards:
    """Stands where stored cards would be read."""

    async def list(self, merchant: str, user: int) -> Sequence[SavedCardRow]:
        return ()

    async def get(self, merchant: str, user: int, pk: int) -> SavedCardRow | None:
        return None

    async def add(self, merchant: str, **card: object) -> int:
        raise TypeError("nothing is stored while merchants are inspected")


def texts_of(found: Found) -> GettextTexts:
    """Read the translations of core, host and the plugins that were found."""
    packages = dict.fromkeys(installed.package for installed in found.plugins.values())
    return GettextTexts.of(["vezne_host", "vezne_core", *packages])


async def inspected(configuration: Configuration, database_url: str | None) -> Assembled:
    """Assemble every merchant; with a database on its configuration tables, else on none.

    :raises Refused: the database is not there, or behind.
    """
    found = load_plugins(configuration.plugins)
    snapshots: Mapping[str, Snapshot] = {}
    unread: Mapping[str, tuple[Problem, ...]] = {}
    if database_url is not None:
        from vezne_host.storage.configurations import read_all

        snapshots, unread = await read_all(database_url, tuple(configuration.merchants))
    # neither opens a connection before it is used
    lane = Lane(engine_for("postgresql://nobody@localhost/nothing", 1), 1)
    redis = Redis.from_url("redis://localhost:1/0")
    process = Process(
        settings=configuration.host,
        installed=found.plugins,
        texts=texts_of(found),
        lane=lane,
        redis=redis,
        http=OutboundHttp(),
        clock=SystemClock(),
        mail=_Nobody(),
        sms=_Nobody(),
        saved_cards=_NoCards(),
        nudge=lambda: None,
    )
    assembled = assemble(configuration, found, process, snapshots)
    await lane.engine.dispose()
    await redis.aclose()
    if not unread:
        return assembled
    refused = {name: (*assembled.refused.get(name, ()), *several) for name, several in unread.items()}
    kept = {name: each for name, each in assembled.runtimes.items() if name not in refused}
    return Assembled(kept, {**assembled.refused, **refused})
