"""DeliveryOptionSelectionPage: how the goods come to the shopper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from vezne_core import (
    BILLING_ADDRESS,
    CLIENT,
    CONTACT,
    DELIVERY_OPTION,
    DESTINATION,
    Catalogue,
    ChosenDelivery,
    DeliveryOption,
    Flow,
    Junction,
    Message,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    World,
)
from vezne_host.late import Late
from vezne_host.present import delivery_view

UNKNOWN = 'Invalid pk "{pk}" - object does not exist.'
PAGE = "DeliveryOptionSelectionPage"


class DeliveryOptionForm(Struct, frozen=True):
    """The option chosen; ``clear`` forgets the addresses."""

    delivery_option: int
    clear: bool = False


class DeliveryOptionContext(Struct, frozen=True):
    """What may be chosen."""

    delivery_options: list[dict[str, Any]]


class CatalogueDelivery:
    """The delivery options of the configuration, where a plugin serves their type."""

    serves = PAGE
    remote = False

    def __init__(self, catalogue: Catalogue, flow: Late[Flow]) -> None:
        self._catalogue = catalogue
        self._flow = flow

    async def options(self, preorder: PreOrder) -> Sequence[DeliveryOption]:
        """Return the active options in their order."""
        return self.offered(self._catalogue)

    def offered(self, catalogue: Catalogue) -> list[DeliveryOption]:
        """Return the active options of a snapshot in their order."""
        flow = self._flow.get()
        return [
            option
            for option in catalogue.all(DeliveryOption)
            if option.is_active
            and flow.serving(Junction.DELIVERY_TARGET, option.delivery_option_type) is not None
        ]

    def check(self, preorder: PreOrder, world: World, choice: ChosenDelivery) -> ChosenDelivery | None:
        """Return the choice as the configuration has it now."""
        option = world.catalogue.get(DeliveryOption, choice.pk)
        if option is None or option not in self.offered(world.catalogue):
            return None
        return chosen(option)


def chosen(option: DeliveryOption) -> ChosenDelivery:
    """Return the slot value of an option."""
    return ChosenDelivery(
        pk=option.pk, type=option.delivery_option_type, page=PAGE, shipping_page=option.shipping_page
    )


class DeliveryOptionSelectionPage(Page[DeliveryOptionForm]):
    """Choose how your order reaches you."""

    junction = Junction.DELIVERY_MODE
    serves = PAGE
    form = DeliveryOptionForm
    context_type = DeliveryOptionContext
    needs = (CONTACT,)
    fills = (DELIVERY_OPTION,)
    touches = (DESTINATION, BILLING_ADDRESS)

    def __init__(self, options: CatalogueDelivery) -> None:
        self._options = options

    async def preset(self, preorder: PreOrder) -> DeliveryOptionForm | None:
        options = await self._options.options(preorder)
        return DeliveryOptionForm(options[0].pk) if len(options) == 1 else None

    async def context(self, preorder: PreOrder) -> DeliveryOptionContext:
        language = preorder.require(CLIENT).language
        options = await self._options.options(preorder)
        return DeliveryOptionContext([delivery_view(option, language) for option in options])

    async def process(self, preorder: PreOrder, form: DeliveryOptionForm) -> Outcome:
        for option in await self._options.options(preorder):
            if option.pk == form.delivery_option:
                cleared = (DESTINATION.clear(), BILLING_ADDRESS.clear()) if form.clear else ()
                return Proceed(DELIVERY_OPTION.fill(chosen(option)), *cleared)
        return Reject({"delivery_option": [Message(UNKNOWN, {"pk": form.delivery_option})]})
