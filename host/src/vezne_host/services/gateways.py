"""Core's ``Gateways``: the gateway that would take a payment, for calls that move no money."""

from __future__ import annotations

from collections.abc import Mapping

from vezne_core import GATEWAY, Gateway, PreOrder
from vezne_host.late import Late


class GatewayService:
    """Looks the gateway of a pre-order up."""

    def __init__(self, gateways: Late[Mapping[str, Gateway]]) -> None:
        self._gateways = gateways

    def of(self, preorder: PreOrder) -> Gateway | None:
        """Return the gateway named by the fact GATEWAY."""
        info = preorder.get(GATEWAY)
        return self._gateways.get().get(info.name) if info else None
