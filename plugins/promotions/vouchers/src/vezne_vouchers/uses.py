"""How often vouchers are used: asked when a code is given, taken when an order claims it."""

from __future__ import annotations

from vezne_core import Database, Offer, ReservedFor, Transaction
from vezne_vouchers.table import CLAIM, CONSUME, GIVE_BACK, OFFERS_OF, TAKEN_BY_OTHERS


class VoucherUses:
    """The uses of one merchant's vouchers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claim = database.query(CLAIM)
        self._consume = database.query(CONSUME)
        self._offers_of = database.query(OFFERS_OF)
        self._give_back = database.query(GIVE_BACK)
        self._taken = database.query(TAKEN_BY_OTHERS)

    async def left(self, offer: Offer, order_number: str | None = None) -> int | None:
        """Return how many uses are left; None is without limit.

        :param order_number: of the asker: what his own attempt holds counts as left.
        """
        if offer.uses is None:
            return None
        async with self._database.transaction() as session:
            row = await session.fetch(self._taken, offer=offer.pk, order_number=order_number or "")
        assert row is not None
        return max(offer.uses - int(row["taken"]), 0)

    async def claim(self, session: Transaction, offer: Offer, order: ReservedFor) -> bool:
        """Hold one use for an attempt; False when all are taken. A repeat holds nothing more."""
        row = await session.fetch(
            self._claim,
            offer=offer.pk,
            attempt=order.attempt,
            order_number=order.order_number,
            user_pk=order.shopper,
            limit=offer.uses,
        )
        assert row is not None
        return bool(row["held"])

    async def consume(self, session: Transaction, attempt: str) -> None:
        """Turn what an attempt holds into uses."""
        await session.fetch_all(self._consume, attempt=attempt)

    async def release(self, session: Transaction, attempt: str) -> None:
        """Give back what an attempt holds."""
        await self._return(session, attempt, "held")

    async def restore(self, session: Transaction, attempt: str) -> None:
        """Give back what an attempt has used."""
        await self._return(session, attempt, "used")

    async def _return(self, session: Transaction, attempt: str, state: str) -> None:
        # one by one, in the order of the claim, so that two attempts cannot wait for each other
        for row in await session.fetch_all(self._offers_of, attempt=attempt, state=state):
            await session.fetch(self._give_back, attempt=attempt, state=state, offer=row["offer"])
