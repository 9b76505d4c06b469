"""Core's ``Http``: how every merchant's plugins call the outside."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

import httpcore
from msgspec import Struct

from vezne_core import Response, Unavailable
from vezne_host.services.outside import OutsideNetwork, Resolver, authority, resolve

CONNECTIONS = 500
"""Open at once, of all merchants together."""
CONNECTIONS_PER_PLACE = 50
"""To one host and port: a provider that hangs takes no connection from another's payments."""
KEPT_SECONDS = 2.0
"""An idle connection is given up before the server, often after 5 s, does so while a payment sets out."""
CONNECT_SECONDS = 5.0
SIZE_LIMIT = 1024 * 1024
"""Bytes of an answer."""

_ADDRESS = re.compile(r"[!-~]+")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_PORTS = {"http": 80, "https": 443}


class _Place(Struct, frozen=True):
    """An address taken apart, so that it is read only once."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def url(self) -> httpcore.URL:
        return httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=self.target)

    @property
    def authority(self) -> str:
        return authority(self.host, self.port)

    @property
    def name(self) -> str:
        """The host, with the port where it is not that of the scheme."""
        return self.authority.removesuffix(f":{_PORTS[self.scheme]}")


class OutboundHttp:
    """Core's ``Http``: the connections of the process, shared by all merchants.

    Beneath it is httpcore, without the httpx above it: httpx keeps the cookies
    of one merchant's calls for the next merchant's, and has no place where an
    address can be judged between its resolution and the connection to it.

    :param allow_inside: ``host:port`` that may lie inside and may speak plain HTTP.
    """

    def __init__(
        self,
        *,
        allow_inside: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
        per_place: int = CONNECTIONS_PER_PLACE,
        resolver: Resolver = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = frozenset(allow_inside)
        self._per_place = per_place
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=OutsideNetwork(self._allowed, resolver, network),
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float = 10.0,
        hosts: Sequence[str] | None = None,
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        :param hosts: limits an address that came from a browser.
        :raises Unavailable: no answer within ``timeout`` seconds, the connection
            broke, the answer is too long, or the address must not be called.
        """
        place = self._permitted(url, hosts)
        sent = False

        async def note(event: str, details: Mapping[str, Any]) -> None:
            nonlocal sent
            sent = sent or event.endswith("send_request_headers.started")

        # Half of the time at most, so that "not reached" is told from "no answer" before the deadline.
        connect = {"connect": min(CONNECT_SECONDS, timeout / 2)}
        try:
            async with (
                asyncio.timeout(timeout),
                self._turns.setdefault(place.authority, asyncio.Semaphore(self._per_place)),
                self._pool.stream(
                    method,
                    place.url,
                    headers=_sent(headers or {}, place),
                    content=content if content or method not in ("GET", "HEAD") else None,
                    extensions={"timeout": connect, "trace": note},
                ) as answer,
            ):
                body = await _body(answer, place)
        except TimeoutError:
            raise Unavailable(f"{place.authority} did not answer in {timeout:g} s", sent=sent) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise Unavailable(f"{place.authority}: {type(error).__name__} {error}", sent=sent) from error
        return Response(answer.status, _received(answer.headers), body)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def _permitted(self, url: str, hosts: Sequence[str] | None) -> _Place:
        place = _read(url)
        if place is None:
            raise Unavailable("not an address that can be called", sent=False)
        if place.scheme != "https" and place.authority not in self._allowed:
            raise Unavailable(f"{place.authority} would be called without TLS", sent=False)
        if hosts is not None and place.name not in hosts:
            raise Unavailable(f"{place.name} is none of the hosts that may be called", sent=False)
        return place


def _read(url: str) -> _Place | None:
    """Take an address apart, or return None where readers of addresses could disagree about its host."""
    try:
        parts = urlsplit(url if _ADDRESS.fullmatch(url) else "")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        if "[" in parts.netloc:
            host = str(IPv6Address(host))
        elif not _NAME.fullmatch(host):
            return None
    except ValueError:
        return None
    if parts.scheme not in _PORTS or port is None or "@" in parts.netloc:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return _Place(parts.scheme, host, port, (parts.path or "/") + query)


async def _body(answer: httpcore.Response, place: _Place) -> bytes:
    """Read an answer as it comes, and no further than the limit."""
    body = bytearray()
    async for part in answer.aiter_stream():
        body += part
        if len(body) > SIZE_LIMIT:
            raise Unavailable(f"{place.authority} answered with more than {SIZE_LIMIT} bytes")
    return bytes(body)


def _sent(headers: Mapping[str, str], place: _Place) -> list[tuple[bytes | str, bytes | str]]:
    given = {name.lower(): value for name, value in headers.items()}
    return [*({"user-agent": "vezne"} | given | {"host": place.name}).items()]


def _received(raw: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
