"""The page that offers the installments of the card."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import (
    CARD,
    CLIENT,
    INSTALLMENT,
    SELECTED_CAMPAIGN,
    SELECTED_REWARDS,
    Cards,
    ChosenInstallment,
    Client,
    InstallmentOffer,
    Message,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    Texts,
)

NOT_LISTED = "Please choose one of the installments listed."


class InstallmentSelectionForm(Struct, frozen=True):
    """Key of an installment of the card."""

    installment: int


class InstallmentOption(Struct, frozen=True):
    """An installment as the contract shows it (objects: InstallmentOption)."""

    pk: int
    installment_count: int
    label: str
    price_with_accrued_interest: str
    monthly_price_with_accrued_interest: str


class CardType(Struct, frozen=True):
    """The kind of card."""

    name: str
    slug: str
    logo: str | None


class InstallmentSelectionContext(Struct, frozen=True):
    """The installments after INSTALLMENT_FILTERS, and what these had to say."""

    installments: list[InstallmentOption]
    card_type: CardType | None
    installment_messages: list[str]


class InstallmentSelectionPage(Page[InstallmentSelectionForm]):
    """Choose in how many parts to pay."""

    form = InstallmentSelectionForm
    context_type = InstallmentSelectionContext
    needs = (CARD,)
    fills = (INSTALLMENT,)
    resets = (SELECTED_CAMPAIGN, SELECTED_REWARDS)
    post_order = True

    def __init__(self, cards: Cards, texts: Texts) -> None:
        self._cards = cards
        self._texts = texts

    async def context(self, preorder: PreOrder) -> InstallmentSelectionContext:
        """List what the card may be paid in, on the amount that is unpaid now."""
        language = (preorder.get(CLIENT) or Client()).language
        listed = self._cards.installments(preorder)
        card = self._cards.card(preorder.require(CARD))
        return InstallmentSelectionContext(
            [self._option(offer, language) for offer in listed.options],
            CardType(card.text("name", language), card.slug, card.logo) if card else None,
            [self._texts.translate(said, language) for said in listed.messages],
        )

    def _option(self, offer: InstallmentOffer, language: str) -> InstallmentOption:
        record = offer.installment
        count = record.installment_count
        usual = Message("Single payment") if count == 1 else Message("{n} installments", {"n": count})
        return InstallmentOption(
            record.pk, count, record.text("label", language) or self._texts.translate(usual, language),
            offer.total.wire, offer.monthly.wire,
        )  # fmt: skip

    async def process(self, preorder: PreOrder, form: InstallmentSelectionForm) -> Outcome:
        """Take an installment that is listed; its interest counts from now on."""
        for offer in self._cards.installments(preorder).options:
            record = offer.installment
            if record.pk == form.installment:
                chosen = ChosenInstallment(pk=record.pk, count=record.installment_count, rate=record.rate)
                return Proceed(INSTALLMENT.fill(chosen))
        return Reject({"installment": [NOT_LISTED]})
