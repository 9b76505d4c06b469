"""Paying for an order that stands and waits for its payment."""

from __future__ import annotations

from decimal import Decimal

from vezne_host.testing.house import House
from vezne_host.testing.journey import Enter, Shopper

APPROVES = "5421190000000009"


def ordered(shopper: Shopper) -> tuple[str, str]:
    """Order by bank transfer; return number and signed link of the order."""
    shopper.comes_to_payment()
    shopper.pays_by_transfer()
    link = shopper.context("ThankYouPage")["redirect_url"]
    return shopper.order()["number"], link


def pays_again(shopper: Shopper, number: str, link: str) -> None:
    token = link.removeprefix("/orders/completed/").rstrip("/")
    answer = shopper.write("POST", f"/orders/{number}/pay/?token={token}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"redirect_url": "/orders/checkout/"}


def test_a_waiting_order_is_paid_by_card(guest: Shopper, house: House) -> None:
    number, link = ordered(guest)
    pays_again(guest, number, link)
    guest.get()
    assert guest.pages == ["PaymentOptionSelectionPage"]
    assert guest.pre_order["is_post_order"] is True
    total = guest.total

    guest.submit("AddressClearPage")
    assert guest.errors, "what the order is about cannot be changed any more"
    guest.submit("PaymentOptionSelectionPage", payment_option=1)
    guest.submit("BinNumberPage", bin_number="542119")
    guest.submit("InstallmentSelectionPage", installment=3)
    with_interest = guest.total
    guest.pays_by_card(APPROVES, use_three_d=1)
    guest.authenticates()
    guest.get()
    assert guest.pages == ["ThankYouPage"]
    order = guest.order()
    assert order["number"] == number
    assert order["status"]["value"] == "400"
    assert order["payment_option"]["payment_type"] == "credit_card"
    assert Decimal(order["amount"]) == Decimal(with_interest) > Decimal(total)
    assert sum(Decimal(row["amount"]) for row in house.ledger(number) if row["kind"] == "capture") == Decimal(
        with_interest
    )


def test_a_paid_order_is_not_paid_again(guest: Shopper) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES)
    order, link = guest.order(), guest.context("ThankYouPage")["redirect_url"]
    token = link.removeprefix("/orders/completed/").rstrip("/")
    answer = guest.write("POST", f"/orders/{order['number']}/pay/?token={token}")
    assert answer.status_code == 409


def test_an_order_is_paid_for_only_by_who_has_its_link(guest: Shopper, enter: Enter) -> None:
    number, link = ordered(guest)
    other = enter()
    other.buys()
    assert other.write("POST", f"/orders/{number}/pay/").status_code == 404
    stranger = enter()
    pays_again(stranger, number, link)
    stranger.get()
    assert stranger.pages == ["PaymentOptionSelectionPage"]


def test_two_who_pay_for_one_order_pay_once(guest: Shopper, enter: Enter, house: House) -> None:
    number, link = ordered(guest)
    payers = [guest, enter()]
    for payer in payers:
        pays_again(payer, number, link)
        payer.get()
        payer.submit("PaymentOptionSelectionPage", payment_option=1)
        payer.submit("BinNumberPage", bin_number="542119")
        payer.submit("InstallmentSelectionPage", installment=1)
    for payer in payers:
        payer.pays_by_card(APPROVES)
    assert payers[0].pages == ["ThankYouPage"]
    assert payers[1].errors == {"non_field_errors": ["This order does not wait for a payment any more."]}
    assert [row["kind"] for row in house.ledger(number)].count("capture") == 1
