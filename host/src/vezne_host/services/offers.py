"""Core's ``OfferService``: the merchant's offers, made ready once per configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from vezne_core import (
    AppliedOffers,
    Catalogue,
    Clock,
    Offer,
    OfferBook,
    OfferCase,
    PreOrder,
    Promotion,
    RuleBook,
    World,
    apply_offers,
    dry_run,
    offer_candidates,
)
from vezne_core.offers import Verdict
from vezne_host.late import Late


class Offers:
    """Applies and tries offers."""

    def __init__(
        self,
        catalogue: Catalogue,
        book: Callable[[], RuleBook],
        promotions: Late[Sequence[tuple[str, Promotion]]],
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._rules = book
        self._promotions = promotions
        self._clock = clock
        self._made: tuple[int, OfferBook] | None = None

    def applied(self, preorder: PreOrder, world: World) -> AppliedOffers:
        """Return what the offers in force give to a pre-order."""
        brought = offer_candidates(self._promotions.get(), preorder, world.catalogue)
        if not brought:
            return AppliedOffers()
        return apply_offers(brought, self._book(world.catalogue), self._case(preorder, world.now))

    def dry_run(self, preorder: PreOrder, offer: Offer) -> Verdict:
        """Say what an offer would give this snapshot, or why it would give nothing."""
        catalogue = self._catalogue
        brought = offer_candidates(self._promotions.get(), preorder, catalogue)
        return dry_run(offer, brought, self._book(catalogue), self._case(preorder, self._clock.now()))

    def check(self, catalogue: Catalogue) -> None:
        """Make the offers of a configuration ready, to see whether it may be used.

        :raises Refused: everything that is wrong with them, at once.
        """
        OfferBook(catalogue.all(Offer), self._rules())

    @staticmethod
    def _case(preorder: PreOrder, now: datetime) -> OfferCase:
        return OfferCase.of(preorder, now)

    def _book(self, catalogue: Catalogue) -> OfferBook:
        if self._made is None or self._made[0] != catalogue.revision:
            self._made = (catalogue.revision, OfferBook(catalogue.all(Offer), self._rules()))
        return self._made[1]
