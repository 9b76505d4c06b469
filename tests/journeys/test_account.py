"""Accounts, languages, and two shops that know nothing of each other."""

from __future__ import annotations

from vezne_host.testing.journey import Enter, Shopper

ADA = ("ada@example.com", "checkout-demo-1")
GRACE = ("grace@example.com", "checkout-demo-2")


def test_account_skips_the_identity_and_sees_her_addresses(guest: Shopper) -> None:
    guest.signs_in(*ADA)
    guest.buys()
    guest.get()
    assert guest.pages == ["IndexPage", "DeliveryOptionSelectionPage", "AddressSelectionPage"]
    assert guest.context("IndexPage")["is_user_logged_in"] is True
    assert guest.context("AddressSelectionPage")["addresses"][0]["pk"] == 1, "the primary one first"
    assert guest.pre_order["is_guest"] is False
    assert guest.pre_order["user_email"] == "ada@example.com"


def test_account_orders_and_finds_the_order(guest: Shopper) -> None:
    guest.signs_in(*GRACE)
    guest.comes_to_payment()
    guest.pays_by_transfer()
    number = guest.order()["number"]
    listed = guest.client.get("/users/orders/").json()["results"]
    assert number in [order["number"] for order in listed]


def test_login_in_the_middle_keeps_the_basket_and_asks_for_the_address_again(guest: Shopper) -> None:
    guest.comes_to_card()
    before = guest.client.cookies["osessionid"]
    guest.signs_in(*GRACE)
    assert guest.client.cookies["osessionid"] != before
    guest.get()
    assert guest.pre_order["is_guest"] is False
    assert guest.pre_order["basket"]["total_quantity"] >= 1
    assert guest.pre_order["user_email"] == "grace@example.com"
    assert guest.pending == "AddressSelectionPage", "guest addresses are not carried over"
    guest.write("DELETE", "/baskets/basket/")


def test_a_shopper_cannot_use_somebody_elses_address(guest: Shopper, enter: Enter) -> None:
    other = enter()
    other.buys()
    foreign = other.has_address()
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="guest@example.com")
    guest.submit("AddressSelectionPage", shipping_address=foreign, billing_address=foreign)
    assert guest.errors.keys() == {"shipping_address", "billing_address"}


def test_a_shopper_cannot_see_somebody_elses_order(guest: Shopper, enter: Enter) -> None:
    guest.signs_in(*GRACE)
    guest.comes_to_payment()
    guest.pays_by_transfer()
    pk = guest.context("ThankYouPage")["order_id"]
    other = enter()
    other.signs_in(*ADA)
    assert other.client.get(f"/users/orders/{pk}/").status_code == 404


def test_two_shops_know_nothing_of_each_other(enter: Enter) -> None:
    lean, demo = enter("lean"), enter("demo")
    lean.comes_to_payment()
    lean.pays_by_transfer()
    link = lean.context("ThankYouPage")["redirect_url"]
    assert demo.client.get(f"{link}?format=json").status_code == 404
    demo.client.cookies.update(lean.client.cookies)
    assert demo.get()["context_list"] == []
    assert demo.client.post("/orders/checkout/?page=BinNumberPage").status_code == 403
    unknown = lean.client.post(
        "/orders/checkout/?page=BinNumberPage", headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert unknown.status_code == 404, "a page of a plugin that this shop has not enabled"


def test_answers_speak_turkish(enter: Enter) -> None:
    guest = enter(language="tr-TR,tr;q=0.9,en;q=0.5")
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="nobody")
    assert guest.errors == {"user_email": ["Geçerli bir e-posta adresi girin."]}


def test_guest_data_is_checked_and_every_wrong_field_told(guest: Shopper) -> None:
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="nobody", phone_number="12")
    assert guest.errors.keys() == {"user_email", "phone_number"}
    guest.submit("IndexPage", user_email="guest@example.com", phone_number="+90 555 123 45 67")
    assert guest.errors == {}
    assert guest.pre_order["user_phone_number"] == "05551234567"
