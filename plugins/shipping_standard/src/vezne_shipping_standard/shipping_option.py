"""The page on which a shipping option is chosen."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from vezne_core import (
    BASKET,
    CLIENT,
    CONFIG,
    DESTINATION,
    REQUIRED,
    SHIPPING,
    Catalogue,
    ChosenShipping,
    Client,
    Extra,
    Junction,
    Message,
    Offered,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    ShippingOption,
    ShippingService,
    Text,
)

UNKNOWN_PK = 'Invalid pk "{pk}" - object does not exist.'
NOT_OFFERED = "This shipping option is not available for this basket and address. Please choose another one."
NO_PRICE = "The price of this shipping option cannot be told now. Please choose another one or try again."


class ShippingOptionSelectionForm(Struct, frozen=True):
    """The option, and the fields that it requires."""

    shipping_option: int
    fields: Extra = {}


class ShippingOptionView(Struct, frozen=True, kw_only=True):
    """A shipping option with its price (contract: objects, ShippingOption)."""

    pk: int
    name: str
    slug: str
    logo: str | None
    shipping_amount: str
    description: str | None
    kwargs: dict[str, Any]


class ShippingOptionSelectionContext(Struct, frozen=True):
    """The options offered for this basket and address."""

    shipping_options: list[ShippingOptionView]


class ShippingOptionSelectionPage(Page[ShippingOptionSelectionForm]):
    """Choose how the goods are shipped."""

    junction = Junction.SHIPPING
    serves = "ShippingOptionSelectionPage"
    form = ShippingOptionSelectionForm
    context_type = ShippingOptionSelectionContext
    needs = (BASKET, DESTINATION)
    fills = (SHIPPING,)

    def __init__(self, shipping: ShippingService, catalogue: Catalogue) -> None:
        self._shipping = shipping
        self._catalogue = catalogue

    async def preset(self, preorder: PreOrder) -> ShippingOptionSelectionForm | None:
        if not preorder.require(CONFIG).checkout.AUTOSELECT_SHIPPING:
            return None
        # Counted by their rules: an option whose price cannot be told for the
        # moment must not make another one the only one.
        options = self._shipping.options(preorder)
        if len(options) != 1 or options[0].required_fields:
            return None
        return ShippingOptionSelectionForm(options[0].pk)

    async def context(self, preorder: PreOrder) -> ShippingOptionSelectionContext:
        language = (preorder.get(CLIENT) or Client()).language
        offered = await self._shipping.offered(preorder)
        return ShippingOptionSelectionContext([option_view(one, language) for one in offered])

    async def process(self, preorder: PreOrder, form: ShippingOptionSelectionForm) -> Outcome:
        pk = form.shipping_option
        option = next((option for option in self._shipping.options(preorder) if option.pk == pk), None)
        if option is None:
            return Reject({"shipping_option": [self._why_not(pk)]})
        missing = {name: [REQUIRED] for name in option.required_fields if name not in form.fields}
        if missing:
            return Reject(missing)
        if await self._shipping.amount(preorder, pk) is None:
            return Reject({"shipping_option": [NO_PRICE]})
        fields = {name: form.fields[name] for name in option.required_fields}
        return Proceed(SHIPPING.fill(ChosenShipping(pk=pk, page=self.name, fields=fields)))

    def _why_not(self, pk: int) -> Text:
        record = self._catalogue.get(ShippingOption, pk)
        known = record is not None and record.is_active
        return NOT_OFFERED if known else Message(UNKNOWN_PK, {"pk": pk})


def option_view(offered: Offered, language: str) -> ShippingOptionView:
    """Show an option in a language, with its price."""
    option = offered.option
    return ShippingOptionView(
        pk=option.pk,
        name=option.text("name", language),
        slug=option.slug,
        logo=option.logo,
        shipping_amount=offered.amount.wire,
        description=option.text("description", language) or None,
        kwargs=option.kwargs,
    )
