"""Choosing a gift box, and thinking again."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_core import BASKET, CONTACT, Money, NoForm, Proceed, SlotGraph
from vezne_core.forms import decode
from vezne_gift_box.box import GIFT_BOX, GiftBox
from vezne_gift_box.gift_box import GiftBoxContext, GiftBoxForm, GiftBoxPage
from vezne_gift_box.gift_box_index import GiftBoxIndexPage

pytestmark = pytest.mark.anyio

FORMS = [
    pytest.param({}, GiftBox(), id="nothing"),
    pytest.param({"note": ""}, GiftBox(), id="blank note"),
    pytest.param({"note": "   "}, GiftBox(), id="note of blanks"),
    pytest.param({"note": None}, GiftBox(), id="null note"),
    pytest.param({"note": "Happy Birthday!"}, GiftBox(note="Happy Birthday!"), id="note"),
    pytest.param({"note": "ş" * 160}, GiftBox(note="ş" * 160), id="the longest note"),
    pytest.param({"gift_video": "true"}, GiftBox(gift_video=True), id="video"),
    pytest.param(
        {"gift_video": "on", "gift_video_notification_sent": "1"},
        GiftBox(gift_video=True, gift_video_notification_sent=True),
        id="video and its notification",
    ),
]


@pytest.mark.parametrize(("sent", "box"), FORMS)
async def test_a_gift_box_is_kept_as_answered(
    world: Any, read: Any, sent: dict[str, Any], box: GiftBox
) -> None:
    form, errors = decode(GiftBoxForm, sent)
    assert form is not None, errors

    outcome = await GiftBoxPage().process(await read(world()), form)

    assert outcome == Proceed(GIFT_BOX.fill(box))


WRONG = [
    pytest.param({"note": "x" * 161}, {"note"}, id="note too long"),
    pytest.param({"gift_video": "maybe"}, {"gift_video"}, id="no boolean"),
    pytest.param(
        {"note": "x" * 161, "gift_video": "2", "gift_video_notification_sent": "x"},
        {"note", "gift_video", "gift_video_notification_sent"},
        id="every wrong field at once",
    ),
]


@pytest.mark.parametrize(("sent", "fields"), WRONG)
async def test_a_wrong_field_is_refused(sent: dict[str, Any], fields: set[str]) -> None:
    assert decode(GiftBoxForm, sent)[1].keys() == fields


@pytest.mark.parametrize(
    ("sku", "price"),
    [
        pytest.param("VZ-GIFTBOX", "25.00", id="of the product"),
        pytest.param(None, "0.00", id="without a sku"),
    ],
)
async def test_the_page_shows_the_price(world: Any, read: Any, sku: str | None, price: str) -> None:
    assert await GiftBoxPage().context(await read(world(sku=sku))) == GiftBoxContext(price)


CLOSED = [
    pytest.param({"is_active": False}, id="switched off"),
    pytest.param({"sku": "GONE"}, id="no such product"),
    pytest.param({"stock": 0}, id="none in stock"),
    pytest.param({"price": Money.of(25, "EUR")}, id="no price in this currency"),
]


@pytest.mark.parametrize("change", CLOSED)
async def test_where_no_gift_box_can_be_had_both_pages_are_closed_and_a_chosen_one_is_dropped(
    world: Any, read: Any, change: dict[str, Any]
) -> None:
    chosen = (await read(world())).with_value(GIFT_BOX, GiftBox(note="Hi"))

    now = await read(world(**change), chosen)

    assert not GiftBoxPage().applies(now)
    assert not GiftBoxIndexPage().applies(now)
    assert not now.has(GIFT_BOX)


async def test_where_one_can_be_had_both_pages_are_open_and_need_a_contact(world: Any, read: Any) -> None:
    now = await read(world())

    for page in (GiftBoxPage(), GiftBoxIndexPage()):
        assert page.applies(now)
        assert page.independent
        assert page.needs == (BASKET, CONTACT)


async def test_a_chosen_gift_box_is_done(world: Any, read: Any) -> None:
    now = await read(world())

    assert not GiftBoxPage().done(now)
    assert GiftBoxPage().done(now.with_value(GIFT_BOX, GiftBox()))


async def test_the_index_page_is_never_done_and_answers_itself(world: Any, read: Any) -> None:
    now = (await read(world())).with_value(GIFT_BOX, GiftBox())
    page = GiftBoxIndexPage()

    assert not page.done(now)
    assert await page.preset(now) == NoForm()


async def test_the_index_page_clears_the_choice(world: Any, read: Any, graph: SlotGraph) -> None:
    now = (await read(world())).with_value(GIFT_BOX, GiftBox(note="Hi"))
    page = GiftBoxIndexPage()

    outcome = await page.process(now, NoForm())

    assert outcome == Proceed()
    cleared, names = now.apply(graph, outcome.changes, page.resets)
    assert not cleared.has(GIFT_BOX)
    assert names == {"gift_box.box"}
