"""Keeps every merchant's configuration in memory, within a second of what the database says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import structlog

from vezne_core import Problem, Record, Refused
from vezne_host.catalogue import Snapshot
from vezne_host.culprit import told
from vezne_host.storage.configurations import CHANNEL, Configurations
from vezne_host.storage.lane import Away, Lane
from vezne_host.storage.listener import Listener

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between two looks at the revisions."""

Accept = Callable[[str, Snapshot], None]
"""Takes a merchant's new configuration into use; raises Refused where it does not fit."""


class ConfigurationWatcher:
    """The last good configuration of each merchant.

    A change is loaded when it is told, and found by looking when it is not. One with problems is not loaded:
    the last good one serves on, and operators are told.

    :param types: by merchant, the types of records that core and his plugins know.
    :param accept: called before a snapshot takes the place of the last one; also for the first.
    """

    def __init__(
        self,
        lane: Lane,
        types: Mapping[str, Iterable[type[Record]]],
        accept: Accept = lambda merchant, snapshot: None,
        *,
        every: float = EVERY,
    ) -> None:
        self._configurations = Configurations(lane)
        self._types = {merchant: tuple(several) for merchant, several in types.items()}
        self._accept = accept
        self._every = every
        self._snapshots: dict[str, Snapshot] = {}
        self._refused: dict[str, tuple[int, tuple[Problem, ...]]] = {}
        self._told = asyncio.Event()
        self._changed = asyncio.Condition()
        self._listener = Listener(lane.engine, CHANNEL, self._told.set)

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """What is in force, by merchant; one whose first configuration is refused is missing."""
        return MappingProxyType(self._snapshots)

    @property
    def refused(self) -> Mapping[str, tuple[Problem, ...]]:
        """What is wrong with the newest configuration of merchants, where something is."""
        return {merchant: problems for merchant, (_, problems) in self._refused.items()}

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Load every merchant, then follow changes until the end of the block.

        :raises Away: the database cannot be reached at the beginning; later it is waited for.
        """
        await self.look()
        tasks = [asyncio.create_task(self._listener.run()), asyncio.create_task(self._follow())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """Compare revisions once and load what has changed."""
        for merchant, revision in (await self._configurations.revisions(self._types)).items():
            if revision != self._seen(merchant):
                await self._load(merchant)

    async def reached(self, merchant: str, revision: int) -> None:
        """Wait until a revision, or a later one, has been loaded or refused."""
        async with self._changed:
            await self._changed.wait_for(lambda: (self._seen(merchant) or 0) >= revision)

    def _seen(self, merchant: str) -> int | None:
        if merchant in self._refused:
            return self._refused[merchant][0]
        return self._snapshots[merchant].revision if merchant in self._snapshots else None

    async def _follow(self) -> None:
        away = False
        while True:
            try:
                async with asyncio.timeout(self._every):
                    await self._told.wait()
            except TimeoutError:
                pass
            self._told.clear()
            try:
                await self.look()
                away = False
            except Away as error:
                if not away:
                    log.warning("configuration cannot be looked at", error=str(error))
                away = True
            except Exception:
                log.exception("configuration cannot be looked at")

    async def _load(self, merchant: str) -> None:
        stored = await self._configurations.load(merchant)
        try:
            snapshot = Snapshot.from_rows(stored.revision, stored.rows, self._types[merchant])
            self._accept(merchant, snapshot)
        except Refused as refused:
            await self._refuse(merchant, stored.revision, refused.problems)
        except Exception as error:  # rules of plugins are made ready here
            problem = Problem(f"configuration of {merchant}", f"cannot be used: {told(error, __file__)}")
            await self._refuse(merchant, stored.revision, (problem,))
        else:
            self._snapshots[merchant] = snapshot
            self._refused.pop(merchant, None)
            log.info("configuration loaded", merchant=merchant, revision=stored.revision)
        async with self._changed:
            self._changed.notify_all()

    async def _refuse(self, merchant: str, revision: int, problems: tuple[Problem, ...]) -> None:
        told = [str(problem) for problem in problems]
        await self._configurations.report(merchant, f"revision {revision} is not loaded: {'; '.join(told)}")
        log.error("configuration refused", merchant=merchant, revision=revision, problems=told)
        self._refused[merchant] = (revision, problems)
