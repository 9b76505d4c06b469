"""What the same server does at its best: a bare JSON endpoint, and one row changed by the bare driver.

The reference does what no checkout can do without: it locks a row, changes it
and commits it to disk. Nothing stands between handler and driver, connections
are not reset or checked, statements are prepared once.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from litestar import Litestar, Request, get
from litestar.datastructures import State

from vezne_host.asgi import LANE, OPTIONS

URL = "VEZNE_BENCH_DATABASE_URL"
ROWS = 1000

MAKE = """
    CREATE TABLE bench_row (pk bigint PRIMARY KEY, counted bigint NOT NULL, body text NOT NULL);
    INSERT INTO bench_row SELECT n, 0, repeat('x', 500) FROM generate_series(1, {rows}) n;
"""
LOCK = "SELECT counted, body FROM bench_row WHERE pk = $1 FOR UPDATE"
COUNT = "UPDATE bench_row SET counted = $2 WHERE pk = $1"


@get("/bare")
async def bare() -> dict[str, Any]:
    """Answer a constant."""
    return {"context_list": [], "errors": None}


@get("/reference")
async def reference(request: Request[Any, Any, State]) -> dict[str, Any]:
    """Lock a row, change it, commit."""
    pk = random.randint(1, ROWS)
    async with request.app.state.pool.acquire() as driver, driver.transaction():
        row = await driver.fetchrow(LOCK, pk)
        await driver.execute(COUNT, pk, row["counted"] + 1)
    return {"context_list": [], "errors": None, "counted": row["counted"] + 1}


async def _as_it_is(driver: Any) -> None:
    """Leave a connection as it is between two uses; the pool would ask the server to reset it."""


def application() -> Litestar:
    """Make the application of a process."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        pool = asyncpg.create_pool(os.environ[URL], min_size=LANE, max_size=LANE, reset=_as_it_is)
        async with pool:
            app.state.pool = pool
            yield

    return Litestar([bare, reference], lifespan=[lifespan], openapi_config=None, logging_config=None)


async def prepare(database_url: str) -> None:
    """Make the rows."""
    driver = await asyncpg.connect(database_url)
    try:
        await driver.execute(MAKE.format(rows=ROWS))
    finally:
        await driver.close()


def run(port: int, workers: int) -> None:
    """Serve, with the options of the shop."""
    uvicorn.run(
        "bench.reference:application", factory=True, host="127.0.0.1", port=port, workers=workers, **OPTIONS
    )


if __name__ == "__main__":
    import sys

    run(int(sys.argv[1]), int(sys.argv[2]))
