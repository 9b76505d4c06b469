"""How much a shopper may ask of a gift card."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vezne_core import CONFIG, DUE, Message, Money, PreOrder, Text
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard, covered, shares

INVALID = "Please enter a valid amount."
EMPTY = "There is no money left on this gift card."
COVERED = "There is nothing left to pay with this gift card."
TOO_MUCH = "At most {amount} can be paid with this gift card."


def asked(preorder: PreOrder, card: int, balance: Money, wanted: Decimal | None) -> Money | Text:
    """Return what a card may be asked for, or why it cannot be what the shopper wants.

    Without a wish it is all that is on the card: however the price changes,
    the card pays as much of it as it can.
    """
    most = min(room(preorder, card, balance.currency), balance)
    if not most:
        return COVERED if balance else EMPTY
    if wanted is None:
        return balance
    amount = Money.of(wanted, balance.currency)
    if not amount or amount.amount != wanted:
        return INVALID
    if amount > most:
        return Message(TOO_MUCH, {"amount": most.wire})
    return amount


def room(preorder: PreOrder, card: int, currency: str) -> Money:
    """Return what is left to pay for a card, beside the other cards and below the merchant's cap."""
    due, cards = preorder.require(DUE), preorder.get(GIFT_CARDS) or ()
    together = covered(due)
    own = _share(cards, card, together)
    left = due.amount + own
    cap = preorder.require(CONFIG).checkout.GIFT_CARD_CONFIG.max_amount_per_order
    if cap:
        others = together - own
        left = min(left, max(Money.of(cap, currency) - others, Money.zero(currency)))
    return left


def _share(cards: Sequence[ReservedCard], card: int, together: Money) -> Money:
    parts = zip(cards, shares(cards, together), strict=True)
    return next((part for each, part in parts if each.card == card), Money.zero(together.currency))
