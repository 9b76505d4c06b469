"""The gift cards of a checkout, and how much of the price each takes."""

from __future__ import annotations

from collections.abc import Sequence

from vezne_core import BASKET, CONFIG, Due, Money, PreOrder, Slot, Source, Value, World

NAME = "gift_cards"
"""The plugin, and the reservation that its tenders name."""


class ReservedCard(Value, frozen=True, kw_only=True):
    """A card whose PIN the shopper knew; of number and PIN nothing is kept but the last digits."""

    card: int
    last_four: str
    amount: Money
    """What it may be asked for at most; the sums take as much of it as there is to pay."""

    @property
    def label(self) -> str:
        """What a shopper knows it by."""
        return f"•••• {self.last_four}"


GIFT_CARDS = Slot("gift_cards.reserved", tuple[ReservedCard, ...])


def _check(preorder: PreOrder, world: World) -> tuple[ReservedCard, ...] | None:
    """Drop cards that cannot pay for this basket, and the second one where only one is allowed."""
    cards, basket = preorder.require(GIFT_CARDS), preorder.get(BASKET)
    if basket is not None:
        cards = tuple(card for card in cards if card.amount.currency == basket.currency.upper())
    if not world.config.checkout.GIFT_CARD_CONFIG.multi_card_enabled:
        cards = cards[:1]
    return cards or None


GIFT_CARDS_SOURCE = Source(GIFT_CARDS, _check, reads=(BASKET, CONFIG))


def shares(cards: Sequence[ReservedCard], covered: Money) -> list[Money]:
    """Return what each card pays of what they cover together: the first as much as it may, then the next."""
    parts = []
    for card in cards:
        part = min(card.amount, covered)
        covered -= part
        parts.append(part)
    return parts


def covered(due: Due) -> Money:
    """Return what gift cards pay of an order as it is summed up."""
    counted = (each.amount for each in due.adjustments if each.reservation == NAME)
    return Money.sum(counted, due.amount.currency)
