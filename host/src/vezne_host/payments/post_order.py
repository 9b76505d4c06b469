"""Opens a pre-order for an order that waits for its payment (contract: overview, Post-order)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CONTACT,
    DELIVERY_OPTION,
    DELIVERY_RANGE,
    DESTINATION,
    DUE,
    EXTRA_FIELD,
    LINE_PRICES,
    NOTE,
    OFFERS,
    SHIPPING,
    SHIPPING_AMOUNT,
    SHOPPER,
    Memory,
    PreOrder,
    Slot,
)
from vezne_host.payments.draft import thaw
from vezne_host.storage import post_orders as sql
from vezne_host.storage.checkouts import encode_body, new_public_id
from vezne_host.storage.lane import Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

WAITS = 300

ANSWERS: tuple[Slot[Any], ...] = (
    CONTACT, DELIVERY_OPTION, DESTINATION, BILLING_ADDRESS, LINE_PRICES, SHIPPING, DELIVERY_RANGE, NOTE,
    EXTRA_FIELD,
)  # fmt: skip
"""What the shopper answered before he chose how to pay."""

FACTS: tuple[Slot[Any], ...] = (SHOPPER, BASKET, OFFERS, SHIPPING_AMOUNT, DUE)
"""What the order is about, as it was."""


class PostOrders:
    """Opens pre-orders for the payable orders of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._merchant = runtime.name
        self._lane = lane

    async def begin_session(self) -> str:
        """Begin a session for a shopper who comes by a link, and return its public id."""
        public_id = new_public_id()
        await self._lane.ask(sql.BEGIN, merchant=self._merchant, session=uuid4(), public_id=public_id)
        return public_id

    async def open(self, number: str, session: str, *, linked: bool) -> bool | None:
        """Begin to pay for an order in a session.

        :param session: public id.
        :param linked: the shopper has the order's signed link, so it need not be his account's.
        :return: None where there is no such order for this shopper, False where it cannot be paid now.
        """
        row = await self._lane.ask(sql.PAYABLE, merchant=self._merchant, number=number, public_id=session)
        if row is None:
            return None
        own = row["user_pk"] is not None and row["user_pk"] == row["session_user"]
        if not (own or linked):
            return None
        if row["status"] != WAITS or row["busy"]:
            return False
        values = thaw(row["snapshot"]).values
        preorder = PreOrder(
            str(uuid4()), self._merchant, post_order=True,
            raw={slot.name: bytes(values[slot.name]) for slot in ANSWERS if slot.name in values},
        )  # fmt: skip
        fixed = {slot.name: values[slot.name] for slot in FACTS if slot.name in values}
        opened = await self._lane.ask(
            sql.OPEN, merchant=self._merchant, session=row["session"], id=preorder.id, order=row["pk"],
            tries=row["tries"] or 0, body=encode_body(preorder, Memory(fixed=fixed)),
        )  # fmt: skip
        return opened is not None
