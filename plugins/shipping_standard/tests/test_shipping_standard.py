"""What the plugin hands over."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

from vezne_core import Junction, NoSettings
from vezne_shipping_standard.plugin import ShippingStandard


def test_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="shipping_standard")

    assert entry.load() is ShippingStandard


def test_plugin_brings_the_page_and_what_prices_it() -> None:
    services: Any = SimpleNamespace(shipping=None, catalogue=None)
    plugin = ShippingStandard(NoSettings(), services)

    [chain] = plugin.vezne_register_chains()
    [shipping] = plugin.vezne_register_shipping()

    assert [page.name for page in chain.pages] == ["ShippingOptionSelectionPage"]
    assert chain.junction is Junction.SHIPPING
    assert chain.serves == shipping.serves == chain.pages[0].name
