"""Who sent a request, where a reverse proxy stands in between.

``X-Forwarded-*`` is believed only from the networks of ``trusted_proxies``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_HOPS = 20
"""Addresses of ``X-Forwarded-For`` that are looked at, from the end."""


class Origin(Struct, frozen=True):
    """Where a request came from, and what it asked for."""

    ip: str
    scheme: str
    authority: str
    """Host and port, as the shopper's browser wrote them."""
    forwarded: bool = False

    @property
    def host(self) -> str:
        """The host in lower case, without port."""
        return host_of(self.authority)

    @property
    def url(self) -> str:
        """Scheme and authority."""
        return f"{self.scheme}://{self.authority}"


class Proxies:
    """The proxies whose word is believed.

    :param networks: of ``trusted_proxies``.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)
        self.trusts = lru_cache(1024)(self._trusts)

    def origin(self, peer: str, scheme: str, headers: Mapping[str, str]) -> Origin:
        """Return where a request came from.

        :param peer: the address at the other end of the connection.
        :param headers: names in lower case; repeated ones joined by commas.
        """
        if not self.trusts(peer):
            return Origin(peer, scheme, _sound(headers.get("host", "")), "x-forwarded-for" in headers)
        stated = _last(headers.get("x-forwarded-host", "")) or headers.get("host", "")
        proto = _last(headers.get("x-forwarded-proto", "")).lower()
        return Origin(
            ip=self._client(peer, headers.get("x-forwarded-for", "")),
            scheme=proto if proto in ("http", "https") else scheme,
            authority=_sound(stated),
            forwarded=True,
        )

    def _client(self, peer: str, stated: str) -> str:
        """Return the address next to the last proxy that is believed."""
        client = peer
        for hop in reversed(stated.split(",")[-_HOPS:]):
            address = _address(hop)
            if address is None:
                break
            client = str(address)
            if not self.trusts(client):
                break
        return client

    def _trusts(self, peer: str) -> bool:
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)


def host_of(authority: str) -> str:
    """Return the host of ``host:port`` in lower case; an IPv6 address without its brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")


def _sound(authority: str) -> str:
    """Return a host with its port, or nothing where it is anything else: it goes into addresses."""
    return authority if _AUTHORITY.fullmatch(authority) else ""


def _address(text: str) -> _Address | None:
    """Read an address as proxies write it, perhaps with a port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _last(stated: str) -> str:
    """Return what the nearest proxy said, where several said something."""
    return stated.rpartition(",")[2].strip()
