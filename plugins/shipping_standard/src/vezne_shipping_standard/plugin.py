"""Registration of standard shipping."""

from __future__ import annotations

from vezne_core import Chain, NoSettings, Plugin, Shipping, hookimpl
from vezne_shipping_standard.shipping_option import ShippingOptionSelectionPage
from vezne_shipping_standard.standard import StandardShipping


class ShippingStandard(Plugin[NoSettings]):
    """Shipping options with rules and calculators."""

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        return [Chain(ShippingOptionSelectionPage(self.services.shipping, self.services.catalogue))]

    @hookimpl
    def vezne_register_shipping(self) -> list[Shipping]:
        return [StandardShipping(self.services.shipping)]
