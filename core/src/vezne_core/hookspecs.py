"""The hooks of Vezne.

Hooks are synchronous and do no I/O. ``vezne_register_*`` hand over objects
once, when a merchant's runtime is assembled; ``vezne_add_*`` answer a pure
question per request; ``vezne_on_*`` are told what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vezne_core.markers import hookspec

if TYPE_CHECKING:
    from vezne_core.blocker import Blocker
    from vezne_core.delivery import DeliveryMode, Shipping
    from vezne_core.events import OrderPlaced, PreorderExpired, SlotsCleared
    from vezne_core.flow import Chain
    from vezne_core.loader import Loader
    from vezne_core.payments import Gateway, Reservation
    from vezne_core.preorder import PreOrder
    from vezne_core.promotions import Promotion
    from vezne_core.rules import RuleType
    from vezne_core.slots import Slot, Source
    from vezne_core.tasks import Task


@hookspec
def vezne_register_slots() -> Iterable[Slot[Any]]:
    """Return the slots of this plugin.

    Called first when a runtime is assembled. Names start with the plugin's
    name and a point. A name or wire key that another slot has refuses the merchant.
    """
    return ()


@hookspec
def vezne_register_sources() -> Iterable[Source[Any]]:
    """Return what reads this plugin's facts and checks its slots.

    Reading must not do I/O, except in a source with ``keep``.
    """
    return ()


@hookspec
def vezne_register_chains() -> Iterable[Chain]:
    """Return the pages of this plugin in chains.

    Pages are made here, with what they need as arguments. The flow is checked
    as a whole afterwards; a page whose needs nobody before it fills refuses the merchant.
    """
    return ()


@hookspec
def vezne_register_delivery() -> Iterable[DeliveryMode]:
    """Return what offers the delivery options of a page."""
    return ()


@hookspec
def vezne_register_shipping() -> Iterable[Shipping]:
    """Return what offers and prices the shipping options of a page."""
    return ()


@hookspec
def vezne_register_rules() -> Iterable[RuleType]:
    """Return kinds of rules, calculators, filters, conditions and benefits.

    Merchants use them by name in their configuration. A name taken in the same
    role refuses the merchant.
    """
    return ()


@hookspec
def vezne_register_gateways() -> Iterable[Gateway]:
    """Return the payment terminals of this plugin; names are unique per merchant."""
    return ()


@hookspec
def vezne_register_promotions() -> Iterable[Promotion]:
    """Return what changes the price of a basket.

    Adjustments are added up, whatever their order; none sees another's.
    """
    return ()


@hookspec
def vezne_register_reservations() -> Iterable[Reservation]:
    """Return what is scarce and taken with an order.

    Called by placing, in its transaction, only where one of its slots is filled.
    """
    return ()


@hookspec
def vezne_register_tasks() -> Iterable[Task]:
    """Return what the worker runs on a schedule."""
    return ()


@hookspec
def vezne_register_tables() -> Any:
    """Return the SQLAlchemy ``MetaData`` of this plugin's tables, or None.

    Every table has a column ``merchant``, first in its primary key. Migrations
    lie in the package's ``migrations`` folder, on a branch named as the plugin.
    """
    return None


@hookspec
def vezne_register_loaders() -> Iterable[Loader]:
    """Return what takes rows from a merchant's files into this plugin's tables.

    Called by ``vezne db load`` and ``vezne db seed-demo``. A name that another
    loader has refuses the merchant.
    """
    return ()


@hookspec
def vezne_add_blockers(page: str, preorder: PreOrder) -> Iterable[Blocker]:
    """Name reasons why this shopper may not use a page yet.

    Called for every page about to be shown or submitted, other plugins' pages
    too. Must not do I/O. Return nothing to stay silent; an exception fails the request.

    :param page: wire name of the page.
    :param preorder: snapshot before the submit is applied.
    """
    return ()


@hookspec
def vezne_on_slots_cleared(event: SlotsCleared) -> None:
    """Hear that a change emptied slots of this plugin.

    Sent by the worker after the commit, one message per plugin, at least once.
    """


@hookspec
def vezne_on_order_placed(event: OrderPlaced) -> None:
    """Hear that an order stands.

    Sent by the worker after the commit, one message per plugin, at least once.
    """


@hookspec
def vezne_on_preorder_expired(event: PreorderExpired) -> None:
    """Hear that a pre-order was given up.

    Sent by the worker, one message per plugin, at least once.
    """
