"""Treat a connection badly: keep it waiting, then hang up without an answer."""

import asyncio
import contextlib
import os
import socket
import struct
from typing import Any

from litestar.types import Receive

_LINGER_OFF = struct.pack("ii", 1, 0)


async def hold(receive: Receive, seconds: float, closing: asyncio.Event) -> None:
    """Wait until the time is over, the client has gone, or the bank closes, whichever is first."""
    waiting = {asyncio.create_task(_gone(receive)), asyncio.create_task(_closed(closing))}
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def hang_up(receive: Receive) -> bool:
    """Close the connection with a TCP reset; tell whether this server lets an application do so.

    ASGI knows no such wish. uvicorn's `receive` is a method of the object that owns the transport; other
    servers, and wrapped callables, do not show theirs.
    """
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return False
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            # On a duplicate: event loops differ in what they let one do with theirs.
            twin = socket.socket(fileno=os.dup(connection.fileno()))
            try:
                twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
            finally:
                twin.close()
    transport.abort()
    await asyncio.sleep(0.01)  # lets the server notice, so that it does not complain about a missing answer
    return True


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _closed(closing: asyncio.Event) -> None:
    await closing.wait()
