"""Core's ``Addresses``: the shopper's own, as the request has loaded them."""

from __future__ import annotations

from collections.abc import Mapping

from vezne_core import Address, PreOrder
from vezne_host.request import current_world


class RequestAddresses:
    """Reads the addresses that came with the request's one statement."""

    async def of(self, preorder: PreOrder) -> Mapping[int, Address]:
        """Return them by key, in the order of the address page."""
        return {address.pk: address for address in current_world.get().addresses if address.pk is not None}
