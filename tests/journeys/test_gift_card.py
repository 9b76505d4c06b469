"""Gift cards beside a card, alone, given back, raced for and guessed at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from redis import Redis

from vezne_host.config import load
from vezne_host.database import load_file
from vezne_host.testing.house import House, Site
from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask, asking
from vezne_host.testing.promises import broken_promises

APPROVES = "5421190000000009"
NO_FUNDS = "5421190000000017"
GIFT_CARD = 18
"""The payment option."""
WRONG = {"non_field_errors": ["The number or the PIN of this gift card is not right."]}
TOO_OFTEN = {"non_field_errors": ["Too many attempts. Please try again later."]}

_numbers = count(8_100_770_055_000_001)


class Issued(Struct, frozen=True):
    """A gift card of the demo shop."""

    number: str
    pin: str


Issue = Callable[..., Issued]


@pytest.fixture
def ask(house: House) -> Iterator[Ask]:
    with asking(house.database_url) as asks:
        yield asks


@pytest.fixture
def issue(house: House, pytestconfig: pytest.Config, tmp_path: Path) -> Issue:
    """Issue gift cards as a merchant does: ``issue("100.00")``."""
    return issuing(house.database_url, pytestconfig.rootpath / "plugins.toml", tmp_path)


def issuing(database_url: str, config: Path, folder: Path) -> Issue:
    def issued(balance: str, *, pin: str = "2718", blocked: bool = False, currency: str = "TRY") -> Issued:
        number = str(next(_numbers))
        file = folder / f"{number}.toml"
        file.write_text(
            f'[[gift_card]]\nnumber = "{number}"\npin = "{pin}"\ncurrency = "{currency}"\n'
            f'balance = "{balance}"\nblocked = {str(blocked).lower()}\n'
        )
        assert asyncio.run(load_file(load(config), database_url, "demo", file)) == {"gift_card": 1}
        file.unlink()
        return Issued(number, pin)

    return issued


@pytest.fixture(autouse=True)
def nobody_has_tried(house: House) -> None:
    """All shoppers of the tests share one address, and its limit."""
    with Redis.from_url(house.redis_url) as client:
        for key in client.scan_iter("vezne:demo:limit:*gift_card*"):
            client.delete(key)


@pytest.fixture(autouse=True)
def books_agree(house: House, nobody_has_tried: None) -> Iterator[None]:
    """After every test the balance of each card is what its movements and its holds say."""
    yield
    with asking(house.database_url) as asks:
        assert asks(OUT_OF_BALANCE) == []


OUT_OF_BALANCE = """
    SELECT c.pk, c.balance, m.moved, m.issued, h.kept FROM gift_card c
    CROSS JOIN LATERAL (SELECT sum(amount) AS moved, sum(amount) FILTER (WHERE kind = 'issued') AS issued
                        FROM gift_card_movement m WHERE m.merchant = c.merchant AND m.card = c.pk) m
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount - restored), 0) AS kept FROM gift_card_hold h
                        WHERE h.merchant = c.merchant AND h.card = c.pk AND h.state <> 'released') h
    WHERE c.balance <> m.moved OR c.balance <> m.issued - h.kept
"""


def applies(shopper: Shopper, card: Issued, **fields: Any) -> dict[str, Any]:
    return shopper.submit("GiftCardApplyPage", card_number=card.number, pin=card.pin, **fields)


def balance(ask: Ask, card: Issued) -> Decimal:
    found = ask(
        "SELECT balance FROM gift_card WHERE merchant = 'demo' AND last_four = $1 ORDER BY pk DESC LIMIT 1",
        card.number[-4:],
    )
    amount: Decimal = found[0]["balance"]
    return amount


def taken(house: House, number: str) -> Decimal:
    signs = {"capture": 1, "refund": -1, "void": -1}
    rows = house.ledger(number)
    return sum((signs.get(row["kind"], 0) * Decimal(row["amount"]) for row in rows), Decimal(0))


def offered(shopper: Shopper) -> list[int]:
    shopper.get("PaymentOptionSelectionPage")
    return [each["pk"] for each in shopper.context("PaymentOptionSelectionPage")["payment_options"]]


# Beside another payment.


def test_the_bank_is_asked_for_what_the_gift_card_leaves(
    guest: Shopper, house: House, issue: Issue, ask: Ask
) -> None:
    card = issue("100.00")
    guest.comes_to_payment()
    total = Decimal(guest.total)
    applies(guest, card)
    assert guest.errors == {}
    assert guest.pages == ["GiftCardUpdateAmountPage"]
    [shown] = guest.context("GiftCardUpdateAmountPage")["gift_cards"]
    assert (shown["last_four"], shown["amount"], shown["balance"]) == (card.number[-4:], "100.00", "100.00")
    assert GIFT_CARD not in offered(guest), "it does not cover the order"
    assert broken_promises(guest.get()) == []
    assert Decimal(guest.pre_order["unpaid_amount"]) == total - 100
    assert Decimal(guest.pre_order["total_amount"]) == total
    assert balance(ask, card) == 100, "nothing is taken before the payment begins"

    guest.comes_to_card()
    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    order = guest.order()
    assert order["status"]["value"] == "400"
    assert Decimal(order["amount"]) == total
    label = f"•••• {card.number[-4:]}"
    assert order["tenders"] == [{"kind": "gift_cards", "label": label, "amount": "100.00"}]
    assert taken(house, order["number"]) == total - 100
    assert balance(ask, card) == 0


def test_interest_is_on_the_rest_only(guest: Shopper, house: House, issue: Issue) -> None:
    guest.comes_to_payment()
    total = Decimal(guest.total)
    applies(guest, issue("100.00"))
    guest.comes_to_card(installment=3)
    rest = total - 100
    interest = (rest * Decimal("0.045")).quantize(Decimal("0.01"))
    assert Decimal(guest.total) == total + interest
    guest.pays_by_card(APPROVES)
    order = guest.order()
    assert Decimal(order["amount"]) == total + interest
    assert taken(house, order["number"]) == rest + interest


def test_a_transfer_is_awaited_for_the_rest(guest: Shopper, issue: Issue, ask: Ask) -> None:
    card = issue("100.00")
    guest.comes_to_payment()
    total = Decimal(guest.total)
    applies(guest, card)
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    assert Decimal(guest.context("FundsTransferPage")["total_amount"]) == total - 100
    guest.submit("FundsTransferPage", agreement="1")
    order = guest.order()
    assert order["status"]["value"] == "300"
    assert [each["amount"] for each in order["tenders"]] == ["100.00"]
    assert balance(ask, card) == 0


def test_a_declined_card_gives_the_gift_card_back(
    guest: Shopper, house: House, issue: Issue, ask: Ask
) -> None:
    """Row 15 of the fault list."""
    card = issue("100.00")
    guest.comes_to_payment()
    applies(guest, card)
    guest.comes_to_card()
    for _ in range(2):
        guest.pays_by_card(NO_FUNDS)
        assert guest.pages == ["CreditCardConfirmationPage"]
        assert balance(ask, card) == 100
    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    assert balance(ask, card) == 0
    assert taken(house, guest.order()["number"]) == Decimal(guest.order()["amount"]) - 100


def test_a_payment_let_go_at_the_bank_gives_the_gift_card_back(
    guest: Shopper, issue: Issue, ask: Ask
) -> None:
    card = issue("100.00")
    guest.comes_to_payment()
    applies(guest, card)
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    assert guest.pages == ["CreditCardThreeDSecurePage"]
    assert balance(ask, card) == 0
    guest.get("GiftCardPage")
    assert guest.context("GiftCardPage")["gift_cards"][0]["amount"] == "100.00"

    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    assert balance(ask, card) == 100
    guest.get()
    assert Decimal(guest.pre_order["unpaid_amount"]) < Decimal(guest.pre_order["total_amount"])


def test_what_an_open_payment_holds_can_be_used_by_the_next_one(
    guest: Shopper, house: House, issue: Issue, ask: Ask
) -> None:
    card = issue("100.00")
    guest.comes_to_payment()
    applies(guest, card)
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    applies(guest, card, amount="60.00")
    assert guest.errors == {}, "his own payment holds what is missing on the card"
    assert balance(ask, card) == 100, "that payment was let go: its amount is not right any more"
    guest.get()
    guest.pays_by_card(APPROVES)
    assert guest.pages == ["ThankYouPage"]
    assert balance(ask, card) == 40
    assert taken(house, guest.order()["number"]) == Decimal(guest.order()["amount"]) - 60


# Alone.


def test_a_gift_card_may_pay_the_whole_order_and_no_gateway_is_asked(
    guest: Shopper, house: House, issue: Issue, ask: Ask
) -> None:
    card = issue("500.00")
    guest.comes_to_payment()
    total = Decimal(guest.total)
    assert GIFT_CARD not in offered(guest)
    applies(guest, card)
    assert GIFT_CARD in offered(guest)
    assert broken_promises(guest.get()) == []
    guest.submit("PaymentOptionSelectionPage", payment_option=GIFT_CARD)
    assert guest.pages == ["GiftCardPaymentPage"]
    assert guest.context("GiftCardPaymentPage")["unpaid_amount"] == "0.00"
    guest.submit("GiftCardPaymentPage")
    assert guest.errors.keys() == {"agreement"}

    guest.submit("GiftCardPaymentPage", agreement="1")
    assert guest.pages == ["ThankYouPage"], guest.errors
    order = guest.order()
    assert order["status"]["value"] == "400"
    assert Decimal(order["amount"]) == total
    assert order["payment_option"]["payment_type"] == "gift_card"
    assert [Decimal(each["amount"]) for each in order["tenders"]] == [total]
    assert house.ledger(order["number"]) == []
    assert balance(ask, card) == 500 - total
    attempts = ask("SELECT state, amount FROM payment_attempt WHERE order_number = $1", order["number"])
    assert [(row["state"], row["amount"]) for row in attempts] == [("placed", 0)]
    for page in (None, "GiftCardPage", "PaymentOptionSelectionPage"):
        guest.get(page)
        assert guest.pages == ["ThankYouPage"], "the order stands, whatever led to it"


def test_a_card_page_takes_no_money_either_when_there_is_nothing_to_pay(
    guest: Shopper, house: House, issue: Issue
) -> None:
    applies_later = issue("500.00")
    guest.comes_to_card()
    applies(guest, applies_later)
    guest.get()
    assert guest.pending == "CreditCardConfirmationPage"
    guest.pays_by_card(NO_FUNDS)
    assert guest.pages == ["ThankYouPage"], "the bank that would decline is not asked"
    order = guest.order()
    assert order["status"]["value"] == "400"
    assert house.ledger(order["number"]) == []


def test_a_basket_that_grows_asks_for_the_payment_again(guest: Shopper, issue: Issue) -> None:
    guest.comes_to_payment()
    applies(guest, issue(guest.total))
    guest.submit("PaymentOptionSelectionPage", payment_option=GIFT_CARD)
    guest.buys(product=2)
    guest.submit("GiftCardPaymentPage", agreement="1")
    assert guest.pages == ["PaymentOptionSelectionPage"]
    guest.get()
    assert guest.pre_order["payment_option"] is None
    assert guest.pre_order["unpaid_amount"] == "89.50"


# Changing one's mind.


def test_amounts_are_changed_within_what_there_is(guest: Shopper, issue: Issue) -> None:
    guest.comes_to_payment()
    total = Decimal(guest.total)
    applies(guest, issue("100.00"), amount="30")
    guest.get("GiftCardPage")
    [shown] = guest.context("GiftCardPage")["gift_cards"]
    assert (shown["amount"], shown["balance"]) == ("30.00", "100.00")

    guest.submit("GiftCardUpdateAmountPage", gift_card=shown["pk"], amount="100.01")
    assert guest.errors == {"amount": ["At most 100.00 can be paid with this gift card."]}
    for amount in ("0", "0.001", "-1", "NaN"):
        guest.submit("GiftCardUpdateAmountPage", gift_card=shown["pk"], amount=amount)
        assert guest.errors.keys() == {"amount"}, amount
    guest.submit("GiftCardUpdateAmountPage", gift_card=shown["pk"] + 1, amount="1.00")
    assert guest.errors == {"gift_card": ["This gift card is not in use."]}

    guest.submit("GiftCardUpdateAmountPage", gift_card=shown["pk"], amount="99.99")
    assert guest.errors == {}
    guest.get()
    assert Decimal(guest.pre_order["unpaid_amount"]) == total - Decimal("99.99")


def test_a_card_is_taken_back(guest: Shopper, issue: Issue) -> None:
    guest.comes_to_payment()
    total = guest.total
    applies(guest, issue("100.00"))
    pk = guest.context("GiftCardUpdateAmountPage")["gift_cards"][0]["pk"]
    guest.submit("GiftCardPage", gift_card=pk + 1)
    assert guest.errors == {"gift_card": ["This gift card is not in use."]}
    guest.submit("GiftCardPage", gift_card=pk)
    assert guest.pages == ["GiftCardApplyPage"]
    assert guest.context("GiftCardApplyPage")["gift_cards"] == []
    guest.get()
    assert guest.pre_order["unpaid_amount"] == total


def test_a_second_card_is_refused_unless_the_merchant_allows_it(guest: Shopper, issue: Issue) -> None:
    guest.comes_to_payment()
    applies(guest, issue("100.00"))
    applies(guest, issue("50.00"))
    assert guest.errors == {
        "non_field_errors": [
            "Only one gift card can be used for an order. Please remove the other one first."
        ]
    }
    guest.get("GiftCardPage")
    assert len(guest.context("GiftCardPage")["gift_cards"]) == 1


def test_an_amount_is_changed_only_while_the_pin_counts(guest: Shopper, house: House, issue: Issue) -> None:
    card = issue("100.00")
    guest.comes_to_payment()
    total = guest.total
    applies(guest, card)
    pk = guest.context("GiftCardUpdateAmountPage")["gift_cards"][0]["pk"]
    with Redis.from_url(house.redis_url) as client:
        [key] = client.keys(f"vezne:demo:gift_card:balance:*:{pk}")
        assert 0 < client.pttl(key) <= 1_800_000
        client.delete(key)
    guest.submit("GiftCardUpdateAmountPage", gift_card=pk, amount="10.00")
    assert guest.errors == {"non_field_errors": ["Your gift card has to be confirmed. Please add it again."]}
    guest.get()
    assert guest.pre_order["unpaid_amount"] == total, "the card is not in use any more"
    applies(guest, card, amount="10.00")
    assert guest.errors == {}


def test_gift_cards_survive_whatever_else_changes(guest: Shopper, issue: Issue) -> None:
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="guest@example.com")
    applies(guest, issue("100.00"))
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("PaymentOptionSelectionPage", payment_option=1)
    guest.submit("AddressClearPage")
    guest.get("GiftCardPage")
    assert [each["amount"] for each in guest.context("GiftCardPage")["gift_cards"]] == ["100.00"]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"balance": "0.00"}, "There is no money left on this gift card."),
        ({"balance": "10.00", "blocked": True}, "This gift card cannot be used."),
        ({"balance": "10.00", "currency": "EUR"}, "This gift card is in another currency."),
    ],
    ids=["empty", "blocked", "another currency"],
)
def test_a_card_that_cannot_pay_here_is_refused(
    guest: Shopper, issue: Issue, made: dict[str, Any], told: str
) -> None:
    guest.comes_to_payment()
    applies(guest, issue(**made))
    assert guest.errors == {"non_field_errors": [told]}


# Racing.


@pytest.mark.parametrize("rest", [0, 1], ids=["alone", "beside a bank card"])
def test_of_shoppers_who_race_for_one_balance_one_gets_it(
    enter: Enter, house: House, issue: Issue, ask: Ask, rest: int
) -> None:
    """Row 14: no charge is kept among the losers."""
    shoppers = [enter() for _ in range(4)]
    shoppers[0].comes_to_payment()
    amount = Decimal(shoppers[0].total) - rest
    card = issue(str(amount))
    for shopper in shoppers:
        shopper.comes_to_payment()
        applies(shopper, card)
        assert shopper.errors == {}
        if rest:
            shopper.comes_to_card()
        else:
            shopper.submit("PaymentOptionSelectionPage", payment_option=GIFT_CARD)

    def pays(shopper: Shopper) -> None:
        if rest:
            shopper.pays_by_card(APPROVES)
        else:
            shopper.submit("GiftCardPaymentPage", agreement="1")

    with ThreadPoolExecutor(len(shoppers)) as threads:
        list(threads.map(pays, shoppers))

    placed = [shopper for shopper in shoppers if shopper.pages == ["ThankYouPage"]]
    assert len(placed) == 1
    assert taken(house, placed[0].order()["number"]) == rest
    assert balance(ask, card) == 0
    for loser in shoppers:
        if loser is placed[0]:
            continue
        assert loser.errors == {
            "non_field_errors": [
                f"There is not enough left on the gift card •••• {card.number[-4:]}. "
                "Please add it again or remove it."
            ]
        }
        loser.get()
        number = loser.pre_order["number"]
        assert number is None or taken(house, number) == 0


# Guessing.


def test_a_number_is_locked_after_some_wrong_pins_also_for_the_right_one(enter: Enter, issue: Issue) -> None:
    """Row 32: each guess comes from another shopper."""
    card = issue("100.00", pin="2718")
    unknown = Issued(str(next(_numbers)), "2718")
    for number in (card.number, unknown.number):
        told = []
        for pin in ("0000", "0001", "0002", "0003", "0004", "0005", "2718"):
            guesser = enter()
            guesser.buys()
            guesser.get()
            told.append(applies(guesser, Issued(number, pin))["errors"])
        assert told == [WRONG] * 5 + [TOO_OFTEN] * 2, "a number that exists answers as one that does not"


def test_the_right_pin_sets_the_count_back(guest: Shopper, issue: Issue) -> None:
    card = issue("100.00", pin="2718")
    guest.buys()
    guest.get()
    for _ in range(2):
        for pin in ("0000", "0001", "0002"):
            assert applies(guest, Issued(card.number, pin))["errors"] == WRONG
        assert applies(guest, card)["errors"] is None


def test_a_checkout_may_try_so_many_cards(guest: Shopper) -> None:
    guest.buys()
    guest.get()
    told = [applies(guest, Issued(str(next(_numbers)), "0000"))["errors"] for _ in range(12)]
    assert told == [WRONG] * 10 + [TOO_OFTEN] * 2


def test_number_and_pin_are_found_nowhere(
    guest: Shopper, house: House, issue: Issue, ask: Ask, pytestconfig: pytest.Config
) -> None:
    card = issue("500.00", pin="271828182845")
    number = card.number
    guest.comes_to_payment()
    applies(guest, Issued(number, "314159265358"))
    applies(guest, card, amount="1.00")
    applies(guest, card, amount="-1")
    applies(guest, card)
    guest.submit("PaymentOptionSelectionPage", payment_option=GIFT_CARD)
    guest.submit("GiftCardPaymentPage", agreement="1")
    assert guest.pages == ["ThankYouPage"]

    canaries = [number, number[:4] + " " + number[4:8], card.pin, "314159265358"]
    found = list(everything(house, ask))
    assert any(number[-4:] in text for text in found), "the search reaches the tables of the plugin"
    assert any("gift_cards.reserved" in text for text in found), "and what is encoded in bytes"
    leaks = [(canary, text[:200]) for canary in canaries for text in found if canary in text]
    assert leaks == []


def everything(house: House, ask: Ask) -> Iterator[str]:
    """Yield whatever the shop has kept: every row, every key of the cache, every line of the logs."""
    tables = ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        for row in ask(f'SELECT * FROM "{table["tablename"]}"'):
            for value in row.values():
                yield value.decode("latin-1") if isinstance(value, bytes) else str(value)
    with Redis.from_url(house.redis_url) as client:
        for key in client.scan_iter():
            yield key.decode("latin-1")
            yield (client.dump(key) or b"").decode("latin-1")
    for file in house.log.parent.rglob("*"):
        if file.is_file():
            yield file.read_text("utf-8", errors="replace")


# Several, and a crash.


@pytest.fixture
def generous(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[Site]:
    """A shop that takes several cards for an order, up to 150.00."""
    config = (pytestconfig.rootpath / "plugins.toml").read_text()
    several = "GIFT_CARD_CONFIG = { multi_card_enabled = true, max_amount_per_order = 150 }"
    config = config.replace("[merchants.demo.checkout]", f"[merchants.demo.checkout]\n{several}")
    with fresh_database() as database_url:
        yield Site(tmp_path_factory.mktemp("generous"), config, database_url, session_redis_url)


def test_several_cards_pay_in_turn_and_no_more_than_the_cap(
    generous: Site, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    issue = issuing(generous.database_url, pytestconfig.rootpath / "plugins.toml", tmp_path)
    house = generous.house
    with (
        generous.bank(),
        generous.shop(),
        closing(Shopper(house.shop, host="demo.localhost")) as shopper,
        asking(generous.database_url) as ask,
    ):
        shopper.comes_to_payment()
        total = Decimal(shopper.total)
        first, second, third = issue("100.00"), issue("80.00"), issue("5.00")
        applies(shopper, first)
        applies(shopper, second)
        context = shopper.context("GiftCardUpdateAmountPage")
        assert [each["amount"] for each in context["gift_cards"]] == ["100.00", "50.00"]
        assert context["max_amount_per_order"] == "150.00"
        applies(shopper, third)
        assert shopper.errors == {"non_field_errors": ["There is nothing left to pay with this gift card."]}

        shopper.comes_to_card()
        shopper.pays_by_card(NO_FUNDS)
        assert (balance(ask, first), balance(ask, second)) == (100, 80)
        shopper.pays_by_card(APPROVES)
        order = shopper.order()
        assert [each["amount"] for each in order["tenders"]] == ["100.00", "50.00"]
        assert taken(house, order["number"]) == total - 150
        assert (balance(ask, first), balance(ask, second), balance(ask, third)) == (0, 30, 5)
        assert ask(OUT_OF_BALANCE) == []


@pytest.mark.parametrize("point", ["after_claim", "after_charge", "before_place", "after_place"])
def test_an_order_whose_server_was_killed_stands_and_is_paid_once(
    generous: Site, pytestconfig: pytest.Config, tmp_path: Path, point: str
) -> None:
    issue = issuing(generous.database_url, pytestconfig.rootpath / "plugins.toml", tmp_path)
    card = issue("150.00")
    house = generous.house
    with generous.bank(), closing(Shopper(house.shop, host="demo.localhost")) as shopper:
        with generous.shop(environment={"VEZNE_FAILPOINT": point}):
            shopper.buys(product=2)
            shopper.comes_to_payment()
            total = Decimal(shopper.total)
            applies(shopper, card)
            shopper.submit("PaymentOptionSelectionPage", payment_option=GIFT_CARD)
            with pytest.raises(httpx.TransportError):
                shopper.submit("GiftCardPaymentPage", agreement="1")
        with generous.shop(), asking(generous.database_url) as ask:
            until = time.monotonic() + 30
            while shopper.client.get("/orders/checkout/status/").json()["state"] != "placed":
                assert time.monotonic() < until
                time.sleep(0.2)
            shopper.get()
            assert shopper.pages == ["ThankYouPage"]
            assert shopper.order()["status"]["value"] == "400"
            assert balance(ask, card) == 150 - total
            assert ask(OUT_OF_BALANCE) == []
            assert [row["state"] for row in ask("SELECT state FROM gift_card_hold")] == ["spent"]
            assert house.ledger() == []
