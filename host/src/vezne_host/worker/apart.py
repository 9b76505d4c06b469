"""Calls of plugins that cannot be awaited, each in a thread of its own, so that they hold nobody up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

MOST = 16
"""Calls of one plugin that may be under way; more means that earlier ones stand still."""


class StandsStill(Exception):
    """A plugin does not come back from its calls."""


class Apart:
    """Runs synchronous functions of plugins beside the event loop.

    A call that does not return in time is given up but cannot be ended; its thread stays, and does not keep
    the process alive. A plugin that has many of those is not called any more.
    """

    def __init__(self) -> None:
        self._standing: Counter[str] = Counter()

    async def call(self, plugin: str, function: Callable[..., None], *args: Any) -> None:
        """Call a function of a plugin and raise what it raises.

        :raises StandsStill: too many earlier calls have not returned.
        """
        if self._standing[plugin] >= MOST:
            raise StandsStill(f"{MOST} calls of {plugin} have not returned")
        loop = asyncio.get_running_loop()
        returned: asyncio.Future[None] = loop.create_future()

        def finish(error: BaseException | None) -> None:
            self._standing[plugin] -= 1
            if not returned.done():
                if error is None:
                    returned.set_result(None)
                else:
                    returned.set_exception(error)

        def run() -> None:
            error = None
            try:
                function(*args)
            except BaseException as raised:
                error = raised
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(finish, error)

        self._standing[plugin] += 1
        Thread(target=run, name=f"plugin {plugin}", daemon=True).start()
        await returned
