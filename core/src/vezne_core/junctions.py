"""The places where plugins meet, in the order a shopper walks them."""

from enum import Enum


class Junction(Enum):
    """A place in the flow that plugins serve with chains of pages."""

    IDENTITY = "identity"
    DELIVERY_MODE = "delivery_mode"
    DELIVERY_TARGET = "delivery_target"
    PRICING = "pricing"
    SHIPPING = "shipping"
    EXTRAS = "extras"
    RESERVATION = "reservation"
    PAYMENT_METHOD = "payment_method"
    PAYMENT = "payment"
    DONE = "done"

    __hash__ = object.__hash__  # every request looks junctions up; Enum's own hash is made of the name

    @property
    def series(self) -> bool:
        """Every chain that applies is walked; otherwise one of them serves."""
        return self in _SERIES

    @property
    def keyed(self) -> bool:
        """The chain is chosen by the value of the junction's key."""
        return self in _KEYED

    @property
    def place(self) -> int:
        """Position in walking order."""
        return _PLACES[self]


_SERIES = frozenset({Junction.IDENTITY, Junction.PRICING, Junction.EXTRAS, Junction.RESERVATION})
_KEYED = frozenset({Junction.DELIVERY_MODE, Junction.DELIVERY_TARGET, Junction.SHIPPING, Junction.PAYMENT})
_PLACES = {junction: at for at, junction in enumerate(Junction)}
