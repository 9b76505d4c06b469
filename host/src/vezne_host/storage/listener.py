"""Hears what other processes tell by NOTIFY, on a connection of its own that is opened again when lost.

A listener that has died is silent (half-open connections say nothing), so whoever uses one also looks for
himself from time to time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from vezne_host.storage.lane import GOING

log = structlog.get_logger()

PAUSE = 1.0
"""Seconds between two tries to connect."""


class Listener:
    """Calls back for everything told on a channel, and after every reconnection: something may be missed.

    :param engine: says where the database is; the connection is not one of its pool.
    """

    def __init__(self, engine: AsyncEngine, channel: str, heard: Callable[[], None]) -> None:
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._channel = channel
        self._heard = heard
        self._silent = False

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, *GOING) as error:
                if not self._silent:
                    log.warning("listener lost", channel=self._channel, error=str(error))
                self._silent = True
            await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        """Listen until the connection is lost."""
        lost = asyncio.Event()

        def told(*_: Any) -> None:
            self._heard()

        def ended(*_: Any) -> None:
            lost.set()

        connection = await asyncpg.connect(self._url, server_settings={"application_name": "vezne listener"})
        try:
            connection.add_termination_listener(ended)
            await connection.add_listener(self._channel, told)
            if self._silent:
                log.info("listener back", channel=self._channel)
            self._silent = False
            self._heard()
            await lost.wait()
        finally:
            connection.terminate()
        raise ConnectionError("the connection was closed")
