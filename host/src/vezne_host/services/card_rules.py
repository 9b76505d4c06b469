"""INSTALLMENT_FILTERS and THREE_D_SECURE_RULES as a request uses them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from vezne_core import CheckoutSettings, KlassRule, Problem, Refused, Role, RuleBook, TrialLimit, trials_of
from vezne_core.rules import Judge


class CardRules(Struct, frozen=True):
    """The card rules of one configuration, made ready."""

    filters: tuple[Judge, ...]
    three_d: tuple[Judge, ...]
    trials: frozenset[TrialLimit]

    @classmethod
    def ready(cls, checkout: CheckoutSettings, book: RuleBook, place: str = "checkout") -> CardRules:
        """Make the rules ready.

        :param place: what the places of problems begin with.
        :raises Refused: everything that is wrong with them, at once.
        """
        problems: list[Problem] = []

        def judges(role: Role, setting: str, rules: Iterable[KlassRule]) -> tuple[Judge, ...]:
            try:
                return book.judges(
                    role, [{**rule.params, "slug": rule.name} for rule in rules], f"{place}.{setting}"
                )
            except Refused as refused:
                problems.extend(refused.problems)
                return ()

        filters = judges(Role.INSTALLMENT_FILTER, "INSTALLMENT_FILTERS", checkout.INSTALLMENT_FILTERS)
        three_d = judges(Role.THREE_D, "THREE_D_SECURE_RULES", checkout.THREE_D_SECURE_RULES)
        if problems:
            raise Refused(problems)
        return cls(filters, three_d, trials_of(three_d))
