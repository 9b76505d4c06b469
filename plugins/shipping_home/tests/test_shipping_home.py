"""What the plugin hands over."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

from vezne_core import Junction, NoSettings
from vezne_shipping_home.plugin import ShippingHome


def test_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="shipping_home")

    assert entry.load() is ShippingHome


def test_plugin_brings_the_address_pages() -> None:
    services: Any = SimpleNamespace(addresses=None, catalogue=None)

    chosen, cleared = ShippingHome(NoSettings(), services).vezne_register_chains()

    assert [page.name for page in chosen.pages] == ["AddressSelectionPage"]
    assert (chosen.junction, chosen.serves) == (Junction.DELIVERY_TARGET, "customer")
    assert [page.name for page in cleared.pages] == ["AddressClearPage"]
    assert cleared.independent
