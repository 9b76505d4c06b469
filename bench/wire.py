"""A small HTTP/1.1 client: one connection, one request at a time, as cheap as Python allows."""

from __future__ import annotations

import asyncio

import httptools


class Answer:
    """An answer as it comes in."""

    __slots__ = ("body", "cookies", "status")

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self.cookies: list[tuple[str, str]] = []


class Connection(asyncio.Protocol):
    """A kept connection to the shop; the callbacks below ``data_received`` are the parser's."""

    def __init__(self) -> None:
        self._answer = Answer()
        self._parts: list[bytes] = []
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, port: int) -> Connection:
        """Connect to a port of this machine."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    async def ask(self, request: bytes) -> Answer:
        """Send a request and return its answer."""
        assert self._transport is not None, "connections are made by to()"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not subclasses

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(f"the server closed the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._answer, self._parts = Answer(), []

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"set-cookie":
            key, _, rest = value.partition(b";")[0].decode("latin-1").partition("=")
            self._answer.cookies.append((key, rest))

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._answer.body = b"".join(self._parts)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)
