"""The plugins of the specification, put together as the host puts real ones together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from vezne_core import (
    DUE,
    INSTALLMENT,
    Adjustment,
    AppliedOffers,
    Capability,
    Catalogue,
    Chain,
    ChosenDelivery,
    ChosenInstallment,
    ChosenShipping,
    Flow,
    Money,
    Offered,
    OfflineGateway,
    PreOrder,
    RuleBook,
    SampleChoice,
    Slot,
    SlotGraph,
    Source,
    Stage,
    World,
)
from vezne_host.late import Late
from vezne_host.runtime import LiveCatalogue
from vezne_host.services.availability import Availability
from vezne_host.services.clock import SystemClock
from vezne_host.sources import StandardSources
from vezne_host.spine.delivery import CatalogueDelivery
from vezne_host.spine.payment import PaymentOptions

from .heads import ALL, HEADS
from .page import Backdrop, chains
from .shop import Shop
from .value import made

PLUGINS: tuple[str, ...] = tuple(HEADS.pages)
"""In the order of the table, which is one that plugins.toml could have."""

BY_HEADS = ("CONFIG", "BASKET", "CARD", "UNPAID")


class Mode:
    """The remote delivery page's options: those of the shop."""

    serves = "RemoteDeliveryOptionSelectionPage"
    remote = True

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def options(self, preorder: PreOrder) -> Sequence[Any]:
        return self._shop.delivery

    def check(self, preorder: PreOrder, world: World, choice: ChosenDelivery) -> ChosenDelivery | None:
        if choice.pk not in self._shop.delivery:
            return None
        now: ChosenDelivery = made("DELIVERY_OPTION", choice.pk, self.serves, preorder, self._shop)
        return now


class Carrier:
    """The shipping of one page: the shop's options at the shop's price."""

    def __init__(self, serves: str, shop: Shop) -> None:
        self.serves = serves
        self._shop = shop

    async def options(self, preorder: PreOrder) -> Sequence[Offered]:
        return ()

    def check(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> ChosenShipping | None:
        return choice if choice.pk in self._shop.shipping else None

    async def amount(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> Money | None:
        price = self._shop.shipping_price
        return None if price is None else self._shop.money(price)


class Adds:
    """What the slot of a plugin adds to the sums, or covers of them."""

    def __init__(self, constant: str, stage: Stage, kind: Any) -> None:
        self._slot: Slot[Any] = ALL[constant]
        self._kind = kind
        self.stage = stage
        self.reads = (self._slot,)

    def offers(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Any]:
        return ()

    def adjust(self, preorder: PreOrder, catalogue: Catalogue) -> Iterable[Adjustment]:
        value = preorder.get(self._slot)
        if value is None or value.amount is None:
            return ()
        reservation = self._slot.name if self._kind == "tender" else None
        return [
            Adjustment(
                kind=self._kind,
                source=self._slot.name,
                label="",
                amount=value.amount,
                reservation=reservation,
            )
        ]


PROMOTIONS = (
    ("GIFT_BOX", Stage.BEFORE_PAYMENT, "item"),
    ("BAGS", Stage.BEFORE_PAYMENT, "item"),
    ("LOYALTY_USE", Stage.BEFORE_PAYMENT, "tender"),
    ("LOYALTY_CARD_USE", Stage.BEFORE_PAYMENT, "tender"),
    ("GIFT_CARDS", Stage.BEFORE_PAYMENT, "tender"),
    ("PAYMENT_CHOICE", Stage.AFTER_PAYMENT, "fee"),
)


class TillGateway(OfflineGateway):
    """The gateway of every payment option here; what it answers is said by the journey."""

    name = "till"

    def __init__(self, shop: Shop) -> None:
        self.capabilities = frozenset(Capability(each) for each in shop.capabilities)  # type: ignore[misc]


class Gateways(dict[str, Any]):
    """The gateways by name, with what the shop says they can do now."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(till=TillGateway(shop))
        self._shop = shop

    def get(self, name: str, default: Any = None) -> Any:
        return TillGateway(self._shop) if name in self else default


class Assembly:
    """The slots, sources and chains of some plugins over one shop, and what they make together."""

    def __init__(
        self,
        shop: Shop,
        plugins: Iterable[str] = PLUGINS,
        *,
        slots: Any = None,
        sources: Any = None,
    ) -> None:
        """:param slots: puts the slots into another order; :param sources: likewise."""
        self.plugins = tuple(plugins)
        self.catalogue = LiveCatalogue(shop.snapshot(1))
        late = Late[Flow]()
        payments = Late[PaymentOptions]()
        self.payments = PaymentOptions(
            self.catalogue, late, Availability(self.catalogue, lambda: RuleBook([]), SystemClock())
        )
        payments.set(self.payments)
        self.gateways = Gateways(shop)
        self.answered: set[str] = set()
        backdrop = Backdrop(shop, payments, self.answered)
        classes: dict[str, Any] = {}
        self.chains: list[tuple[str, Chain]] = [
            (plugin, chain) for plugin in self.plugins for chain in chains(plugin, backdrop, classes)
        ]
        made_slots = [ALL[constant] for constant, head in HEADS.slots.items() if head.plugin in self.plugins]
        made_sources = self._sources(shop, late, made_slots)
        self.graph = SlotGraph(
            slots(made_slots) if slots else made_slots, sources(made_sources) if sources else made_sources
        )
        self.flow = Flow(self.chains, self.graph)
        late.set(self.flow)

    def _sources(self, shop: Shop, late: Late[Flow], slots: list[Slot[Any]]) -> list[Source[Any]]:
        names = frozenset(slot.name for slot in slots)
        promotions = [
            (HEADS.slots[constant].plugin, Adds(constant, stage, kind))
            for constant, stage, kind in PROMOTIONS
            if HEADS.slots[constant].plugin in self.plugins
        ]
        delivery: dict[str, Any] = {"DeliveryOptionSelectionPage": CatalogueDelivery(self.catalogue, late)}
        if "shipping_remote_delivery" in self.plugins:
            delivery[Mode.serves] = Mode(shop)
        ships = [
            chain.serves for _, chain in self.chains
            if chain.junction and chain.junction.value == "shipping" and chain.serves
        ]  # fmt: skip
        standard = StandardSources(
            flow=late,
            payments=self.payments,
            delivery=delivery,
            shipping={page: Carrier(page, shop) for page in ships},
            promotions=promotions,
            offers=lambda preorder, world: _offers(preorder, shop),
            gateways=self.gateways,
            own_gateways={},
            slots=names,
        )
        sources = standard.all()
        reads = tuple(ALL[constant] for constant in HEADS.slots["INSTALLMENT"].checked_after or ())
        sources.append(Source(INSTALLMENT, lambda preorder, world: _installment(preorder, shop), reads=reads))
        if ALL["RESERVABLE"].name in names:
            reads = tuple(ALL[constant] for constant in HEADS.slots["RESERVABLE"].reads)
            sources.append(Source(ALL["RESERVABLE"], lambda preorder, world: shop.reservable, reads=reads))
        return sources


def _installment(preorder: PreOrder, shop: Shop) -> ChosenInstallment | None:
    chosen = preorder.require(INSTALLMENT)
    return chosen if chosen.pk in shop.installments else None


def _offers(preorder: PreOrder, shop: Shop) -> AppliedOffers:
    off = shop.money(shop.discount)
    given = (
        Adjustment(kind="basket", source="offers", label=shop.discount_name, amount=-off, offer=1),
    )  # fmt: skip
    samples = (SampleChoice(offer=2, products=(92, 93), allowed=1),) if shop.samples else ()
    return AppliedOffers(adjustments=given if off else (), samples=samples)


def owed(preorder: PreOrder) -> str | None:
    """Return what is due, as text."""
    due = preorder.get(DUE)
    return due.amount.wire if due else None
