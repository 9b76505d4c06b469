"""Vouchers, offers and the gift box in the sums and in the order."""

from __future__ import annotations

from decimal import Decimal

from vezne_host.testing.journey import Shopper


def test_voucher_takes_ten_percent_off_and_is_used_with_the_order(guest: Shopper) -> None:
    guest.comes_to_payment()
    before = Decimal(guest.pre_order["total_amount"])
    guest.submit("VoucherCodePage", voucher_code="welcome2024")
    assert guest.pages == []
    assert guest.errors == {}
    guest.get()
    assert guest.pre_order["voucher_code"] is not None
    assert Decimal(guest.pre_order["total_amount"]) == before - Decimal("19.99")
    guest.pays_by_transfer()
    order = guest.order()
    assert order["discount_amount"] == "19.99"
    assert [row["code"] for row in order["discountitem_set"]] == ["WELCOME2024"]


def test_unknown_voucher_is_refused_and_nothing_is_lost(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.submit("VoucherCodePage", voucher_code="NOSUCH")
    assert guest.pages == ["VoucherCodePage"]
    assert guest.errors.keys() == {"voucher_code"}
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"


def test_voucher_through_the_basket(guest: Shopper) -> None:
    guest.buys()
    answer = guest.write("PATCH", "/baskets/basket/", voucher_code="WELCOME2024")
    assert answer.status_code == 200, answer.text
    basket = answer.json()["basket"]
    assert basket["total_discount_amount"] == "19.99"
    assert basket["voucher_code"] == "WELCOME2024"
    refused = guest.write("PATCH", "/baskets/basket/", voucher_code="NOSUCH")
    assert refused.status_code == 400
    assert "non_field_errors" in refused.json()
    removed = guest.write("PATCH", "/baskets/basket/", remove_voucher_code=True).json()["basket"]
    assert removed["total_discount_amount"] == "0.00"


def test_free_shipping_voucher(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.submit("VoucherCodePage", voucher_code="SHIPFREE")
    guest.get()
    assert guest.pre_order["total_amount"] == "199.90"
    assert guest.pre_order["shipping_amount"] == "0.00"


def test_basket_offer_from_2000(guest: Shopper) -> None:
    guest.buys(product=3)
    guest.comes_to_payment()
    goods = Decimal("24999.00")
    assert Decimal(guest.pre_order["basket"]["total_discount_amount"]) == goods * Decimal("0.05")


def test_gift_box_is_paid_for_and_stands_in_the_order(guest: Shopper) -> None:
    guest.comes_to_payment()
    before = Decimal(guest.pre_order["total_amount"])
    guest.get("GiftBoxIndexPage")
    assert guest.pages == ["GiftBoxPage"]
    assert guest.context("GiftBoxPage") == {"price": "25.00"}
    guest.submit("GiftBoxPage", note="Happy birthday")
    assert guest.pages == []
    guest.get()
    assert guest.pre_order["gift_box"]["note"] == "Happy birthday"
    assert Decimal(guest.pre_order["total_amount"]) == before + Decimal("25.00")
    guest.pays_by_transfer()
    order = guest.order()
    assert order["has_gift_box"] is True
    assert order["gift_box_note"] == "Happy birthday"
    assert "VZ-GIFTBOX" in [item["product"]["sku"] for item in order["orderitem_set"]]


def test_gift_box_can_be_given_back(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.get("GiftBoxIndexPage")
    guest.submit("GiftBoxPage")
    guest.submit("GiftBoxIndexPage")
    assert guest.pages == ["GiftBoxPage"]
    assert guest.pre_order["gift_box"] is None


def test_order_note_and_extra_field(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.submit("OrderNotePage", notes="Leave it with the neighbour")
    assert guest.pages == []
    assert guest.pre_order["notes"] == "Leave it with the neighbour"
    guest.submit("OrderSelectionPage", extra_field='{"preference": "cash"}')
    assert guest.errors.keys() == {"extra_field"}
    guest.submit("OrderSelectionPage", extra_field='{"preference": "gift"}')
    assert guest.errors == {}
    guest.pays_by_transfer()
    order = guest.order()
    assert order["notes"] == "Leave it with the neighbour"
    assert order["extra_field"] == {"preference": "gift"}


def test_only_one_of_two_shoppers_uses_the_last_voucher(guest: Shopper, enter) -> None:  # type: ignore[no-untyped-def]
    other = enter()
    for shopper in (guest, other):
        shopper.comes_to_payment()
        shopper.submit("VoucherCodePage", voucher_code="ONCE")
        assert shopper.errors == {}
        shopper.get()
    guest.pays_by_transfer()
    assert guest.pages == ["ThankYouPage"]
    other.pays_by_transfer()
    assert other.pages != ["ThankYouPage"]
    assert other.errors
