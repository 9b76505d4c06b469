"""Counts declined payments in moving windows and tells when there were too many.

What is kept is a keyed hash of the e-mail, address or card number, never the
thing itself (PCI DSS 3.5.1.1).
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from vezne_core import Cache
from vezne_host.services.keyring import KeyRing


class FailedTries:
    """The counters of one merchant.

    A limit that is reached stays so for its window, from the last failure that
    counted. Losing the cache forgives.
    """

    def __init__(self, merchant: str, cache: Cache, keys: KeyRing) -> None:
        self._merchant = merchant
        self._cache = cache
        self._keys = keys

    async def count(self, by: str, subject: str, limit: int, minutes: int) -> None:
        """Count a failure."""
        window = timedelta(minutes=minutes)
        place = self._place(by, subject, limit, minutes)
        below = limit > 1 and await self._cache.allow(f"{place}:count", limit - 1, window)
        if not below:
            await self._cache.put(f"{place}:reached", b"1", window)

    async def reached(self, by: str, subject: str, limit: int, minutes: int) -> bool:
        """Tell whether there were ``limit`` failures; looking does not count."""
        return await self._cache.get(f"{self._place(by, subject, limit, minutes)}:reached") is not None

    def _place(self, by: str, subject: str, limit: int, minutes: int) -> str:
        return f"tries:{self._keys.tag(self._merchant, by, subject, str(limit), str(minutes))}"


def network(ip: str) -> str:
    """Return what stands for an address: an IPv6 customer owns a /64, not one address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
