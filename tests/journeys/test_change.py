"""The world changes, or the shopper thinks again: nothing that is not true any more survives."""

from __future__ import annotations

from vezne_host.testing.journey import BERLIN, Shopper


def slugs(shopper: Shopper) -> list[str]:
    options = shopper.context("ShippingOptionSelectionPage")["shipping_options"]
    return [option["slug"] for option in options]


def test_an_address_in_germany_changes_the_shipping_options(guest: Shopper) -> None:
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="guest@example.com")
    istanbul, berlin = guest.has_address(), guest.has_address(BERLIN)
    guest.submit("AddressSelectionPage", shipping_address=istanbul, billing_address=istanbul)
    assert slugs(guest) == ["standard", "express", "same-day"]
    guest.submit("ShippingOptionSelectionPage", shipping_option=2)
    assert guest.pending == "PaymentOptionSelectionPage"

    guest.submit("AddressSelectionPage", shipping_address=berlin, billing_address=istanbul)
    assert guest.pending == "ShippingOptionSelectionPage"
    assert slugs(guest) == ["international"]
    assert guest.pre_order["shipping_option"] is None
    assert guest.pre_order["billing_and_shipping_same"] is False


def test_going_back_shows_the_page_last_and_forgets_what_is_behind(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.get("ShippingOptionSelectionPage")
    assert guest.pending == "ShippingOptionSelectionPage"
    assert guest.pre_order["shipping_option"]["pk"] == 1
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage", "looking back alone takes no answer away"


def test_another_shipping_option_asks_for_the_payment_again(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.submit("ShippingOptionSelectionPage", shipping_option=2)
    assert guest.pages == ["PaymentOptionSelectionPage"]
    for key in ("payment_option", "card_info", "installment"):
        assert guest.pre_order[key] is None
    assert guest.pre_order["shipping_amount"] == "59.90"


def test_the_same_answer_again_changes_nothing(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.submit("ShippingOptionSelectionPage", shipping_option=1)
    assert guest.pending == "CreditCardConfirmationPage"


def test_a_changed_basket_shows_another_total_before_anything_is_paid(guest: Shopper) -> None:
    guest.comes_to_card()
    before = guest.total
    guest.buys(product=2)
    guest.pays_by_card("5421190000000009")
    assert guest.pages == ["CreditCardConfirmationPage"]
    assert guest.errors == {"non_field_errors": ["The total has changed, please confirm."]}
    assert guest.total != before

    guest.pays_by_card("5421190000000009")
    assert guest.pages == ["ThankYouPage"]
    assert len(guest.order()["orderitem_set"]) == 2


def test_a_changed_basket_lets_go_of_the_step_at_the_bank(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card("5421190000000009", use_three_d=1)
    assert guest.pages == ["CreditCardThreeDSecurePage"]
    url, fields = guest.types_otp("123456")
    guest.buys(product=2)
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"

    guest.comes_back(url, fields)
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage", "an attempt that was let go places nothing"


def test_an_emptied_basket_leads_back_to_it(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.write("DELETE", "/baskets/basket/")
    answer = guest.get()
    assert answer["context_list"] == []
    assert answer["errors"] is None
    assert answer["redirect_url"] == "/baskets/basket/"


def test_clearing_the_addresses_asks_for_them_again(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.submit("AddressClearPage")
    assert guest.pages == []
    guest.get()
    assert guest.pending == "AddressSelectionPage"
    assert guest.pre_order["shipping_address"] is None


def test_a_page_that_is_not_reached_yet_saves_nothing(guest: Shopper) -> None:
    guest.buys()
    guest.get()
    guest.submit("CreditCardConfirmationPage", card_number="5421190000000009")
    assert guest.pages == ["IndexPage"]
    assert guest.errors == {"non_field_errors": ["Please enter your e-mail address first."]}
    guest.get("PaymentOptionSelectionPage")
    assert guest.pages == ["IndexPage"]
