"""The balances that a checkout was told, for as long as its PINs count."""

from __future__ import annotations

from datetime import timedelta

from vezne_core import Cache, Money, PreOrder, parse_amount


class ToldBalances:
    """Remembers what was on a card when its PIN was given.

    It is gone after ``balance_cache_ttl`` or with the cache; then the card has
    to be added again. What is spent never hangs on it: the order is what takes
    from the balance.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def keep(self, preorder: PreOrder, card: int, balance: Money, seconds: int) -> None:
        """Remember the balance of a card for a while."""
        told = f"{balance.wire} {balance.currency}".encode()
        await self._cache.put(_key(preorder, card), told, timedelta(seconds=seconds))

    async def of(self, preorder: PreOrder, card: int) -> Money | None:
        """Return the balance of a card, or None once it is forgotten."""
        told = await self._cache.get(_key(preorder, card))
        if told is None:
            return None
        amount, currency = told.decode().split()
        return Money.of(parse_amount(amount), currency)


def _key(preorder: PreOrder, card: int) -> str:
    return f"gift_card:balance:{preorder.id}:{card}"
