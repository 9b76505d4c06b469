"""What the promotion brings in, and what the plugin hands over."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

import pytest

from vezne_core import NoSettings, Offer, PreOrder, Stage
from vezne_offers.basket_offers import BasketOffers
from vezne_offers.plugin import Offers


class Shop:
    """A catalogue of offers only."""

    revision = 1

    def __init__(self, *offers: Offer) -> None:
        self._offers = offers

    def all(self, type: type[Any]) -> tuple[Any, ...]:
        return self._offers if type is Offer else ()

    def get(self, type: type[Any], pk: int | None) -> Any:
        return next((one for one in self.all(type) if one.pk == pk), None)


@pytest.mark.parametrize(
    ("offer", "brought"),
    [
        pytest.param(Offer(pk=1, name="5 %"), True, id="basket offer"),
        pytest.param(Offer(pk=1, name="5 %", is_active=False), False, id="switched off"),
        pytest.param(Offer(pk=1, name="5 %", offer_type="voucher", voucher_code="X"), False, id="voucher"),
        pytest.param(Offer(pk=1, name="5 %", offer_type="coupon"), False, id="coupon"),
        pytest.param(Offer(pk=1, name="5 %", offer_type="bulk_coupon"), False, id="bulk coupon"),
    ],
)
def test_only_active_basket_offers_are_brought_in(offer: Offer, brought: bool) -> None:
    assert list(BasketOffers().offers(PreOrder.of(), Shop(offer))) == ([offer] if brought else [])


def test_offers_count_before_the_payment_option_and_add_nothing_else() -> None:
    promotion = BasketOffers()

    assert promotion.stage is Stage.BEFORE_PAYMENT
    assert list(promotion.adjust(PreOrder.of(), Shop(Offer(pk=1, name="5 %")))) == []


def test_plugin_is_found_by_its_name_and_brings_the_promotion() -> None:
    [entry] = entry_points(group="vezne.plugins", name="offers")
    services: Any = SimpleNamespace()

    assert entry.load() is Offers
    [promotion] = Offers(NoSettings(), services).vezne_register_promotions()
    assert isinstance(promotion, BasketOffers)
