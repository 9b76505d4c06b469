"""Cards a shopper has stored at a provider: token and last four digits, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from vezne_core import SavedCard, Secret, StoredCard
from vezne_host.services.keyring import KeyRing


class SavedCardRow(Struct, frozen=True, kw_only=True):
    """A row of ``saved_card``; the token is sealed."""

    pk: int
    user: int
    gateway: str
    token: bytes
    last_four: str
    name: str
    card: int | None
    created: datetime | None = None


class SavedCards(Protocol):
    """The table ``saved_card``."""

    async def list(self, merchant: str, user: int) -> Sequence[SavedCardRow]:
        """Return a shopper's cards, the newest first."""

    async def add(
        self, merchant: str, *, user: int, gateway: str, token: bytes, last_four: str, name: str,
        card: int | None,
    ) -> int:  # fmt: skip
        """Store a card and return its pk."""

    async def get(self, merchant: str, user: int, pk: int) -> SavedCardRow | None:
        """Return one of a shopper's own cards."""


class CardWallet:
    """The stored cards of one merchant's shoppers.

    A token opens only for the shopper and the gateway that it was stored for.
    """

    def __init__(self, merchant: str, rows: SavedCards, keys: KeyRing) -> None:
        self._merchant = merchant
        self._rows = rows
        self._keys = keys

    async def list(self, user: int, gateway: str) -> Sequence[SavedCard]:
        """Return a shopper's cards at a gateway, the newest first."""
        rows = await self._rows.list(self._merchant, user)
        return [
            SavedCard(row.pk, row.name, row.last_four, row.card) for row in rows if row.gateway == gateway
        ]

    async def add(self, user: int, gateway: str, stored: StoredCard, name: str, card: int | None) -> int:
        """Store what a provider gave for a card; the shopper's name for it wins over the provider's."""
        token = self._keys.seal(stored.token.reveal().encode(), self._merchant, str(user), gateway)
        return await self._rows.add(
            self._merchant, user=user, gateway=gateway, token=token, last_four=stored.last_four[-4:],
            name=name or stored.name, card=card,
        )  # fmt: skip

    async def token(self, user: int, gateway: str, pk: int) -> Secret | None:
        """Return the token of one of a shopper's own cards, or None."""
        row = await self._rows.get(self._merchant, user, pk)
        if row is None or row.gateway != gateway:
            return None
        plain = self._keys.open(row.token, self._merchant, str(user), gateway)
        return Secret(plain.decode()) if plain is not None else None
