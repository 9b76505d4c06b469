"""Core's ``Cards``: BIN lookup, installments after filters, 3-D Secure rules, stored cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from vezne_core import (
    BASKET,
    CARD,
    CLIENT,
    CONFIG,
    CONTACT,
    GATEWAY,
    INSTALLMENT,
    LINE_PRICES,
    OFFERS,
    PAYMENT_OPTION,
    SHOPPER,
    UNPAID,
    Card,
    CardInfo,
    Catalogue,
    ChosenInstallment,
    Config,
    Installment,
    InstallmentCase,
    InstallmentList,
    InstallmentOffer,
    Money,
    PreOrder,
    RuleBook,
    SavedCard,
    Secret,
    ThreeDCase,
    TrialLimit,
    World,
    apply_filters,
    totals,
)
from vezne_core.promotions import interest
from vezne_core.slots import Source
from vezne_host.services.card_index import CardIndex
from vezne_host.services.card_rules import CardRules
from vezne_host.services.failed_tries import FailedTries, network
from vezne_host.services.saved_cards import CardWallet

R = TypeVar("R")


class CardLimits(Struct, frozen=True, kw_only=True):
    """How many declines within an hour stop further tries, against those who test stolen cards."""

    card: int = 10
    preorder: int = 10
    ip: int = 100
    """Whole offices share one."""
    minutes: int = 60


class _Latest:
    """Remembers what was made of the latest revision."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: tuple[int, object] | None = None

    def of(self, revision: int, make: Callable[[], R]) -> R:
        if self._made is None or self._made[0] != revision:
            self._made = (revision, make())
        return self._made[1]  # type: ignore[return-value]  # what ``make`` gave for this revision


class CardService:
    """Core's ``Cards`` of one merchant.

    :param config: the configuration in force.
    :param book: returns the merchant's rule types; asked with the first request, because
        plugins that bring rule types are made after the services.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        config: Callable[[], Config],
        book: Callable[[], RuleBook],
        tries: FailedTries,
        wallet: CardWallet,
        limits: CardLimits = CardLimits(),
    ) -> None:
        self._catalogue = catalogue
        self._config = config
        self._book = book
        self._tries = tries
        self._wallet = wallet
        self._limits = limits
        self._indexes = _Latest()
        self._rules = _Latest()

    def _index(self, catalogue: Catalogue) -> CardIndex:
        return self._indexes.of(catalogue.revision, lambda: CardIndex.of(catalogue))

    def _ready(self, config: Config) -> CardRules:
        return self._rules.of(config.revision, lambda: CardRules.ready(config.checkout, self._book()))

    # BIN.

    def lookup(self, bin_number: str) -> CardInfo | None:
        """Return the card of the longest known prefix, else DEFAULT_CARD_SLUG, else None."""
        index = self._index(self._catalogue)
        card = index.card_of(bin_number)
        if card is None:
            default = index.by_slug.get(self._config().checkout.DEFAULT_CARD_SLUG or "")
            card = default.pk if default else None
        return CardInfo(bin_number, card) if card is not None else None

    def card(self, info: CardInfo) -> Card | None:
        """Return the record of a card."""
        return self._catalogue.get(Card, info.card)

    # Installments.

    def installments(self, preorder: PreOrder) -> InstallmentList:
        """Return what the card in CARD may be paid in, on the amount that is unpaid now."""
        case = self._case(preorder, self._catalogue)
        unpaid = preorder.get(UNPAID)
        if case is None or unpaid is None:
            return InstallmentList(())
        left = apply_filters(case, self._ready(preorder.require(CONFIG)).filters)
        return InstallmentList(tuple(offer(unpaid.amount, one) for one in left.options), left.messages)

    def _case(self, preorder: PreOrder, catalogue: Catalogue) -> InstallmentCase | None:
        info, basket, sums = preorder.get(CARD), preorder.get(BASKET), totals(preorder)
        if info is None or basket is None or sums is None:
            return None
        prices = preorder.get(LINE_PRICES) or {}
        lines = tuple(replace(line, unit_price=prices.get(line.pk, line.unit_price)) for line in basket.lines)
        contact, shopper, offers = preorder.get(CONTACT), preorder.get(SHOPPER), preorder.get(OFFERS)
        return InstallmentCase(
            basket=replace(basket, lines=lines),
            amount=sums.lines - sums.discount,
            installments=self._index(catalogue).installments.get(info.card, ()),
            card=catalogue.get(Card, info.card),
            email=contact.email if contact else None,
            segments=frozenset(shopper.segments if shopper else ()),
            offers=offers.offers if offers else frozenset(),
        )

    def installment_check(self, preorder: PreOrder, world: World) -> ChosenInstallment | None:
        """Return the installment chosen at its present rate, or None when it is not allowed any more.

        One that a provider made, or that was chosen without a card, is not ours to judge.
        """
        chosen = preorder.get(INSTALLMENT)
        if chosen is None or chosen.interest is not None or not preorder.has(CARD):
            return chosen
        case = self._case(preorder, world.catalogue)
        if case is None:  # no basket, or no sum yet: nothing to judge by
            return chosen
        for option in apply_filters(case, self._ready(world.config).filters).options:
            if option.pk == chosen.pk:
                return ChosenInstallment(pk=option.pk, count=option.installment_count, rate=option.rate)
        return None

    @property
    def installment_source(self) -> Source[ChosenInstallment]:
        """The check of the slot INSTALLMENT."""
        return Source(
            INSTALLMENT, self.installment_check, reads=(CARD, UNPAID, CONFIG, BASKET, SHOPPER, OFFERS)
        )

    # 3-D Secure and failed tries.

    async def three_d_required(self, preorder: PreOrder, gateway: str, wished: bool | None) -> bool:
        """Decide 3-D Secure: the master switch, then any rule, or the shopper's wish.

        Contract: decisions, "3-D decision on CreditCardConfirmationPage"; a wish
        against it never removes it.
        """
        config = preorder.require(CONFIG)
        if not config.checkout.THREE_D_SECURE_ENABLED:
            return False
        if wished:
            return True
        rules = self._ready(config)
        case = await self._three_d_case(preorder, gateway, wished, rules.trials)
        return any(judge(case) for judge in rules.three_d)

    async def _three_d_case(
        self, preorder: PreOrder, gateway: str, wished: bool | None, trials: Iterable[TrialLimit]
    ) -> ThreeDCase:
        subjects = _subjects(preorder)
        spent = [
            limit
            for limit in trials
            if limit.by in subjects
            and await self._tries.reached(f"rule:{limit.by}", subjects[limit.by], limit.limit, limit.minutes)
        ]
        info, contact, client = preorder.get(CARD), preorder.get(CONTACT), preorder.get(CLIENT)
        option, sums = preorder.get(PAYMENT_OPTION), totals(preorder)
        return ThreeDCase(
            gateway=gateway,
            payment_type=option.type if option else "",
            shopper=preorder.require(SHOPPER),
            total=sums.unpaid + sums.interest if sums else Money.zero(preorder.require(BASKET).currency),
            card=self.card(info) if info else None,
            bin_number=info.bin_number if info else "",
            email=contact.email if contact else None,
            ip=client.ip if client else "",
            use_three_d=wished,
            spent=frozenset(spent),
        )

    async def may_try(self, preorder: PreOrder, number: Secret) -> bool:
        """Tell whether a card may be tried: not after too many declines of it, or of this shopper."""
        for by, subject, limit in self._watched(preorder, number):
            if await self._tries.reached(by, subject, limit, self._limits.minutes):
                return False
        return True

    async def declined(self, preorder: PreOrder, number: Secret | None = None) -> None:
        """Count a declined payment, for the rules and for :meth:`may_try`."""
        for by, subject, limit in self._watched(preorder, number):
            await self._tries.count(by, subject, limit, self._limits.minutes)
        subjects = _subjects(preorder)
        for trial in self._ready(preorder.get(CONFIG) or self._config()).trials:
            if trial.by in subjects:
                await self._tries.count(f"rule:{trial.by}", subjects[trial.by], trial.limit, trial.minutes)

    def _watched(self, preorder: PreOrder, number: Secret | None) -> Iterator[tuple[str, str, int]]:
        yield "preorder", preorder.id, self._limits.preorder
        if ip := _subjects(preorder).get("ip"):
            yield "ip", ip, self._limits.ip
        if number:
            yield "card", number.reveal(), self._limits.card

    # Stored cards.

    async def saved(self, preorder: PreOrder) -> Sequence[SavedCard]:
        """Return the cards that the signed-in shopper has stored at the gateway of this payment."""
        shopper, gateway = preorder.get(SHOPPER), preorder.get(GATEWAY)
        if shopper is None or shopper.user is None or gateway is None:
            return ()
        return await self._wallet.list(shopper.user, gateway.name)

    async def token(self, preorder: PreOrder, pk: int) -> Secret | None:
        """Return what the provider calls one of :meth:`saved`, to charge it."""
        shopper, gateway = preorder.get(SHOPPER), preorder.get(GATEWAY)
        if shopper is None or shopper.user is None or gateway is None:
            return None
        return await self._wallet.token(shopper.user, gateway.name, pk)


def offer(amount: Money, installment: Installment) -> InstallmentOffer:
    """Say what an installment costs: all of it with interest, and each part."""
    total = amount + interest(amount, installment.rate)
    monthly = Money.of(total.amount / installment.installment_count, total.currency)
    return InstallmentOffer(installment, total, monthly)


def _subjects(preorder: PreOrder) -> dict[str, str]:
    """Return whose declines are counted: the e-mail, and where the shopper comes from."""
    contact, client = preorder.get(CONTACT), preorder.get(CLIENT)
    found = {
        "email": contact.email.strip().lower() if contact else "",
        "ip": network(client.ip if client else ""),
    }
    return {by: subject for by, subject in found.items() if subject}
