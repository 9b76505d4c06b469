"""What the plugin hands over."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from vezne_core import SlotGraph, Stage
from vezne_gift_box.box import GIFT_BOX, GIFT_BOX_PRODUCT
from vezne_gift_box.plugin import GiftBoxPlugin


def test_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="gift_box")

    assert entry.load() is GiftBoxPlugin


def test_plugin_brings_the_pages_in_one_chain(plugin: Any) -> None:
    [chain] = plugin.vezne_register_chains()

    assert [page.name for page in chain.pages] == ["GiftBoxIndexPage", "GiftBoxPage"]
    assert chain.independent
    assert chain.junction is None


def test_slots_carry_the_name_of_the_plugin_and_one_shows(plugin: Any) -> None:
    slots = plugin.vezne_register_slots()

    assert all(slot.name.startswith("gift_box.") for slot in slots)
    assert [slot.wire for slot in slots if slot.wire] == ["gift_box"]


def test_the_price_counts_before_the_payment_option(plugin: Any) -> None:
    [promotion] = plugin.vezne_register_promotions()

    assert promotion.stage is Stage.BEFORE_PAYMENT
    assert list(promotion.reads) == [GIFT_BOX, GIFT_BOX_PRODUCT]
    assert list(promotion.offers(None, None)) == []


def test_nothing_falls_with_the_price_of_the_box_but_the_box_stands(graph: SlotGraph) -> None:
    assert graph.dependents(GIFT_BOX_PRODUCT.name) == frozenset()
