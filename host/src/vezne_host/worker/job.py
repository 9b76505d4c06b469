"""What a worker does beside delivering: coroutines that go on for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from msgspec import Struct

log = structlog.get_logger()

PAUSE = 5.0
"""Seconds before a job that went wrong is begun again."""


class Job(Struct, frozen=True):
    """A coroutine function that does not return until it is cancelled."""

    name: str
    run: Callable[[], Awaitable[None]]


async def repeated(job: Job) -> None:
    """Run a job; begin it again when it goes wrong."""
    while True:
        try:
            await job.run()
        except (Exception, SystemExit) as error:
            log.error("job went wrong", job=job.name, error=f"{type(error).__name__}: {error}", exc_info=True)
        else:
            log.warning("job ended", job=job.name)
            return
        await asyncio.sleep(PAUSE)
