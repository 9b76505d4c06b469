"""The states of an order: what shoppers read, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping

from vezne_core import Message, Text

CANCELLATION_WAITING, CANCELLED, PAYMENT_WAITING, APPROVED, REFUNDED = 50, 100, 300, 400, 600

STATUS: Mapping[int, Text] = {
    50: Message("Cancellation waiting"),
    100: Message("Cancelled"),
    200: Message("Waiting"),
    300: Message("Payment waiting"),
    350: Message("Confirmation waiting"),
    400: Message("Approved"),
    450: Message("Preparing"),
    500: Message("Shipped"),
    510: Message("Shipped and informed"),
    520: Message("Ready for pickup"),
    540: Message("Delivery attempted"),
    544: Message("Review started"),
    545: Message("Review waiting"),
    546: Message("Waiting for payment (trade-in)"),
    547: Message("Paid (trade-in)"),
    550: Message("Delivered"),
    600: Message("Refunded"),
}
"""What shoppers read for a status (contract: objects, status codes)."""

TRANSITIONS: Mapping[int, frozenset[int]] = {
    50: frozenset({100, 400}),
    200: frozenset({400, 100}),
    300: frozenset({400, 100}),
    350: frozenset({400, 100}),
    400: frozenset({450, 50, 600}),
    450: frozenset({500, 520, 50, 600}),
    500: frozenset({510, 540, 550}),
    510: frozenset({540, 550}),
    520: frozenset({550}),
    540: frozenset({500, 550}),
    550: frozenset({600}),
    100: frozenset(),
    600: frozenset(),
}
"""Every move an order may make; to the status that it has, nothing moves."""

UNPAID = frozenset({200, 300, 350})
"""Nothing was paid yet, but perhaps by gift cards and the like."""

OVER = frozenset({CANCELLED, REFUNDED})
"""Nothing follows; what the order took has been given back."""

IN_HOUSE = frozenset({*UNPAID, 50, 400, 450})
"""The goods have not left, so that an order which ends frees them."""


def follows(before: int, status: int) -> bool:
    """Tell whether an order may go from one status to another."""
    return status in TRANSITIONS.get(before, ())


def when_given_back(status: int) -> int:
    """Return what an order becomes when all its money went back; one on its way stays as it is."""
    if follows(status, REFUNDED):
        return REFUNDED
    return CANCELLED if status == CANCELLATION_WAITING else status
