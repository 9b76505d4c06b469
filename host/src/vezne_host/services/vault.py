"""Card data between two pages: encrypted, bound to one pre-order, for minutes.

It lies in the cache only, never in the database (PCI DSS 3.3.1: a verification
code does not outlive the authorization). The runner drops it with every result.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec import Struct

from vezne_core import Cache, CardDetails, Clock, Secret
from vezne_host.services.keyring import KeyRing

LIFE = timedelta(minutes=15)
AFTER_LEAVING = timedelta(minutes=2)

log = structlog.get_logger(__name__)


class _Kept(Struct, array_like=True):
    """A card in the clear; exists between two calls of the cipher."""

    until: datetime
    number: str | None
    cvv: str | None
    token: str | None
    holder: str
    month: int
    year: int

    def __repr__(self) -> str:
        return "_Kept(…)"


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


class CardVault:
    """Core's ``Vault`` of one merchant.

    An entry lies under a keyed hash: who can read the cache cannot tell whose
    card it is, and who can write it cannot give it to another pre-order.
    """

    def __init__(
        self, merchant: str, cache: Cache, clock: Clock, keys: KeyRing, life: timedelta = LIFE
    ) -> None:
        self._merchant = merchant
        self._cache = cache
        self._clock = clock
        self._keys = keys
        self._life = life

    async def keep(self, preorder: str, card: CardDetails) -> None:
        """Keep a card for the step at the bank; it replaces an earlier one."""
        now = self._clock.now()
        kept = _Kept(
            now + self._life, _reveal(card.number), _reveal(card.cvv), _reveal(card.token),
            card.holder, card.month, card.year,
        )  # fmt: skip
        await self._put(preorder, kept, now)

    async def card(self, preorder: str) -> CardDetails | None:
        """Return the card kept, or None when it is gone, too old, or not this pre-order's."""
        kept = await self._find(preorder)
        if kept is None:
            return None
        return CardDetails(
            number=_secret(kept.number), cvv=_secret(kept.cvv), token=_secret(kept.token),
            holder=kept.holder, month=kept.month, year=kept.year,
        )  # fmt: skip

    async def leave(self, preorder: str) -> None:
        """Keep the card two minutes more, for a reload: the shopper is on the way to the bank.

        Said once or often, the two minutes begin with the first time.
        """
        kept = await self._find(preorder)
        if kept is None:
            return
        now = self._clock.now()
        kept.until = min(kept.until, now + AFTER_LEAVING)
        await self._put(preorder, kept, now)

    async def drop(self, preorder: str) -> None:
        """Forget the card."""
        for key in self._places(preorder):
            await self._cache.drop(key)

    def _places(self, preorder: str) -> tuple[str, ...]:
        return tuple(f"card:{tag}" for tag in self._keys.tags(self._merchant, preorder))

    async def _put(self, preorder: str, kept: _Kept, now: datetime) -> None:
        sealed = self._keys.seal(_ENCODER.encode(kept), self._merchant, preorder)
        place, *earlier = self._places(preorder)
        await self._cache.put(place, sealed, kept.until - now)
        for key in earlier:  # under a key that is being replaced: it must not outlive the new entry
            await self._cache.drop(key)

    async def _find(self, preorder: str) -> _Kept | None:
        for key in self._places(preorder):
            sealed = await self._cache.get(key)
            if sealed is None:
                continue
            plain = self._keys.open(sealed, self._merchant, preorder)
            if plain is None:
                log.warning("card_does_not_open", merchant=self._merchant, preorder=preorder)
                continue
            kept = _DECODER.decode(plain)
            # The cache forgets when it likes; what is valid is judged here.
            return kept if self._clock.now() < kept.until else None
        return None


def _reveal(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text is not None else None
