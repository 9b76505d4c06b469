"""What a code brings in."""

from __future__ import annotations

from typing import Any

from vezne_core import VOUCHER, Offer, PreOrder, Stage
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.promotion import VoucherOffers

ONCE = Offer(pk=203, name="50 off", offer_type="voucher", voucher_code="ONCE", uses=1)


def test_the_offer_of_the_code_is_brought_in(shop: Any, codes: VoucherCodes) -> None:
    shop.load(ONCE, Offer(pk=204, name="Free", offer_type="voucher", voucher_code="SHIPFREE"))

    assert list(VoucherOffers(codes).offers(PreOrder.of(VOUCHER.fill("once")), shop)) == [ONCE]


def test_without_a_code_nothing_is_brought_in(shop: Any, codes: VoucherCodes) -> None:
    shop.load(ONCE)

    assert list(VoucherOffers(codes).offers(PreOrder.of(), shop)) == []


def test_a_code_that_is_gone_brings_nothing_in(shop: Any, codes: VoucherCodes) -> None:
    assert list(VoucherOffers(codes).offers(PreOrder.of(VOUCHER.fill("GONE")), shop)) == []


def test_vouchers_count_before_the_payment_option_and_read_the_code(shop: Any, codes: VoucherCodes) -> None:
    promotion = VoucherOffers(codes)

    assert (promotion.stage, promotion.reads) == (Stage.BEFORE_PAYMENT, (VOUCHER,))
    assert list(promotion.adjust(PreOrder.of(VOUCHER.fill("ONCE")), shop)) == []
