"""Paying by bank transfer: the order waits for its payment."""

from __future__ import annotations

from decimal import Decimal

from vezne_host.testing.journey import Enter, Shopper


def test_guest_orders_in_the_smallest_shop(enter: Enter) -> None:
    guest = enter("lean")
    guest.buys(product=1, quantity=2)
    guest.get()
    assert guest.pages == ["IndexPage"]
    assert guest.answer["template_name"] == "orders/index.html"

    guest.submit("IndexPage", user_email="guest@example.com")
    assert guest.pending == "AddressSelectionPage"
    pk = guest.has_address()
    guest.submit("AddressSelectionPage", shipping_address=pk, billing_address=pk)
    assert guest.pages[-1] == "PaymentOptionSelectionPage", "the only shipping option is chosen by itself"
    assert guest.pre_order["shipping_option"]["pk"] == 1
    assert guest.pre_order["billing_and_shipping_same"] is True

    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    accounts = guest.context("FundsTransferChoicePage")["bank_accounts"]
    assert [account["pk"] for account in accounts] == [1, 2]
    guest.submit("FundsTransferChoicePage", bank_account=2)
    assert guest.pages == ["FundsTransferPage"]
    assert guest.pre_order["funds_transfer_bank"]
    total = guest.total

    guest.submit("FundsTransferPage", agreement="1")
    assert guest.pages == ["ThankYouPage"]
    order = guest.order()
    assert order["status"]["value"] == "300"
    assert order["amount"] == total == str(Decimal("199.90") * 2 + Decimal("29.90"))
    assert [item["product"]["sku"] for item in order["orderitem_set"]] == ["VZ-TSHIRT"] * 2


def test_an_order_answers_until_the_basket_has_something_new(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.pays_by_transfer()
    number = guest.order()["number"]

    guest.submit("FundsTransferPage", agreement="1")
    assert guest.pages == ["ThankYouPage"], "a repeated submit gets the same calm answer"
    assert guest.order()["number"] == number
    guest.get()
    assert guest.pages == ["ThankYouPage"]

    guest.buys(product=2)
    guest.get()
    assert guest.pending == "IndexPage", "a new basket begins a new checkout"
    assert guest.pre_order["number"] is None


def test_agreement_must_be_given(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    guest.submit("FundsTransferPage", agreement="0")
    assert guest.pages == ["FundsTransferPage"]
    assert guest.errors == {"agreement": ["This must be accepted."]}
