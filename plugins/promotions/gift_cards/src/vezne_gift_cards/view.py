"""What the pages of gift cards show."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import CONFIG, DUE, Money, PreOrder
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.slot import GIFT_CARDS, covered, shares


class GiftCardView(Struct, frozen=True):
    """A card in use; ``pk`` names it in forms."""

    pk: int
    last_four: str
    amount: str
    """What it pays of the order."""
    balance: str | None
    """What was on it when its PIN was given; null when that is too long ago."""


class GiftCardContext(Struct, frozen=True):
    """The cards in use, and what is left to pay."""

    gift_cards: list[GiftCardView]
    unpaid_amount: str
    """Beside what the chosen way to pay adds."""
    multi_card_enabled: bool
    max_amount_per_order: str | None


async def context_of(preorder: PreOrder, balances: ToldBalances) -> GiftCardContext:
    """Show the cards of a checkout."""
    config, due = preorder.require(CONFIG).checkout.GIFT_CARD_CONFIG, preorder.require(DUE)
    cap = Money.of(config.max_amount_per_order, due.amount.currency)
    cards = preorder.get(GIFT_CARDS) or ()
    shown = []
    for card, part in zip(cards, shares(cards, covered(due)), strict=True):
        balance = await balances.of(preorder, card.card)
        shown.append(GiftCardView(card.card, card.last_four, part.wire, balance.wire if balance else None))
    return GiftCardContext(
        gift_cards=shown,
        unpaid_amount=due.amount.wire,
        multi_card_enabled=config.multi_card_enabled,
        max_amount_per_order=cap.wire if cap else None,
    )
