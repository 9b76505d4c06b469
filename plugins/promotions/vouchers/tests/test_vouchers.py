"""What the plugin hands over."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

import pytest

from vezne_core import BASKET, VOUCHER
from vezne_vouchers.plugin import Vouchers
from vezne_vouchers.settings import VouchersSettings


@pytest.fixture
def plugin() -> Vouchers:
    database = SimpleNamespace(query=lambda statement: statement)
    services: Any = SimpleNamespace(database=database, catalogue=None, offers=None, cache=None)
    return Vouchers(VouchersSettings(), services)


def test_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="vouchers")

    assert entry.load() is Vouchers


def test_plugin_brings_the_page(plugin: Vouchers) -> None:
    [chain] = plugin.vezne_register_chains()
    [page] = chain.pages

    assert (page.name, page.independent, page.junction) == ("VoucherCodePage", True, None)
    assert (page.needs, page.fills, page.resets) == ((BASKET,), (VOUCHER,), (VOUCHER,))
    assert page.effects


def test_plugin_brings_promotion_and_reservation_of_the_code(plugin: Vouchers) -> None:
    [promotion] = plugin.vezne_register_promotions()
    [reservation] = plugin.vezne_register_reservations()

    assert list(promotion.reads) == [VOUCHER]
    assert (reservation.name, list(reservation.reads), reservation.order) == ("vouchers", [VOUCHER], 50)


def test_every_table_begins_its_keys_with_the_merchant(plugin: Vouchers) -> None:
    for table in plugin.vezne_register_tables().tables.values():
        assert next(iter(table.primary_key)).name == "merchant"
        assert all(next(iter(index.columns)).name == "merchant" for index in table.indexes)
