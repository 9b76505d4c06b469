"""Which network addresses lie outside, and connections that go nowhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore

from vezne_core import Unavailable

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host name, or of an address itself in any of its spellings."""

_UNICAST = ip_network("2000::/3")
_TRANSLATED = ip_network("64:ff9b::/96")


def is_outside(address: str) -> bool:
    """Tell whether an address belongs to the public internet.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, NAT64) leads
    where the latter lies.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        carried = _carried(ip)
        if carried is None:
            return ip in _UNICAST and ip.is_global
        ip = carried
    return ip.is_global and not ip.is_multicast


def _carried(ip: IPv6Address) -> IPv4Address | None:
    if ip in _TRANSLATED:
        return IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class OutsideNetwork(httpcore.AsyncNetworkBackend):
    """Connects to outside addresses only.

    A name is resolved once, and the connection goes to the very addresses that
    were judged: a name that answers otherwise a moment later (DNS rebinding)
    gains nothing. One inside address among several spoils them all.

    :param allow_inside: ``host:port`` that may lie anywhere, as written in addresses.
    """

    def __init__(
        self,
        allow_inside: Iterable[str] = (),
        resolver: Resolver = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = frozenset(allow_inside)
        self._resolve = resolver
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers.

        :raises Unavailable: the host lies inside.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._judged(host, port)
                for address in addresses[:-1]:
                    try:
                        # so that one dead address does not use up the time of the others
                        share = timeout / len(addresses) if timeout is not None else None
                        return await self._network.connect_tcp(
                            address, port, share, local_address, socket_options
                        )
                    except (httpcore.ConnectError, httpcore.ConnectTimeout):
                        continue
                return await self._network.connect_tcp(
                    addresses[-1], port, timeout, local_address, socket_options
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{authority(host, port)} cannot be reached") from None

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        if not addresses:
            raise httpcore.ConnectError(f"{host} has no address")
        place = authority(host, port)
        if place not in self._allowed and not all(map(is_outside, addresses)):
            raise Unavailable(f"{place} lies inside the own network", sent=False)
        return addresses
