"""How a payment step ended, for the engine that answers the shopper."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import Errors, PlacedOrder, PreOrder
from vezne_host.storage.checkouts import Loaded


class Placed(Struct, frozen=True):
    """An order stands. ``public_id`` is the session's new one, unless its browser is not here."""

    order: PlacedOrder
    public_id: str | None


class Stepped(Struct, frozen=True):
    """The gateway wants a further step; the pre-order was saved with its challenge."""

    preorder: PreOrder
    loaded: Loaded


class Refused(Struct, frozen=True):
    """No money was taken; the pre-order is open again, as it is here."""

    errors: Errors
    preorder: PreOrder
    loaded: Loaded


class Waiting(Struct, frozen=True):
    """It is not known yet; nothing is begun until it is."""


class Lost(Struct, frozen=True):
    """Somebody else was faster; look again."""


Verdict = Placed | Stepped | Refused | Waiting | Lost
