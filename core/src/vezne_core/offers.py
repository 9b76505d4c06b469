"""Apply the offers in force to a basket, in their order, each to what the earlier ones left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from vezne_core.adjustment import Adjustment, Kind
from vezne_core.benefits import BasketOff, LineOff, MoneyOff, Samples, ShippingOff
from vezne_core.catalogue import Catalogue, Offer, Rule
from vezne_core.errors import Problem, Refused
from vezne_core.money import Money
from vezne_core.offer_case import OfferCase
from vezne_core.outcome import Text
from vezne_core.preorder import PreOrder
from vezne_core.promotions import AppliedOffers, Promotion, SampleChoice
from vezne_core.rules import Judge, Role, RuleBook
from vezne_core.settlement import Settlement

_NOT_NOW = "This offer is not valid at the moment."
_NOTHING_LEFT = "This offer gives no advantage for your basket."

Candidate = tuple[str, Offer]
"""An offer and the plugin that brings it in."""


class Gives(Struct, frozen=True):
    """The offer applies and gives this."""

    adjustments: tuple[Adjustment, ...] = ()
    samples: tuple[SampleChoice, ...] = ()


class GivesNothing(Struct, frozen=True):
    """The offer gives nothing now; the reason is for the shopper."""

    reason: Text


Verdict = Gives | GivesNothing


class _Condition(Struct, frozen=True):
    holds: Judge
    message: str


class _Terms(Struct, frozen=True):
    conditions: tuple[_Condition, ...]
    benefits: tuple[Judge, ...]


class OfferBook:
    """The offers of one configuration, their conditions and benefits made ready once.

    :raises Refused: everything that is wrong with any of them, at once.
    """

    def __init__(self, offers: Iterable[Offer], rules: RuleBook) -> None:
        self._terms: dict[int, _Terms] = {}
        problems: list[Problem] = []
        for offer in offers:
            problems += _problems(offer)
            place = f"offer {offer.pk}"
            conditions = _judges(rules, Role.CONDITION, offer.conditions, f"{place}, condition", problems)
            benefits = _judges(rules, Role.BENEFIT, offer.benefits, f"{place}, benefit", problems)
            messages = [_message(rules, config) for config in offer.conditions]
            self._terms[offer.pk] = _Terms(tuple(map(_Condition, conditions, messages)), benefits)
        if problems:
            raise Refused(problems)

    def reason_against(self, offer: Offer, case: OfferCase) -> str | None:
        """Return why an offer does not apply in a case, or None when it does."""
        if not _in_force(offer, case.now):
            return _NOT_NOW
        for condition in self._terms[offer.pk].conditions:
            if not condition.holds(case):
                return condition.message
        return None

    def benefits(self, offer: Offer) -> tuple[Judge, ...]:
        """Return what works out the benefits of an offer, one after the other."""
        return self._terms[offer.pk].benefits


def _judges(
    rules: RuleBook, role: Role, configs: Iterable[Rule], place: str, problems: list[Problem]
) -> tuple[Judge, ...]:
    try:
        return rules.judges(role, configs, place)
    except Refused as refused:
        problems += refused.problems
        return ()


def _message(rules: RuleBook, config: Rule) -> str:
    kind = rules.type(Role.CONDITION, str(config.get("slug")))
    return kind.message if kind else ""


def _problems(offer: Offer) -> Iterator[Problem]:
    place = f"offer {offer.pk}"
    for name in ("starts", "ends"):
        moment: datetime | None = getattr(offer, name)
        if moment is not None and moment.tzinfo is None:
            yield Problem(place, f"`{name}` has no time zone", "add an offset, such as +03:00 or Z")
    if offer.offer_type == "voucher" and not (offer.voucher_code or "").strip():
        yield Problem(place, "is a voucher without a code", "set `voucher_code`")
    if offer.offer_type == "basket" and offer.uses is not None:
        yield Problem(
            place,
            "limits the uses of a basket offer, which nobody counts",
            "remove `uses`, or make it a voucher",
        )


def _in_force(offer: Offer, now: datetime) -> bool:
    """Tell whether an offer is active at a moment; ``ends`` itself is too late."""
    return (
        offer.is_active
        and (offer.starts is None or offer.starts <= now)
        and (offer.ends is None or now < offer.ends)
    )


def offer_candidates(
    promotions: Iterable[tuple[str, Promotion]], preorder: PreOrder, catalogue: Catalogue
) -> list[Candidate]:
    """Return the offers that promotions bring in for a pre-order, each with the plugin's name."""
    return [
        (plugin, offer) for plugin, promotion in promotions for offer in promotion.offers(preorder, catalogue)
    ]


def apply_offers(brought: Iterable[Candidate], book: OfferBook, case: OfferCase) -> AppliedOffers:
    """Apply offers by ``sort_order``, then key, each to what the earlier ones left.

    An offer that two promotions bring in applies once.
    """
    given = [verdict for verdict in _judged(brought, book, case).values() if isinstance(verdict, Gives)]
    return AppliedOffers(
        adjustments=tuple(each for verdict in given for each in verdict.adjustments),
        samples=tuple(each for verdict in given for each in verdict.samples),
    )


def dry_run(offer: Offer, brought: Iterable[Candidate], book: OfferBook, case: OfferCase) -> Verdict:
    """Say what an offer would give beside the others, or why it would give nothing.

    :param brought: the candidates as they would be with the offer chosen.
    """
    return _judged([*brought, ("", offer)], book, case)[offer.pk]


def _judged(brought: Iterable[Candidate], book: OfferBook, case: OfferCase) -> Mapping[int, Verdict]:
    once: dict[int, Candidate] = {}
    for candidate in brought:
        once.setdefault(candidate[1].pk, candidate)
    run = _Run(book, case)
    ordered = sorted(once.values(), key=lambda each: (each[1].sort_order, each[1].pk))
    return {offer.pk: run.judge(plugin, offer) for plugin, offer in ordered}


class _Run:
    """One pass over the offers of a basket, keeping what is left."""

    def __init__(self, book: OfferBook, case: OfferCase) -> None:
        self._book = book
        self._case = case
        self._zero = Money.zero(case.currency)
        self._goods = Settlement(case.left, self._zero)
        self._shipping_left = Decimal(100)

    def judge(self, plugin: str, offer: Offer) -> Verdict:
        reason = self._book.reason_against(offer, self._case)
        if reason is not None:
            return GivesNothing(reason)
        adjustments: list[Adjustment] = []
        samples: list[SampleChoice] = []
        for work_out in self._book.benefits(offer):
            for benefit in work_out(self._case):
                if isinstance(benefit, Samples):
                    samples.append(
                        SampleChoice(offer=offer.pk, products=benefit.products, allowed=benefit.allowed)
                    )
                elif (taken := self._take(plugin, offer, benefit)) is not None:
                    adjustments.append(taken)
            self._case = replace(self._case, left=dict(self._goods.goods))
        if not adjustments and not samples:
            return GivesNothing(_NOTHING_LEFT)
        return Gives(tuple(adjustments), tuple(samples))

    def _take(self, plugin: str, offer: Offer, benefit: MoneyOff) -> Adjustment | None:
        match benefit:
            case LineOff(line, amount):
                return self._goods.take(self._adjustment(plugin, offer, "line", -amount, line=line))
            case BasketOff(amount):
                return self._goods.take(self._adjustment(plugin, offer, "basket", -amount))
            case ShippingOff(share):
                if not self._shipping_left:
                    return None
                self._shipping_left -= self._shipping_left * share / 100
                return self._adjustment(plugin, offer, "shipping", self._zero, share=share)

    @staticmethod
    def _adjustment(
        plugin: str,
        offer: Offer,
        kind: Kind,
        amount: Money,
        *,
        line: int | None = None,
        share: Decimal | None = None,
    ) -> Adjustment:
        return Adjustment(
            kind=kind,
            source=plugin,
            label=offer.name,
            amount=amount,
            share=share,
            line=line,
            offer=offer.pk,
            offer_type=offer.offer_type,
            code=offer.voucher_code,
        )
