"""The merchant's shipping options: which are offered, and what they cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from inspect import isawaitable, iscoroutinefunction

import structlog
from msgspec import Struct

from vezne_core import (
    Calculator,
    Catalogue,
    Clock,
    Money,
    Offered,
    PreOrder,
    Problem,
    Refused,
    Role,
    RuleBook,
    RuleCase,
    ShippingOption,
    Unavailable,
    canonical,
    rule_case,
)
from vezne_core.rules import Judge
from vezne_host.services.quote import Quotes

log = structlog.get_logger(__name__)


class ReadyOption(Struct, frozen=True):
    """A shipping option whose rules and calculator are made ready."""

    option: ShippingOption
    rules: tuple[Judge, ...]
    price: Calculator

    @property
    def remote(self) -> bool:
        """Its calculator asks a service."""
        return iscoroutinefunction(self.price)

    def open(self, case: RuleCase) -> bool:
        """Tell whether all rules pass."""
        return all(rule(case) for rule in self.rules)


def ready_options(catalogue: Catalogue, book: RuleBook) -> tuple[ReadyOption, ...]:
    """Make the active shipping options of a catalogue ready, in their order.

    :raises Refused: everything that is wrong with any of them, at once.
    """
    made: list[ReadyOption] = []
    problems: list[Problem] = []
    for option in catalogue.all(ShippingOption):
        if not option.is_active:
            continue
        place = f"configuration shipping_option {option.pk}"
        try:
            rules = book.judges(Role.SHIPPING, option.rules, f"{place}.rules")
        except Refused as refused:
            rules = ()
            problems += refused.problems
        try:
            price = book.judge(Role.CALCULATOR, option.calculator, f"{place}.calculator")
        except Refused as refused:
            problems += refused.problems
            continue
        made.append(ReadyOption(option, rules, price))
    if problems:
        raise Refused(problems)
    return tuple(made)


class ShippingOptions:
    """Evaluates one merchant's shipping options; core's ``ShippingService``.

    Options are made ready once per revision of the catalogue.

    :param book: returns the merchant's rule types; called first when an option is asked for,
        because plugins that bring rule types are made after the services.
    :param deadline: seconds that a calculator may take, whatever its own limit.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        book: Callable[[], RuleBook],
        clock: Clock,
        *,
        deadline: float = 12.0,
    ) -> None:
        self._catalogue = catalogue
        self._book = book
        self._clock = clock
        self._deadline = deadline
        self._quotes = Quotes(clock)
        self._made: tuple[int, tuple[ReadyOption, ...]] | None = None

    def options(self, preorder: PreOrder) -> Sequence[ShippingOption]:
        """Return the active options whose rules all pass, without amounts."""
        case = self._case(preorder)
        return [ready.option for ready in self._ready() if ready.open(case)]

    async def offered(self, preorder: PreOrder) -> Sequence[Offered]:
        """Return the options whose rules all pass and whose amount can be told, priced at once."""
        case = self._case(preorder)
        open_ = [ready for ready in self._ready() if ready.open(case)]
        amounts = await asyncio.gather(*(self._amount(ready, case) for ready in open_))
        return [
            Offered(ready.option, amount)
            for ready, amount in zip(open_, amounts, strict=True)
            if amount is not None
        ]

    async def amount(self, preorder: PreOrder, pk: int) -> Money | None:
        """Return what an option costs for this basket and address; None when it cannot be told."""
        for ready in self._ready():
            if ready.option.pk == pk:
                return await self._amount(ready, self._case(preorder))
        return None

    def _case(self, preorder: PreOrder) -> RuleCase:
        return rule_case(preorder, self._catalogue, self._clock.now())

    def _ready(self) -> tuple[ReadyOption, ...]:
        revision = self._catalogue.revision
        if self._made is None or self._made[0] != revision:
            self._made = (revision, ready_options(self._catalogue, self._book()))
        return self._made[1]

    async def _amount(self, ready: ReadyOption, case: RuleCase) -> Money | None:
        if not ready.remote:
            return await self._tell(ready, case)
        question = self._question(ready, case)
        known = self._quotes.get(question)
        if known is not None:
            return known[0]
        amount = await self._tell(ready, case)
        self._quotes.put(question, amount)
        return amount

    def _question(self, ready: ReadyOption, case: RuleCase) -> bytes:
        """Return all that a calculator may look at, but for the time."""
        return canonical([
            self._catalogue.revision, ready.option.pk, case.basket, case.line_prices, case.destination,
            case.shopper, case.client,
        ])  # fmt: skip

    async def _tell(self, ready: ReadyOption, case: RuleCase) -> Money | None:
        """Ask the calculator; log why a price cannot be told."""
        try:
            told = ready.price(case)
            if isawaitable(told):
                async with asyncio.timeout(self._deadline):
                    amount = await told
            else:
                amount = told
            if amount.currency != case.currency or amount < Money.zero(case.currency):
                raise Unavailable(f"answered {amount.wire} {amount.currency} for a basket in {case.currency}")
        except (Unavailable, TimeoutError) as error:
            self._leave_out(ready, str(error) or f"no answer within {self._deadline:g} s")
            return None
        except Exception as error:  # a calculator of a plugin: its fault closes one option, not the shop
            self._leave_out(ready, repr(error), error)
            return None
        return amount

    @staticmethod
    def _leave_out(ready: ReadyOption, reason: str, error: Exception | None = None) -> None:
        tell = log.error if error else log.warning
        tell(
            "shipping option left out: its price cannot be told",
            option=ready.option.pk,
            slug=ready.option.slug,
            reason=reason,
            exc_info=error,
        )
