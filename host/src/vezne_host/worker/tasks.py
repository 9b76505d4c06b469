"""Runs what plugins registered with ``vezne_register_tasks``, each once at a time per merchant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import structlog
from msgspec import Struct

from vezne_core import Task
from vezne_host.culprit import told
from vezne_host.storage import tasks as sql
from vezne_host.storage.lane import Away, Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between two looks for what is due."""
LEASE = timedelta(seconds=60)
"""After so long without a sign of life a worker counts as gone, and another runs the task."""


class _Due(Struct, frozen=True):
    """A task of a merchant, as its row names it."""

    merchant: str
    name: str
    plugin: str
    task: Task


class Tasks:
    """Runs the tasks of the merchants of a process, beside each other; any number of workers may do so."""

    def __init__(
        self, lane: Lane, runtimes: Mapping[str, MerchantRuntime], *, lease: timedelta = LEASE
    ) -> None:
        self._lane = lane
        self._runtimes = runtimes
        self._lease = lease
        self._owner = token_hex(8)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Begin what is due, again and again; what runs at the end is cancelled and due at once."""
        away = False
        try:
            while True:
                try:
                    await self.once()
                    away = False
                except Away as error:
                    if not away:
                        log.warning("tasks cannot be looked at", error=str(error))
                    away = True
                await asyncio.sleep(EVERY)
        finally:
            await self.end()

    async def once(self) -> int:
        """Begin what is due and return how many that were."""
        known = {(each.merchant, each.name): each for each in self._registered()}
        names: dict[str, Any] = {
            "merchants": [merchant for merchant, _ in known],
            "tasks": [name for _, name in known],
        }
        if not known:
            return 0
        await self._lane.ask(sql.KNOW, **names)
        rows = await self._lane.ask_all(sql.CLAIM, owner=self._owner, lease=self._lease, **names)
        for row in rows:
            running = asyncio.create_task(self._run(known[row["merchant"], row["task"]]))
            self._running.add(running)
            running.add_done_callback(self._running.discard)
        return len(rows)

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def end(self) -> None:
        """Cancel what runs."""
        for running in list(self._running):
            running.cancel()
        await self.idle()

    def _registered(self) -> Iterator[_Due]:
        for merchant, runtime in self._runtimes.items():
            for plugin, task in runtime.collected.tasks:
                yield _Due(merchant, f"{plugin}.{task.name}", plugin, task)

    async def _run(self, due: _Due) -> None:
        held = asyncio.create_task(self._hold(due))
        where: dict[str, Any] = {"merchant": due.merchant, "task": due.name, "owner": self._owner}
        error: str | None = None
        try:
            await due.task.run()
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                await self._lane.ask(sql.GIVEN_BACK, **where)
                raise
            error = "it was cancelled from within"
        except (Exception, SystemExit) as raised:
            error = told(raised, __file__)
        finally:
            held.cancel()
        if error is not None:
            log.error("task went wrong", merchant=due.merchant, plugin=due.plugin, task=due.name, error=error)
            error = error[:1000]
        try:
            await self._lane.ask(sql.ENDED, **where, plugin=due.plugin, every=due.task.every, error=error)
        except Away as away:  # it is run again when the lease is over
            log.warning("end of a task not written", merchant=due.merchant, task=due.name, error=str(away))

    async def _hold(self, due: _Due) -> None:
        """Show that the task is still being run, until it has ended."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self._lane.ask(
                    sql.HOLD, merchant=due.merchant, task=due.name, owner=self._owner, lease=self._lease
                )
            except Away as error:
                log.warning("task not held", merchant=due.merchant, task=due.name, error=str(error))
