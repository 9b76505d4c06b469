"""The terminal of bank transfers: nothing moves, the order waits for its money."""

from __future__ import annotations

from typing import ClassVar

from vezne_core import Capability, ExpectedTransfer, OfflineGateway, Secret
from vezne_payment_funds_transfer.reference_code import reference_code


class FundsTransferGateway(OfflineGateway):
    """Takes orders as waiting for a transfer, and gives each a reference code."""

    name = "funds_transfer"
    capabilities: ClassVar = frozenset({Capability.REFERENCE_CODES})

    def __init__(self, reference_key: Secret) -> None:
        self._reference_key = reference_key

    async def reference_code(self, transfer: ExpectedTransfer) -> str | None:
        """Return the code a shopper states with this transfer."""
        return reference_code(self._reference_key, transfer)
