"""The application that a server process runs, and how it is run."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar

from vezne_core import Refused
from vezne_host.config import Configuration, load
from vezne_host.http.app import create_app
from vezne_host.log import set_up
from vezne_host.process import serving
from vezne_host.runtime import MerchantRuntime
from vezne_host.servers import Addresses
from vezne_host.storage.lane import opened

MESSAGES = "VEZNE_MESSAGES"

LANE, REST = 16, 4
"""Connections of a process: for page requests, and for the rest."""


def make(
    configuration: Configuration,
    addresses: Addresses,
    *,
    messages: Path,
    nudge: Callable[[], None] = lambda: None,
    logger: Callable[[str], None] | None = None,
) -> Litestar:
    """Make the application; its connections are opened when a server starts it.

    :param logger: told the text of every statement.
    """
    merchants: dict[str, MerchantRuntime | Refused] = {}

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with (
            opened(addresses.database_url, size=LANE, rest=REST, logger=logger) as lane,
            serving(
                configuration, addresses, lane, messages=messages, nudge=nudge, merchants=merchants
            ) as served,
        ):
            app.state.serving = served
            yield

    return create_app(merchants, configuration.host, lifespan=[lifespan])


def application() -> Litestar:
    """Make the application of a process that ``vezne serve`` has started, from its environment."""
    set_up()
    configuration = load(Path(os.environ["VEZNE_CONFIG"]))
    addresses = Addresses(os.environ["VEZNE_DATABASE_URL"], os.environ["VEZNE_REDIS_URL"])
    return make(configuration, addresses, messages=Path(os.environ[MESSAGES]))


OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "httptools",
    "ws": "none",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "log_level": "warning",
    "timeout_graceful_shutdown": 30,
    "timeout_worker_healthcheck": 30,  # it runs while a process still starts, and kills one that is too slow
    "limit_concurrency": 2000,
}
"""How the server runs; measured in ``docs/explanation/speed.md``."""


def run(host: str, port: int, workers: int) -> None:
    """Serve until the process is told to stop."""
    sys.stderr.write(f"vezne serves at http://{host}:{port} with {workers} process(es)\n")
    uvicorn.run("vezne_host.asgi:application", factory=True, host=host, port=port, workers=workers, **OPTIONS)
