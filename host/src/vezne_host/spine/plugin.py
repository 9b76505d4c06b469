"""The spine as a plugin of the host: always on, not listed in plugins.toml."""

from __future__ import annotations

from collections.abc import Sequence

from vezne_core import (
    Chain,
    DeliveryMode,
    Flow,
    NoSettings,
    Plugin,
    PreOrder,
    RuleType,
    Services,
    Slot,
    hookimpl,
)
from vezne_core.standard import SLOTS
from vezne_host.late import Late
from vezne_host.services.availability import Availability
from vezne_host.spine.delivery import CatalogueDelivery, DeliveryOptionSelectionPage
from vezne_host.spine.index import IndexPage
from vezne_host.spine.order import EmptyPage, OrderNotePage, OrderSelectionPage, ThankYouPage
from vezne_host.spine.payment import PaymentOptions, PaymentOptionSelectionPage


class Spine(Plugin[NoSettings]):
    """The pages that every checkout has."""

    def __init__(
        self, services: Services, flow: Late[Flow], availability: Availability, rules: Sequence[RuleType]
    ) -> None:
        super().__init__(NoSettings(), services)
        self.flow = flow
        self.payments = PaymentOptions(services.catalogue, flow, availability)
        self._rules = rules
        self._delivery = CatalogueDelivery(services.catalogue, flow)

    @hookimpl
    def vezne_register_slots(self) -> list[Slot[object]]:
        return list(SLOTS)

    @hookimpl
    def vezne_register_rules(self) -> list[RuleType]:
        return list(self._rules)

    @hookimpl
    def vezne_register_delivery(self) -> list[DeliveryMode]:
        return [self._delivery]

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        return [
            Chain(IndexPage(self._has_gift_box)),
            Chain(DeliveryOptionSelectionPage(self._delivery)),
            Chain(PaymentOptionSelectionPage(self.payments, self.services.texts.translate)),
            Chain(OrderNotePage()),
            Chain(OrderSelectionPage(self.services.catalogue)),
            Chain(ThankYouPage()),
            Chain(EmptyPage()),
        ]

    def _has_gift_box(self, preorder: PreOrder) -> bool:
        """Tell whether some enabled page would fill what shows as ``gift_box``."""
        return any(
            slot.wire == "gift_box" and page.applies(preorder)
            for page in self.flow.get().pages.values()
            for slot in page.fills
        )
