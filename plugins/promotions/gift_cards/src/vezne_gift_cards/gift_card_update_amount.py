"""The page that changes how much a gift card pays."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from vezne_core import BASKET, DUE, Message, Outcome, Page, PreOrder, Proceed, Reject
from vezne_gift_cards.amount import asked
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.gift_card import NOT_IN_USE
from vezne_gift_cards.gift_card_apply import GiftCardApplyPage
from vezne_gift_cards.slot import GIFT_CARDS
from vezne_gift_cards.view import GiftCardContext, context_of

AGAIN = "Your gift card has to be confirmed. Please add it again."


class GiftCardUpdateAmountForm(Struct, frozen=True):
    """A card in use, and what it is to pay."""

    gift_card: int
    amount: Decimal


class GiftCardUpdateAmountPage(Page[GiftCardUpdateAmountForm]):
    """Change how much a gift card pays."""

    independent = True
    form = GiftCardUpdateAmountForm
    context_type = GiftCardContext
    needs = (BASKET, DUE, GIFT_CARDS)
    fills = (GIFT_CARDS,)

    def __init__(self, balances: ToldBalances) -> None:
        self._balances = balances

    def done(self, preorder: PreOrder) -> bool:
        """An amount may always be changed: shown after a card was added."""
        return False

    async def context(self, preorder: PreOrder) -> GiftCardContext:
        return await context_of(preorder, self._balances)

    async def process(self, preorder: PreOrder, form: GiftCardUpdateAmountForm) -> Outcome:
        cards = preorder.require(GIFT_CARDS)
        if not any(card.card == form.gift_card for card in cards):
            return Reject({"gift_card": [NOT_IN_USE]})
        balance = await self._balances.of(preorder, form.gift_card)
        if balance is None:  # contract: the reservation goes, the card has to be added again
            return Reject.because(AGAIN, back_to=GiftCardApplyPage)
        amount = asked(preorder, form.gift_card, balance, form.amount)
        if isinstance(amount, str | Message):
            return Reject({"amount": [amount]})
        return Proceed(
            GIFT_CARDS.fill(
                tuple(replace(card, amount=amount) if card.card == form.gift_card else card for card in cards)
            )
        )
