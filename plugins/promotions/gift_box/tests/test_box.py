"""What a gift box costs and how it shows, while the shop changes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from vezne_core import Money
from vezne_core.promotions import due
from vezne_gift_box.box import GIFT_BOX, GiftBox
from vezne_gift_box.promotion import GiftBoxItem

pytestmark = pytest.mark.anyio


def shown(preorder: Any, catalogue: Any) -> Any:
    value = preorder.require(GIFT_BOX)
    assert GIFT_BOX.show is not None
    return msgspec.to_builtins(GIFT_BOX.show(value, preorder, catalogue, "en"))


def owed(preorder: Any, catalogue: Any) -> str:
    items = GiftBoxItem().adjust(preorder, catalogue)
    return due(lines={1: Money.of(450, "TRY")}, shipping=Money.zero("TRY"), adjustments=items).amount.wire


async def test_a_gift_box_shows_in_the_shape_of_the_contract(world: Any, read: Any, catalogue: Any) -> None:
    box = GiftBox(note="Happy Birthday!", gift_video=True)

    now = (await read(world())).with_value(GIFT_BOX, box)

    assert shown(now, catalogue) == {
        "note": "Happy Birthday!",
        "gift_video": True,
        "gift_video_notification_sent": False,
        "price": "25.00",
    }


async def test_a_gift_box_becomes_an_item_of_the_order(world: Any, read: Any, catalogue: Any) -> None:
    now = (await read(world())).with_value(GIFT_BOX, GiftBox())

    [item] = GiftBoxItem().adjust(now, catalogue)

    assert (item.kind, item.source, item.sku, item.label, item.amount) == (
        "item", "gift_box", "VZ-GIFTBOX", "Gift box", Money.of(25, "TRY"),
    )  # fmt: skip


async def test_a_free_gift_box_is_an_item_without_product(world: Any, read: Any, catalogue: Any) -> None:
    now = (await read(world(sku=None))).with_value(GIFT_BOX, GiftBox())

    [item] = GiftBoxItem().adjust(now, catalogue)

    assert (item.sku, item.amount) == (None, Money.zero("TRY"))


async def test_a_gift_box_not_chosen_costs_nothing(world: Any, read: Any, catalogue: Any) -> None:
    assert list(GiftBoxItem().adjust(await read(world()), catalogue)) == []


async def test_a_price_that_changes_changes_what_is_to_be_paid_and_keeps_the_answer(
    world: Any, read: Any, catalogue: Any
) -> None:
    chosen = (await read(world())).with_value(GIFT_BOX, GiftBox(note="Hi"))
    assert owed(chosen, catalogue) == "475.00"

    now = await read(world(price=Money.of("30.50", "TRY")), chosen)

    assert owed(now, catalogue) == "480.50"
    assert shown(now, catalogue)["price"] == "30.50"
    assert now.require(GIFT_BOX) == GiftBox(note="Hi")


async def test_the_answer_is_stored_without_a_price(world: Any, read: Any) -> None:
    now = (await read(world())).with_value(GIFT_BOX, GiftBox(note="Hi"))

    assert msgspec.msgpack.decode(now.raw["gift_box.box"]) == {"note": "Hi"}
