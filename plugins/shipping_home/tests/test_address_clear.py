"""Taking the addresses back."""

from __future__ import annotations

import msgspec
import pytest

from vezne_core import (
    BILLING_ADDRESS,
    DELIVERY_OPTION,
    DESTINATION,
    PAYMENT_OPTION,
    SHIPPING,
    Address,
    ChosenDelivery,
    ChosenShipping,
    Destination,
    NoForm,
    PreOrder,
    Proceed,
    SlotGraph,
)  # fmt: skip
from vezne_shipping_home.address_clear import AddressClearPage

HOME = Address(pk=1, country=1, city=34, township=3401)


@pytest.mark.anyio
async def test_addresses_are_emptied_and_nothing_else() -> None:
    page = AddressClearPage()
    graph = SlotGraph([DELIVERY_OPTION, DESTINATION, BILLING_ADDRESS, SHIPPING, PAYMENT_OPTION], [])
    before = PreOrder.of(
        DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="DeliveryOptionSelectionPage")),
        DESTINATION.fill(Destination(kind="customer", address=HOME)),
        BILLING_ADDRESS.fill(HOME),
        SHIPPING.fill(ChosenShipping(pk=1, page="ShippingOptionSelectionPage")),
    )

    outcome = await page.process(before, NoForm())
    assert isinstance(outcome, Proceed)
    after, cleared = before.apply(graph, outcome.changes, page.resets)

    assert cleared == {"destination", "billing_address"}
    assert after.has(DELIVERY_OPTION)
    assert after.has(SHIPPING)


@pytest.mark.anyio
async def test_page_asks_and_tells_nothing() -> None:
    assert AddressClearPage.independent
    assert msgspec.to_builtins(await AddressClearPage().context(PreOrder("1", "m"))) == {}
