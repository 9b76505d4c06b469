"""The page on which shipping and billing address are chosen."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CLIENT,
    CONFIG,
    CONTACT,
    DELIVERY_OPTION,
    DESTINATION,
    Addresses,
    AddressView,
    Catalogue,
    Client,
    Country,
    CountryView,
    Destination,
    Junction,
    Message,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    Text,
    address_view,
    country_view,
)
from vezne_shipping_home.identity import identity_error

KIND = "customer"
"""The delivery option type that this plugin serves, and the kind of destination it fills."""

UNKNOWN_PK = 'Invalid pk "{pk}" - object does not exist.'


class AddressSelectionForm(Struct, frozen=True):
    """Keys of two of the shopper's own addresses."""

    billing_address: int
    shipping_address: int


class AddressSelectionContext(Struct, frozen=True):
    """The shopper's addresses, and the country that a new one starts with."""

    addresses: list[AddressView]
    country: CountryView | None


class AddressSelectionPage(Page[AddressSelectionForm]):
    """Choose where the goods are brought and whom the invoice is for."""

    junction = Junction.DELIVERY_TARGET
    serves = KIND
    form = AddressSelectionForm
    context_type = AddressSelectionContext
    needs = (BASKET, CONTACT, DELIVERY_OPTION)
    fills = (DESTINATION, BILLING_ADDRESS)

    def __init__(self, addresses: Addresses, catalogue: Catalogue) -> None:
        self._addresses = addresses
        self._catalogue = catalogue

    def done(self, preorder: PreOrder) -> bool:
        """Tell whether both addresses are chosen, and the goods go home."""
        destination = preorder.get(DESTINATION)
        return destination is not None and destination.kind == KIND and preorder.has(BILLING_ADDRESS)

    async def context(self, preorder: PreOrder) -> AddressSelectionContext:
        language = (preorder.get(CLIENT) or Client()).language
        own = await self._addresses.of(preorder)
        return AddressSelectionContext(
            addresses=[address_view(address, self._catalogue, language) for address in own.values()],
            country=country_view(self._default_country(preorder), language),
        )

    async def process(self, preorder: PreOrder, form: AddressSelectionForm) -> Outcome:
        own = await self._addresses.of(preorder)
        shipping, billing = own.get(form.shipping_address), own.get(form.billing_address)
        errors: dict[str, list[Text]] = {}
        if billing is None:
            errors["billing_address"] = [Message(UNKNOWN_PK, {"pk": form.billing_address})]
        if shipping is None:
            errors["shipping_address"] = [Message(UNKNOWN_PK, {"pk": form.shipping_address})]
        elif wrong := identity_error(preorder, shipping, self._catalogue):
            errors["shipping_address"] = [wrong]
        if shipping is None or billing is None or errors:
            return Reject(errors)
        return Proceed(
            DESTINATION.fill(Destination(kind=KIND, address=shipping)), BILLING_ADDRESS.fill(billing)
        )

    def _default_country(self, preorder: PreOrder) -> Country | None:
        code = preorder.require(CONFIG).checkout.DEFAULT_COUNTRY_CODE
        if code is None:
            return None
        countries = self._catalogue.all(Country)
        return next((country for country in countries if country.code.lower() == code.lower()), None)
