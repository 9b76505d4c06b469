"""Registration of gift cards."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import MetaData

from vezne_core import (
    Chain,
    Gateway,
    Loader,
    Plugin,
    Promotion,
    Reservation,
    Slot,
    Source,
    hookimpl,
)
from vezne_gift_cards.balance import ToldBalances
from vezne_gift_cards.cards import GiftCardBook, GiftCardRow
from vezne_gift_cards.fingerprint import Fingerprint
from vezne_gift_cards.gateway import GiftCardGateway
from vezne_gift_cards.gift_card import GiftCardPage
from vezne_gift_cards.gift_card_apply import GiftCardApplyPage
from vezne_gift_cards.gift_card_payment import GiftCardPaymentPage
from vezne_gift_cards.gift_card_update_amount import GiftCardUpdateAmountPage
from vezne_gift_cards.holds import Holds
from vezne_gift_cards.promotion import GiftCardTenders
from vezne_gift_cards.reservation import GiftCardReservation
from vezne_gift_cards.settings import GiftCardsSettings
from vezne_gift_cards.slot import GIFT_CARDS, GIFT_CARDS_SOURCE
from vezne_gift_cards.table import metadata
from vezne_gift_cards.tries import Tries


class GiftCards(Plugin[GiftCardsSettings]):
    """Gift cards that pay for orders, wholly or in part."""

    settings_type = GiftCardsSettings

    @cached_property
    def _book(self) -> GiftCardBook:
        settings, database = self.settings, self.services.database
        tries = Tries(database, settings.tries_per_card, timedelta(minutes=settings.lock_minutes))
        return GiftCardBook(database, Fingerprint([settings.key, *settings.former_keys]), tries)

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[Any]]:
        return [GIFT_CARDS]

    @hookimpl
    def vezne_register_sources(self) -> list[Source[Any]]:
        return [GIFT_CARDS_SOURCE]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        cache = self.services.cache
        balances = ToldBalances(cache)
        return [
            Chain(
                GiftCardPage(balances),
                GiftCardApplyPage(self.settings, self._book, balances, cache),
                GiftCardUpdateAmountPage(balances),
            ),
            Chain(GiftCardPaymentPage(balances)),
        ]

    @hookimpl
    def vezne_register_gateways(self) -> list[Gateway]:
        return [GiftCardGateway()]

    @hookimpl
    def vezne_register_promotions(self) -> list[Promotion]:
        return [GiftCardTenders()]

    @hookimpl
    def vezne_register_reservations(self) -> list[Reservation]:
        return [GiftCardReservation(Holds(self.services.database))]

    @hookimpl
    def vezne_register_tables(self) -> MetaData:
        return metadata

    @hookimpl
    def vezne_register_loaders(self) -> list[Loader]:
        return [Loader("gift_card", GiftCardRow, self._book.issue)]
