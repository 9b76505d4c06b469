"""Giving money back: whole and in part, before and after it is settled, once, and of several tenders."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from vezne_core import Secret
from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask
from vezne_payment_sandbox.signing import signature

from .office import APPROVES, Office, until

GIFT_CARD = ("6006491234567908", "4321")

pytestmark = pytest.mark.usefixtures("books_agree")


def paid(shopper: Shopper) -> tuple[str, Decimal]:
    shopper.comes_to_card()
    shopper.pays_by_card(APPROVES)
    order = shopper.order()
    return order["number"], Decimal(order["amount"])


def state(ask: Ask, number: str) -> tuple[int, list[str]]:
    [order] = ask('SELECT status FROM "order" WHERE number = $1', number)
    attempts = ask("SELECT state FROM payment_attempt WHERE order_number = $1 ORDER BY created_at", number)
    return order["status"], [each["state"] for each in attempts]


def test_an_order_is_given_back_whole_and_undone_where_nothing_is_settled(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    number, amount = paid(guest)
    before = ask("SELECT allocated FROM stock WHERE merchant = 'demo' AND sku = 'VZ-TSHIRT'")[0]["allocated"]

    answer = refund(number, "whole-1")

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "action_id": "whole-1", "order_number": number, "state": "done", "order_status": 600,
        "amount": str(amount), "kept": "0.00", "currency": "TRY",
    }  # fmt: skip
    assert office.moves(number) == [("capture", str(amount)), ("void", str(amount))]
    assert state(ask, number) == (600, ["voided"])
    order = guest.order()
    assert (order["status"]["value"], order["refund_amount"]) == ("600", str(amount))
    after = ask("SELECT allocated FROM stock WHERE merchant = 'demo' AND sku = 'VZ-TSHIRT'")[0]["allocated"]
    assert after == before - 1, "what has not left goes back into stock"


def test_what_is_settled_is_refunded_instead(guest: Shopper, office: Office, refund: Any, ask: Ask) -> None:
    number, amount = paid(guest)
    office.control("settle")

    assert refund(number, "settled-1").json()["state"] == "done"

    assert office.moves(number) == [("capture", str(amount)), ("refund", str(amount))]
    assert state(ask, number) == (600, ["refunded"])


def test_parts_go_back_until_nothing_is_left(guest: Shopper, office: Office, refund: Any, ask: Ask) -> None:
    number, amount = paid(guest)

    first = refund(number, "part-1", amount="50.00").json()
    assert (first["state"], first["amount"], first["kept"]) == ("done", "50.00", str(amount - 50))
    assert state(ask, number) == (400, ["placed"])
    same = refund(number, "part-2", amount="50.00").json()
    assert same["kept"] == str(amount - 100), "two refunds of one amount are two refunds"
    too_much = refund(number, "part-3", amount=str(amount - 99))
    assert (too_much.status_code, too_much.json()["code"]) == (409, "too_much")
    assert str(amount - 100) in too_much.json()["detail"]
    last = refund(number, "part-4").json()
    assert (last["kept"], last["order_status"]) == ("0.00", 600)

    assert [move for move in office.moves(number) if move[0] != "capture"] == [
        ("refund", "50.00"), ("refund", "50.00"), ("refund", str(amount - 100)),
    ]  # fmt: skip
    assert state(ask, number) == (600, ["refunded"])
    nothing = refund(number, "part-5")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing")


def test_an_action_is_done_once_however_often_it_is_asked_for(
    guest: Shopper, office: Office, refund: Any
) -> None:
    number, amount = paid(guest)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: refund(number, "same-1", amount="20.00"), range(12)))

    assert {answer.status_code for answer in answers} <= {200, 202}
    again = refund(number, "same-1", amount="20.00")
    assert (again.json()["state"], again.json()["kept"]) == ("done", str(amount - 20))
    assert office.moves(number) == [("capture", str(amount)), ("refund", "20.00")]
    other = refund(number, "same-1", amount="21.00")
    assert (other.status_code, other.json()["code"]) == (409, "used")


def test_an_id_belongs_to_one_order(guest: Shopper, enter: Enter, refund: Any) -> None:
    number, _ = paid(guest)
    another, _ = paid(enter())
    assert refund(number, "mine-1", amount="1.00").status_code == 200

    answer = refund(another, "mine-1", amount="1.00")

    assert (answer.status_code, answer.json()["code"]) == (409, "used")


def test_many_who_ask_at_once_get_no_more_than_was_taken(guest: Shopper, office: Office, refund: Any) -> None:
    number, amount = paid(guest)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: refund(number, f"race-{n}", amount="60.00"), range(10)))

    done = [answer for answer in answers if answer.status_code == 200]
    assert len(done) == int(amount // 60)
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_much"}
    assert office.money(number) == amount - 60 * len(done)


@pytest.mark.parametrize(
    ("kind", "when", "moved"),
    [("hang", "after", True), ("reset", "after", True), ("error", "after", True), ("hang", "before", False)],
    ids=["answer lost", "connection reset", "bank broken", "request lost"],
)
def test_a_refund_of_which_nothing_is_known_is_asked_for_again_and_done_once(
    guest: Shopper, office: Office, refund: Any, ask: Ask, kind: str, when: str, moved: bool
) -> None:
    number, amount = paid(guest)
    office.control("faults", kind=kind, operation="refund", when=when, seconds=3, order_number=number)
    action = f"lost-{kind}-{when}"

    answer = refund(number, action, amount="30.00")

    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    assert (office.money(number) == amount - 30) is moved
    [row] = ask("SELECT amount FROM payment_ledger WHERE action = $1 AND kind = 'refund_asked'", action)
    assert row["amount"] == 30
    most = refund(number, f"{action}-more", amount=str(amount))
    assert most.json()["code"] == "too_much", "what is on its way is spoken for"
    until(lambda: refund(number, action, amount="30.00").status_code == 200, "the refund")
    assert office.moves(number) == [("capture", str(amount)), ("refund", "30.00")]


def test_a_void_of_which_nothing_is_known_never_becomes_a_second_refund(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    number, amount = paid(guest)
    office.control("faults", kind="hang", operation="void", when="after", seconds=3, order_number=number)
    assert refund(number, "void-lost").status_code == 202
    office.control("settle")
    until(lambda: state(ask, number)[0] == 600, "the refund")
    assert office.moves(number) == [("capture", str(amount)), ("void", str(amount))]


def test_what_is_settled_cannot_be_undone_but_refunded(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    number, amount = paid(guest)
    office.control("settle")

    void = office.vezne("payment", "void", number, "--action", "refused-1")
    again = office.vezne("payment", "void", number, "--action", "refused-1")

    assert (void.returncode, again.returncode) == (1, 1)
    assert "the gateway declined the void: already_settled" in void.stderr
    assert "the gateway declined the void: already_settled" in again.stderr
    assert office.moves(number) == [("capture", str(amount))]
    assert refund(number, "refused-2").status_code == 200
    assert state(ask, number) == (600, ["refunded"])


def test_money_that_was_given_back_at_the_bank_itself_is_not_given_back_again(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    """Our request was lost; meanwhile somebody refunded at the bank's own desk."""
    number, amount = paid(guest)
    office.control("faults", kind="hang", operation="void", when="before", seconds=3, order_number=number)
    assert refund(number, "desk-1").status_code == 202
    by_hand_at_the_bank(office, number, str(amount))

    until(lambda: state(ask, number) == (600, ["voided"]), "the end of the refund")

    assert office.moves(number) == [("capture", str(amount)), ("refund", str(amount))]


def test_what_cannot_be_told_is_left_to_an_operator(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    number, amount = paid(guest)
    office.control("faults", kind="hang", operation="refund", when="before", seconds=3, order_number=number)
    assert refund(number, "odd-1", amount="30.00").status_code == 202
    by_hand_at_the_bank(office, number, str(amount - 20))

    event = "SELECT text FROM operator_event WHERE kind = 'refund_unknown' AND order_number = $1"
    [told] = until(lambda: ask(event, number), "the event")
    assert told["text"].startswith("odd-1: it was declined (exceeds_captured) after a try whose end")
    assert "odd-1" in office.succeeds("events", "--merchant", "demo")

    by_hand_at_the_bank(office, number, "20.00")
    noted = office.succeeds(
        "payment", "refund", number, "--amount", str(amount - 30), "--by-hand", "--action", "odd-2"
    )
    assert f"{amount - 30} TRY of order {number} went back; 30.00 TRY are left" in noted
    assert refund(number, "odd-1", amount="30.00").json()["kept"] == "0.00"
    assert state(ask, number) == (600, ["refunded"])
    assert office.money(number) == 0


def by_hand_at_the_bank(office: Office, number: str, amount: str) -> None:
    """Refund at the bank without our shop."""
    [capture] = [row for row in office.house.ledger(number) if row["kind"] == "capture"]
    body = json.dumps({"transaction_id": capture["transaction_id"], "amount": amount}).encode()
    stamp, key = str(int(time.time())), f"desk-{number}-{amount}"
    answer = httpx.post(
        f"{office.house.bank}/api/refund", content=body,
        headers={
            "X-Bank-Terminal": "T-DEMO", "X-Bank-Timestamp": stamp, "Idempotency-Key": key,
            "X-Bank-Signature": signature(Secret("sandbox-secret-demo"), stamp, "refund", key, body),
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def test_mixed_tenders_go_back_the_last_taken_first(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    balance = "SELECT balance FROM gift_card WHERE merchant = 'demo' AND last_four = '7908'"
    full = ask(balance)[0]["balance"]
    guest.comes_to_payment()
    number_, pin = GIFT_CARD
    guest.submit("GiftCardApplyPage", card_number=number_, pin=pin, amount="100.00")
    guest.submit("PaymentOptionSelectionPage", payment_option=1)
    guest.submit("BinNumberPage", bin_number="542119")
    guest.submit("InstallmentSelectionPage", installment=1)
    guest.pays_by_card(APPROVES)
    order = guest.order()
    number, charged = order["number"], Decimal(order["amount"]) - 100
    assert office.money(number) == charged
    assert ask(balance)[0]["balance"] == full - 100

    part = refund(number, "mixed-1", amount=str(charged - 10)).json()
    assert (part["state"], part["kept"]) == ("done", "110.00")
    assert ask(balance)[0]["balance"] == full - 100, "the card comes first"
    more = refund(number, "mixed-2", amount="60.00").json()
    assert (more["state"], more["kept"]) == ("done", "50.00")
    assert office.money(number) == 0
    assert ask(balance)[0]["balance"] == full - 50
    last = refund(number, "mixed-3").json()
    assert (last["kept"], last["order_status"]) == ("0.00", 600)
    assert ask(balance)[0]["balance"] == full
    rows = ask(
        "SELECT tender, amount FROM payment_ledger"
        " WHERE action LIKE 'mixed-%' AND kind = 'refunded' ORDER BY pk"
    )
    assert [(row["tender"], row["amount"]) for row in rows] == [
        (None, charged - 10), (None, 10), ("gift_cards", 50), ("gift_cards", 50),
    ]  # fmt: skip


def test_a_whole_refund_gives_a_voucher_its_use_back(guest: Shopper, refund: Any, ask: Ask) -> None:
    uses = "SELECT count(*) AS n FROM voucher_use WHERE merchant = 'demo' AND state = 'used'"
    guest.buys()
    guest.write("PATCH", "/baskets/basket/", voucher_code="WELCOME2024")
    number, _ = paid(guest)
    used = ask(uses)[0]["n"]
    refund(number, "voucher-1", amount="1.00")
    assert ask(uses)[0]["n"] == used, "a part leaves it used"
    refund(number, "voucher-2")
    assert ask(uses)[0]["n"] == used - 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"amount": "0.00"}, 409),
        ({"amount": "1.001"}, 409),
        ({"amount": "-1.00"}, 400),
        ({"amount": "1e2"}, 400),
        ({"amount": "NaN"}, 400),
        ({"action": "no spaces please"}, 400),
        ({"action": ""}, 400),
        ({"action": "x" * 65}, 400),
    ],
    ids=str,
)
def test_a_request_that_makes_no_sense_moves_nothing(
    guest: Shopper, office: Office, refund: Any, fields: dict[str, str], status: int
) -> None:
    number, amount = paid(guest)

    answer = refund(number, fields.pop("action", "nonsense-1"), **fields)

    assert answer.status_code == status, answer.text
    assert office.money(number) == amount


def test_an_order_that_waits_for_its_payment_is_cancelled_not_refunded(guest: Shopper, refund: Any) -> None:
    guest.comes_to_payment()
    guest.pays_by_transfer()

    answer = refund(guest.order()["number"], "waiting-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "unpaid")
    assert answer.json()["remedy"].startswith("cancel it: vezne order move")
