"""Pages with the heads of the specification and the plainest of bodies."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from vezne_core import (
    DELIVERY_RANGE,
    GENERAL,
    THREE_D,
    Chain,
    Change,
    Junction,
    NoForm,
    Outcome,
    Page,
    Pay,
    PaymentOption,
    PreOrder,
    Proceed,
    Reject,
    ThreeD,
)
from vezne_core import Answer as Received
from vezne_host.late import Late
from vezne_host.spine.payment import PaymentOptions

from . import rule
from .heads import ALL, CONSTANT, HEADS, PageHead, slots
from .shop import Shop
from .value import TARGETS, Wrong, made


class HeadForm(Struct, frozen=True):
    """What a journey submits."""

    answer: Received
    give: dict[str, Any] = {}
    """Answers by slot; what is not given is the first that is offered."""
    none: bool = False
    """The answer is not known to the shop: nothing is filled, and that is no error."""
    refuse: bool = False
    """The page has a reason to refuse."""
    clear: bool = False
    """The addresses are to be emptied."""


class Backdrop(Struct, frozen=True):
    """What pages look at beside the snapshot: settings, tables, services."""

    shop: Shop
    payments: Late[PaymentOptions]
    answered: set[str]
    """Constants of the slots that pages have filled; whoever looks empties it."""


def page(name: str, backdrop: Backdrop, classes: dict[str, type[Page[Any]]]) -> Page[Any]:
    """Make a page with the head of a name; its class is added to ``classes``."""
    head = HEADS.page[name]
    body = _Body(name, head, backdrop, classes)
    namespace: dict[str, Any] = {
        "__doc__": f"Stand in for {name}.",
        "aliases": head.aliases,
        "junction": Junction[head.junction] if head.junction else None,
        "serves": head.serves,
        "form": HeadForm,
        "needs": slots("BASKET", *head.needs),
        "fills": slots(*head.fills),
        "touches": slots(*head.touches),
        "challenge": ALL[head.challenge] if head.challenge else None,
        "resets": slots(*head.resets),
        "forgets": slots(*head.forgets),
        "independent": head.independent,
        "pays": head.pays,
        "returns": head.returns,
        "post_order": head.post_order,
        "process": lambda self, preorder, form: body.process(preorder, form),
        "context": lambda self, preorder: body.context(preorder),
    }
    if head.applies:
        namespace["applies"] = lambda self, preorder: rule.APPLIES[head.applies](preorder, backdrop.shop)
    if head.done:
        namespace["done"] = lambda self, preorder: rule.DONE[head.done](preorder, backdrop.shop)
    if head.preset:
        namespace["preset"] = lambda self, preorder: body.preset(preorder)
    classes[name] = type(name, (Page,), namespace)
    return classes[name]()


def chains(plugin: str, backdrop: Backdrop, classes: dict[str, type[Page[Any]]]) -> list[Chain]:
    """Make the chains of a plugin."""
    return [Chain(*(page(name, backdrop, classes) for name in names)) for names in HEADS.chains(plugin)]


class _Body:
    """What a page does, as its head and the names in it say."""

    def __init__(
        self, name: str, head: PageHead, backdrop: Backdrop, classes: dict[str, type[Page[Any]]]
    ) -> None:
        self._name = name
        self._head = head
        self._shop = backdrop.shop
        self._payments = backdrop.payments
        self._answered = backdrop.answered
        self._classes = classes
        mine = next(chain for chain in HEADS.chains(HEADS.plugin_of[name]) if name in chain)
        before = mine[: mine.index(name)]
        self._resumes = any(HEADS.page[earlier].challenge for earlier in before)

    async def context(self, preorder: PreOrder) -> NoForm:
        return NoForm()

    async def preset(self, preorder: PreOrder) -> HeadForm | None:
        give = rule.PRESET[self._head.preset or ""](preorder, self._shop)
        return None if give is None else HeadForm(Received(), give)

    async def process(self, preorder: PreOrder, form: HeadForm) -> Outcome:
        if form.refuse:
            return Reject({GENERAL: ["This is refused."]}, self._refused_to())
        if self._name == "ConfirmationPaymentAgreementCheckPage" and not self._shop.agreement_enabled:
            return Reject({GENERAL: ["This is not for you."]}, self._refused_to())
        try:
            changes = [] if form.none and not self._head.pays else self._changes(preorder, form)
        except Wrong as wrong:
            return Reject({str(wrong): ["This is not offered."]})
        self._answered |= {CONSTANT[change.slot.name] for change in changes}
        if form.clear and self._head.does == "chooses a delivery":
            changes += [slot.clear() for slot in TARGETS]
        if not self._head.pays:
            return Proceed(*changes)
        touches_three_d = "THREE_D" in self._head.touches
        return Pay(
            *changes,
            challenged=(THREE_D.fill(ThreeD(True)),) if touches_three_d else (),
            answer=form.answer if self._resumes else None,
            back_to=self._refused_to(),
        )

    def _changes(self, preorder: PreOrder, form: HeadForm) -> list[Change]:
        changes: list[Change] = []
        touched = [each for each in self._head.touches if each in form.give or each == "THREE_D"]
        for constant in (*self._head.fills, *touched):
            try:
                value = made(constant, form.give.get(constant), self._name, preorder, self._shop)
            except Wrong:
                raise Wrong(constant) from None
            changes.append(ALL[constant].fill(value))
        if self._head.does == "chooses a payment":
            self._offered(preorder, changes[0])
        if self._head.does == "reserves" and form.give.get("RESERVATION") != "skipped":
            value = made("DELIVERY_RANGE", form.give.get("DELIVERY_RANGE"), self._name, preorder, self._shop)
            changes.append(DELIVERY_RANGE.fill(value))
        return changes

    def _offered(self, preorder: PreOrder, change: Any) -> None:
        options = [each for each in self._shop.records if isinstance(each, PaymentOption)]
        option = next(each for each in options if each.pk == change.value.pk)
        if not self._payments.get().offers(preorder, option):
            raise Wrong("PAYMENT_OPTION")

    def _refused_to(self) -> Any:
        target = self._head.refused_to
        if target is None:
            return None
        return self._classes.get(target) or Junction[target]
