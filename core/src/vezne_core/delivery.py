"""Ways to deliver and to ship: what plugins register and what the shipping service evaluates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from vezne_core.catalogue import ShippingOption
from vezne_core.money import Money

if TYPE_CHECKING:
    from vezne_core.preorder import PreOrder
    from vezne_core.standard import ChosenDelivery, ChosenShipping
    from vezne_core.world import World


class DeliveryMode(Protocol):
    """Offers the delivery options of the page that it ``serves``."""

    serves: str
    """Wire name of the page."""
    remote: bool
    """A remote service is asked: then only when basket, shopper or configuration changed."""

    async def options(self, preorder: PreOrder) -> Sequence[Any]:
        """Return the options a shopper may choose from."""

    def check(self, preorder: PreOrder, world: World, choice: ChosenDelivery) -> ChosenDelivery | None:
        """Return the choice as it stands now, or None when it is not offered any more."""


class Offered(Struct, frozen=True):
    """A shipping option that is offered, with what it costs."""

    option: ShippingOption
    amount: Money


class Shipping(Protocol):
    """Offers and prices the shipping of the page that it ``serves``."""

    serves: str
    """Wire name of the page."""

    async def options(self, preorder: PreOrder) -> Sequence[Offered]:
        """Return the options a shopper may choose from, with their amounts."""

    def check(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> ChosenShipping | None:
        """Return the choice as it stands now, or None when it is not offered any more."""

    async def amount(self, preorder: PreOrder, world: World, choice: ChosenShipping) -> Money | None:
        """Return what the choice costs; None when the price cannot be told now."""
