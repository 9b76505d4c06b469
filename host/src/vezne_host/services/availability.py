"""Why a payment option is not available for an order."""

from __future__ import annotations

from collections.abc import Callable

from vezne_core import (
    DUE,
    Catalogue,
    Clock,
    PaymentOption,
    PreOrder,
    Problem,
    Refused,
    Role,
    RuleBook,
    rule_case,
)
from vezne_core.rules import Judge

Reason = tuple[str, str]
"""Code and sentence, as ``unavailable_options`` shows them."""


def ready_rules(option: PaymentOption, book: RuleBook) -> tuple[tuple[Judge, Reason], ...]:
    """Make the rules of a payment option ready, each with the reason it gives when it fails.

    :raises Refused: everything that is wrong with them, at once.
    """
    judges = book.judges(Role.PAYMENT, option.rules, f"configuration payment_option {option.pk}.rules")
    reasons = []
    for rule in option.rules:
        kind = book.type(Role.PAYMENT, rule["slug"])
        assert kind is not None, "its judge was just made"
        reasons.append((kind.code, kind.message))
    return tuple(zip(judges, reasons, strict=True))


def check_payment_options(catalogue: Catalogue, book: RuleBook) -> None:
    """Check the rules of all active payment options, before a catalogue is used.

    :raises Refused: everything that is wrong with any of them, at once.
    """
    problems: list[Problem] = []
    for option in catalogue.all(PaymentOption):
        if option.is_active:
            try:
                ready_rules(option, book)
            except Refused as refused:
                problems += refused.problems
    if problems:
        raise Refused(problems)


class Availability:
    """Judge whether the rules of a payment option pass; pure but for the clock.

    ``availability(preorder, option)`` is None, or code and sentence of the
    first rule that fails. Rules are made ready once per record.

    :param book: returns the merchant's rule types.
    """

    def __init__(self, catalogue: Catalogue, book: Callable[[], RuleBook], clock: Clock) -> None:
        self._catalogue = catalogue
        self._book = book
        self._clock = clock
        self._made: dict[int, tuple[PaymentOption, tuple[tuple[Judge, Reason], ...]]] = {}

    def __call__(self, preorder: PreOrder, option: PaymentOption) -> Reason | None:
        """Return why an option is not available for this order, or None."""
        if not option.rules:
            return None
        due = preorder.get(DUE)
        case = rule_case(preorder, self._catalogue, self._clock.now(), due=due.amount if due else None)
        return next((reason for rule, reason in self._ready(option) if not rule(case)), None)

    def _ready(self, option: PaymentOption) -> tuple[tuple[Judge, Reason], ...]:
        made = self._made.get(option.pk)
        if made is None or made[0] is not option:  # a new snapshot brings new records
            made = self._made[option.pk] = (option, ready_rules(option, self._book()))
        return made[1]
