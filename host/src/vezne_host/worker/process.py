"""The worker: event loop, relay, queue and whatever else runs behind the shops; alone or beside a server."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import timedelta
from typing import Any

import structlog
from dramatiq import Worker as QueueWorker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.brokers.redis import RedisBroker
from msgspec import Struct

from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.outbox import LEASE, PATIENCE, Outbox
from vezne_host.worker.actors import DEADLINE, Post, declare
from vezne_host.worker.broker import broker_for, close
from vezne_host.worker.consumer import Consumers
from vezne_host.worker.job import Job, repeated
from vezne_host.worker.relay import EVERY, Relay
from vezne_host.worker.shop import Shop

log = structlog.get_logger()

THREADS = 8
POLL = 250
"""Milliseconds between two looks of Dramatiq into an empty queue."""
GRACE = 15.0
"""Seconds that deliveries get to finish when the worker is stopped; the others are repeated."""


class Work(Struct, frozen=True):
    """What a worker does, made on its event loop."""

    shops: Mapping[str, Shop]
    """Read at every turn, so it may change."""
    jobs: Sequence[Job] = ()
    """Run for as long as the worker: reconciler, expiry, tasks of plugins."""


OpenWork = Callable[[Lane], AbstractAsyncContextManager[Work]]
"""Makes the work and cleans up after it; called on the worker's event loop, with its lane."""


class Pace(Struct, frozen=True, kw_only=True):
    """How patient a worker is; the defaults are right but for tests."""

    every: float = EVERY
    patience: timedelta = PATIENCE
    lease: timedelta = LEASE
    deadline: float = DEADLINE


class Worker:
    """A worker in threads of this process. Of two workers in one process the queue would serve only one.

    :raises Exception: entering the block raises what opening database or work raised.
    """

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        open_work: OpenWork,
        *,
        threads: int = THREADS,
        pace: Pace | None = None,
    ) -> None:
        self._database_url = database_url
        self._open_work = open_work
        self._threads = threads
        self._pace = pace or Pace()
        self._broker: RedisBroker = broker_for(redis_url)
        self._thread = EventLoopThread(logging.getLogger(__name__))
        self._queue: QueueWorker | None = None
        self._main: Future[None] | None = None
        self._ready = threading.Event()
        self._relay: Relay | None = None
        self._enough = asyncio.Event()
        self._over = asyncio.Event()

    def nudge(self) -> None:
        """Tell the relay that there is something to hand over; from any thread, at any time."""
        if self._relay is not None and self._thread.loop.is_running():
            self._thread.loop.call_soon_threadsafe(self._relay.nudge)

    def wait(self, stop: threading.Event) -> None:
        """Wait until ``stop`` is set, or raise what has ended the worker."""
        main = self._main
        assert main is not None  # inside the block
        main.add_done_callback(lambda _: stop.set())
        stop.wait()
        if main.done():
            main.result()

    def __enter__(self) -> Worker:
        self._thread.start()  # not named a daemon: leaving the block ends it
        set_event_loop_thread(self._thread)
        try:
            self._main = asyncio.run_coroutine_threadsafe(self._serve(), self._thread.loop)
            self._main.add_done_callback(lambda _: self._ready.set())
            self._ready.wait()
            if self._main.done():
                self._main.result()
            self._queue = QueueWorker(self._broker, worker_threads=self._threads, worker_timeout=POLL)
            self._queue.start()
        except BaseException:
            self._leave()
            raise
        log.info("worker started")
        return self

    def __exit__(self, *error: object) -> None:
        self._leave()
        log.info("worker stopped")

    def _leave(self) -> None:
        loop = self._thread.loop
        loop.call_soon_threadsafe(self._enough.set)  # hand nothing more over
        if self._queue is not None:
            self._queue.stop(timeout=int(GRACE * 1000))
        loop.call_soon_threadsafe(self._over.set)
        if self._main is not None:
            self._main.exception()  # waits; what it was is raised where somebody waits for it
        self._thread.stop()  # type: ignore[no-untyped-call]
        set_event_loop_thread(None)
        close(self._broker)

    async def _serve(self) -> None:
        async with opened(self._database_url) as lane, self._open_work(lane) as work:
            outbox = Outbox(lane, patience=self._pace.patience, lease=self._pace.lease)
            post = Post(outbox, Consumers(lane), work.shops, deadline=self._pace.deadline)
            declare(self._broker, post)
            self._relay = Relay(outbox, self._broker, work.shops.keys, every=self._pace.every)
            tasks = [asyncio.create_task(self._relay.run())]
            tasks += [asyncio.create_task(repeated(job)) for job in work.jobs]
            self._ready.set()
            try:
                await self._enough.wait()
                await _cancel(tasks)
                await self._over.wait()
            finally:
                await _cancel(tasks)
                await _cancel([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run_worker(
    database_url: str,
    redis_url: str,
    open_work: OpenWork,
    *,
    threads: int = THREADS,
    pace: Pace | None = None,
) -> None:
    """Work until SIGTERM or SIGINT: the command ``vezne worker``. Beside a server use ``Worker`` itself."""
    with (
        _stopped_by_signal() as stop,
        Worker(database_url, redis_url, open_work, threads=threads, pace=pace) as worker,
    ):
        worker.wait(stop)


@contextmanager
def _stopped_by_signal() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
