"""The page that takes the number and PIN of a gift card."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from msgspec import Struct

from vezne_core import (
    BASKET,
    CLIENT,
    CONFIG,
    DUE,
    GENERAL,
    ORDER_NUMBER,
    SHOPPER,
    Cache,
    Message,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    Secret,
    Text,
    message,
)
from vezne_gift_cards.amount import asked
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.cards import NUMBER, PIN, GiftCard, GiftCardBook, Locked, Unproven
from vezne_gift_cards.settings import GiftCardsSettings
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard
from vezne_gift_cards.view import GiftCardContext, context_of

WRONG = "The number or the PIN of this gift card is not right."
TOO_OFTEN = "Too many attempts. Please try again later."
UNUSABLE = "This gift card cannot be used."
OTHER_CURRENCY = "This gift card is in another currency."
ONE_ONLY = "Only one gift card can be used for an order. Please remove the other one first."
TOO_MANY = "At most {n} gift cards can be used for an order."

MOST = 10
"""Cards of one order, where several are allowed."""


class GiftCardApplyForm(Struct, frozen=True):
    """Without an amount the card pays as much as it can."""

    card_number: Annotated[Secret, message("Please enter a valid gift card number.", pattern=NUMBER)]
    pin: Annotated[Secret, message("Please enter a valid PIN.", pattern=PIN)]
    amount: Decimal | None = None


class GiftCardApplyPage(Page[GiftCardApplyForm]):
    """Pay with a gift card, all of it or a part."""

    independent = True
    form = GiftCardApplyForm
    context_type = GiftCardContext
    needs = (BASKET, DUE)
    fills = (GIFT_CARDS,)
    effects = True  # it counts tries, so that PINs cannot be guessed

    def __init__(
        self, settings: GiftCardsSettings, book: GiftCardBook, balances: ToldBalances, cache: Cache
    ) -> None:
        self._settings = settings
        self._book = book
        self._balances = balances
        self._cache = cache

    async def context(self, preorder: PreOrder) -> GiftCardContext:
        return await context_of(preorder, self._balances)

    async def process(self, preorder: PreOrder, form: GiftCardApplyForm) -> Outcome:
        if not await self._may_try(preorder):
            return Reject.because(TOO_OFTEN)
        match await self._book.prove(form.card_number, form.pin, preorder.get(ORDER_NUMBER)):
            case Locked():
                return Reject.because(TOO_OFTEN)
            case Unproven():
                return Reject.because(WRONG)
            case GiftCard() as card:
                return await self._use(preorder, card, form.amount)

    async def _use(self, preorder: PreOrder, card: GiftCard, wanted: Decimal | None) -> Outcome:
        cards = preorder.get(GIFT_CARDS) or ()
        refusal = self._refusal(preorder, card, [each for each in cards if each.card != card.pk])
        if refusal is not None:
            return Reject.because(refusal)
        amount = asked(preorder, card.pk, card.balance, wanted)
        if isinstance(amount, str | Message):
            return Reject({GENERAL if wanted is None else "amount": [amount]})
        seconds = preorder.require(CONFIG).checkout.GIFT_CARD_CONFIG.balance_cache_ttl
        await self._balances.keep(preorder, card.pk, card.balance, seconds)
        used = ReservedCard(card=card.pk, last_four=card.last_four, amount=amount)
        if any(each.card == card.pk for each in cards):
            return Proceed(GIFT_CARDS.fill(tuple(used if each.card == card.pk else each for each in cards)))
        return Proceed(GIFT_CARDS.fill((*cards, used)))

    @staticmethod
    def _refusal(preorder: PreOrder, card: GiftCard, others: list[ReservedCard]) -> Text | None:
        """Return why a card whose PIN is right cannot pay here, or None."""
        if card.blocked:
            return UNUSABLE
        if card.balance.currency != preorder.require(BASKET).currency.upper():
            return OTHER_CURRENCY
        if others and not preorder.require(CONFIG).checkout.GIFT_CARD_CONFIG.multi_card_enabled:
            return ONE_ONLY
        if len(others) >= MOST:
            return Message(TOO_MANY, {"n": MOST})
        return None

    async def _may_try(self, preorder: PreOrder) -> bool:
        """Count a try for the checkout, the account and the address it comes from."""
        shopper, client = preorder.get(SHOPPER), preorder.get(CLIENT)
        limits = {f"gift_card:checkout:{preorder.id}": self._settings.tries}
        if shopper is not None and shopper.user is not None:
            limits[f"gift_card:user:{shopper.user}"] = self._settings.tries
        if client is not None and client.ip:
            limits[f"gift_card:address:{client.ip}"] = self._settings.tries_per_address
        window = timedelta(minutes=self._settings.window_minutes)
        allowed = [await self._cache.allow(key, limit, window) for key, limit in limits.items()]
        return all(allowed)
