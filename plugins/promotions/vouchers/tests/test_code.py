"""Codes as they are typed."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_core import Offer
from vezne_vouchers.code import VoucherCodes, fold

SAME = [
    pytest.param("WELCOME2024", "welcome2024", id="case"),
    pytest.param("WELCOME2024", "  Welcome2024\t", id="blanks around it"),
    pytest.param("INDIRIM", "indirim", id="English lower case"),
    pytest.param("INDIRIM", "ındırım", id="Turkish lower case of I"),
    pytest.param("İNDİRİM", "indirim", id="Turkish lower case of İ"),
    pytest.param("İNDİRİM", "INDIRIM", id="upper case without dots"),
    pytest.param("İNDİRİM", "i̇ndi̇ri̇m", id="what JavaScript makes of İ in lower case"),
    pytest.param("İNDİRİM", "İNDİRİM".lower(), id="what Python makes of it"),
    pytest.param("YAZ10", "ＹＡＺ１０", id="full width"),
    pytest.param("ŞUBAT", "şubat", id="Turkish letters"),
    pytest.param("GROSS", "groß", id="one letter that is two in upper case"),
    pytest.param("CAFÉ", "cafe\N{COMBINING ACUTE ACCENT}", id="accents in two characters"),
]


@pytest.mark.parametrize(("code", "typed"), SAME)
def test_a_code_is_found_however_it_is_typed(code: str, typed: str) -> None:
    assert fold(typed) == fold(code)


@pytest.mark.parametrize(("code", "typed"), [("ONCE", "0NCE"), ("SAVE5", "SAVES"), ("A B", "AB"), ("O", "Ö")])
def test_codes_that_only_look_alike_stay_different(code: str, typed: str) -> None:
    assert fold(typed) != fold(code)


def voucher(pk: int, code: str, **fields: Any) -> Offer:
    return Offer(pk=pk, name=code, **{"offer_type": "voucher", "voucher_code": code, **fields})


def test_only_active_vouchers_are_found(shop: Any, codes: VoucherCodes) -> None:
    shop.load(
        voucher(1, "ONE"),
        voucher(2, "one", is_active=False),
        voucher(3, "ONE", offer_type="coupon"),
        voucher(4, "TWO"),
        voucher(5, "oNe"),
        voucher(6, "THREE", voucher_code=None),
    )

    assert [offer.pk for offer in codes.find(shop, "one")] == [1, 5]
    assert codes.find(shop, "three") == ()


def test_a_changed_catalogue_is_looked_through_again(shop: Any, codes: VoucherCodes) -> None:
    shop.load(voucher(1, "OLD"))
    assert codes.find(shop, "old")

    shop.load(voucher(1, "NEW"))

    assert not codes.find(shop, "old")
    assert codes.find(shop, "new")
