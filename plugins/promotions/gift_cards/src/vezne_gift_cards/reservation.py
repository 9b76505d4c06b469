"""What gift cards pay, taken off their balances with the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vezne_core import GENERAL, Held, Message, Money, NotHeld, ReservedFor, Slot, Transaction
from vezne_gift_cards.holds import Holds
from vezne_gift_cards.slot import GIFT_CARDS, NAME, ReservedCard, shares

NOT_THERE = "There is not enough left on the gift card {card}. Please add it again or remove it."
NOT_COVERED = "The gift cards do not cover their part of the order any more. Please add them again."


class GiftCardReservation:
    """Takes from each card what it pays, before any other payment is asked for."""

    name = NAME
    reads: Sequence[Slot[Any]] = (GIFT_CARDS,)
    order = 10

    def __init__(self, holds: Holds) -> None:
        self._holds = holds

    async def claim(self, session: Transaction, order: ReservedFor) -> Held | NotHeld:
        """Hold what the cards cover of the order, all of it or nothing."""
        if order.tender is None:
            return Held()
        cards: tuple[ReservedCard, ...] = order.values[GIFT_CARDS.name]
        parts = shares(cards, order.tender)
        if Money.sum(parts, order.tender.currency) != order.tender:
            return NotHeld({GENERAL: [NOT_COVERED]})
        taken = [
            (card.card, place, part)
            for place, (card, part) in enumerate(zip(cards, parts, strict=True))
            if part
        ]
        for card, place, part in sorted(taken, key=lambda each: each[0]):
            held = await self._holds.claim(session, order.attempt, order.order_number, card, place, part)
            if not held:
                return NotHeld({GENERAL: [Message(NOT_THERE, {"card": cards[place].label})]})
        return Held()

    async def consume(self, session: Transaction, order: ReservedFor) -> None:
        """Turn what is held into money spent."""
        await self._holds.consume(session, order.attempt)

    async def release(self, session: Transaction, order: ReservedFor) -> None:
        """Put back what is held."""
        await self._holds.release(session, order.attempt)

    async def restore(self, session: Transaction, order: ReservedFor, amount: Money, action: str) -> None:
        """Put back what was spent: the last card first, never more than it paid."""
        await self._holds.restore(session, order.attempt, amount, action)
