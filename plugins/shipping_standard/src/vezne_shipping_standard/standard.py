"""Standard shipping: the merchant's options by their rules and calculators."""

from __future__ import annotations

from collections.abc import Sequence

from vezne_core import DESTINATION, ChosenShipping, Money, Offered, PreOrder, ShippingService, World


class StandardShipping:
    """Offers and prices the options of ShippingOptionSelectionPage."""

    serves = "ShippingOptionSelectionPage"

    def __init__(self, shipping: ShippingService) -> None:
        self._shipping = shipping

    async def options(self, preorder: PreOrder) -> Sequence[Offered]:
        """Return the options a shopper may choose from, with their amounts."""
        return await self._shipping.offered(preorder)

    def check(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> ChosenShipping | None:
        """Return the choice while it is offered for this basket and address and has what it requires.

        Without an address nothing speaks against it: the address page waits
        then, and the new address is judged as soon as it is there.
        """
        if not preorder.has(DESTINATION):
            return choice
        for option in self._shipping.options(preorder):
            if option.pk == choice.pk and choice.fields.keys() >= set(option.required_fields):
                return choice
        return None

    async def amount(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> Money | None:
        """Return what the choice costs; None when the price cannot be told now."""
        return await self._shipping.amount(preorder, choice.pk)
