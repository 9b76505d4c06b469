"""Paying by card: approved, declined, authenticated at the bank."""

from __future__ import annotations

from decimal import Decimal

from vezne_host.testing.house import House
from vezne_host.testing.journey import Shopper

APPROVES = "5421190000000009"
NO_FUNDS = "5421190000000017"
BANK_DEMANDS_3D = "5421190000000025"
DECLINED_AFTER_3D = "5421190000000033"
PROCESSED_FALSE_ONCE = "5421190000000066"
DEBIT = "4791840000000004"
UNKNOWN_BIN = "5400010000000004"


def taken(house: House, number: str) -> Decimal:
    """Return the money that the bank holds for an order."""
    signs = {"capture": 1, "refund": -1, "void": -1}
    return sum(
        (signs.get(row["kind"], 0) * Decimal(row["amount"]) for row in house.ledger(number)), Decimal(0)
    )


def test_card_without_3d_secure_is_charged_once(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    total = guest.total
    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    order = guest.order()
    assert order["status"]["value"] == "400"
    assert order["amount"] == total
    assert taken(house, order["number"]) == Decimal(total)


def test_six_installments_cost_interest(guest: Shopper, house: House) -> None:
    guest.comes_to_card(installment=3)
    without = Decimal(guest.pre_order["total_amount"])
    with_interest = (without * Decimal("1.045")).quantize(Decimal("0.01"))
    assert guest.total == str(with_interest)
    assert guest.pre_order["installment"]["installment_count"] == 6

    guest.pays_by_card(APPROVES)
    order = guest.order()
    assert order["amount"] == str(with_interest)
    assert order["installment_count"] == 6
    assert Decimal(order["installment_interest_amount"]) == with_interest - without
    assert taken(house, order["number"]) == with_interest


def test_declined_card_then_another(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(NO_FUNDS)
    assert guest.pages == ["CreditCardConfirmationPage"]
    assert guest.errors["non_field_errors"]
    number = guest.pre_order["number"]
    assert taken(house, number) == 0

    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    assert guest.order()["number"] == number, "the number is kept across tries"


def test_right_otp_places_the_order(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    assert guest.pages == ["CreditCardThreeDSecurePage"]
    assert guest.context("CreditCardThreeDSecurePage") == {"redirect_url": "/orders/redirect-three-d/"}
    assert guest.pre_order["redirect_to_three_d"] is True

    returned = guest.authenticates("123456")
    assert returned.status_code == 303
    assert "set-cookie" not in returned.headers, "a return acts on its own attempt only"
    before = guest.client.cookies["osessionid"]
    guest.get()
    assert guest.pages == ["ThankYouPage"]
    assert guest.client.cookies["osessionid"] != before, "the session has a new id"
    order = guest.order()
    assert taken(house, order["number"]) == Decimal(order["amount"])


def test_wrong_otp_leads_back_to_the_card(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    returned = guest.authenticates("000000")
    assert returned.status_code == 303
    page = guest.client.get("/orders/checkout/").text
    assert "not confirmed" in page, "the errors of the return are shown"
    assert "not confirmed" not in guest.client.get("/orders/checkout/").text, "once"

    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"
    guest.pays_by_card(APPROVES, use_three_d=1)
    guest.authenticates()
    guest.get()
    assert guest.pages == ["ThankYouPage"]


def test_storefront_may_relay_the_return(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    url, fields = guest.types_otp("123456")
    target = url[url.index("/orders/") :].partition("&return_token")[0]
    answer = guest.client.post(target, data=fields, headers={"X-Requested-With": "XMLHttpRequest"}).json()
    assert [entry["page_name"] for entry in answer["context_list"]] == ["ThankYouPage"]


def test_bank_may_demand_3d_secure_by_itself(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card(BANK_DEMANDS_3D)
    assert guest.pages == ["CreditCardThreeDSecurePage"]
    assert guest.pre_order["redirect_to_three_d"] is True
    guest.authenticates()
    guest.get()
    assert guest.pages == ["ThankYouPage"]


def test_provision_declined_after_3d_secure(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(DECLINED_AFTER_3D, use_three_d=1)
    guest.authenticates()
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"
    assert taken(house, guest.pre_order["number"]) == 0


def test_return_twice_charges_once(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    url, fields = guest.types_otp("123456")
    assert guest.comes_back(url, fields).status_code == 303
    assert guest.comes_back(url, fields).status_code == 303
    guest.get()
    order = guest.order()
    assert taken(house, order["number"]) == Decimal(order["amount"])


def test_forged_return_changes_nothing(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    url, fields = guest.types_otp("000000")
    forged = fields | {"mdStatus": "1", "status": "success"}
    guest.comes_back(url.replace("success=false", "success=true"), forged)
    guest.get()
    assert guest.pending == "CreditCardThreeDSecurePage", "the attempt still waits for the bank"
    assert taken(house, guest.pre_order["number"]) == 0


def test_answer_that_proves_nothing_was_done_is_repeated(guest: Shopper, house: House) -> None:
    guest.comes_to_card()
    guest.pays_by_card(PROCESSED_FALSE_ONCE)
    assert guest.pages == ["ThankYouPage"]
    order = guest.order()
    assert taken(house, order["number"]) == Decimal(order["amount"])


def test_debit_card_has_one_installment(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=1)
    guest.submit("BinNumberPage", bin_number="479184")
    counts = [each["installment_count"] for each in guest.context("InstallmentSelectionPage")["installments"]]
    assert counts == [1]
    guest.submit("InstallmentSelectionPage", installment=11)
    guest.pays_by_card(DEBIT)
    assert guest.pages == ["ThankYouPage"]


def test_unknown_bin_falls_back_to_the_default_card(guest: Shopper) -> None:
    guest.comes_to_card(bin_number="540001", installment=91)
    guest.pays_by_card(UNKNOWN_BIN)
    assert guest.pages == ["ThankYouPage"]


def test_every_wrong_field_of_the_card_is_told_at_once(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card("5421190000000004", card_holder="4711", card_month="13", card_cvv="12", agreement="0")
    assert guest.pages == ["CreditCardConfirmationPage"]
    assert {"card_number", "card_holder", "card_month", "card_cvv", "agreement"} <= guest.errors.keys()
    assert "5421190000000004" not in str(guest.answer)


def test_unanswered_charge_is_waited_for(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card("5421190000000041")
    assert guest.errors == {"non_field_errors": ["We are confirming your payment."]}
    assert guest.pages == ["CreditCardConfirmationPage"]
    guest.pays_by_card(APPROVES)
    assert guest.errors == {"non_field_errors": ["We are confirming your payment."]}
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"
    assert guest.errors == {}
