"""Registration of home delivery."""

from __future__ import annotations

from vezne_core import Chain, NoSettings, Plugin, hookimpl
from vezne_shipping_home.address_clear import AddressClearPage
from vezne_shipping_home.address_selection import AddressSelectionPage


class ShippingHome(Plugin[NoSettings]):
    """Home delivery to an address of the shopper."""

    @hookimpl
    def vezne_register_chains(self) -> list[Chain]:
        return [
            Chain(AddressSelectionPage(self.services.addresses, self.services.catalogue)),
            Chain(AddressClearPage()),
        ]
