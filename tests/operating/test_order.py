"""Moving orders on, and what an order that ends gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from vezne_host.config import load
from vezne_host.orders.move import Moved
from vezne_host.payments.expiry import Expiry
from vezne_host.process import serving
from vezne_host.runtime import MerchantRuntime
from vezne_host.servers import Addresses
from vezne_host.storage.lane import Lane, opened
from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask

from .office import Office, paid_by_card, pays_later, until, waiting

pytestmark = pytest.mark.usefixtures("books_agree")

T = TypeVar("T")


def status(ask: Ask, number: str) -> int:
    found: int = ask('SELECT status FROM "order" WHERE number = $1', number)[0]["status"]
    return found


def allocated(ask: Ask) -> int:
    [row] = ask("SELECT allocated FROM stock WHERE merchant = 'demo' AND sku = 'VZ-TSHIRT'")
    found: int = row["allocated"]
    return found


def within(office: Office, work: Callable[[Lane, MerchantRuntime], Awaitable[T]]) -> T:
    """Work with the demo merchant's runtime, as the worker does."""

    async def run() -> T:
        configuration, house = load(office.config), office.house
        async with (
            opened(house.database_url, size=4, rest=2) as lane,
            serving(
                configuration, Addresses(house.database_url, house.redis_url), lane,
                messages=office.config.parent / "messages",
            ) as served,
        ):  # fmt: skip
            return await work(lane, served.runtimes["demo"])

    return asyncio.run(run())


def test_an_order_walks_along_the_table_and_no_other_way(guest: Shopper, office: Office, ask: Ask) -> None:
    number = paid_by_card(guest)

    refused = office.vezne("order", "move", number, "550")
    assert refused.returncode == 1
    assert f"order {number} is 400 and cannot become 550" in refused.stderr
    assert "it can become 50, 450, 600" in refused.stderr
    for step in ("450", "500", "510", "540", "550"):
        assert f"is {step}" in office.succeeds("order", "move", number, step)
    assert "is 550 (Delivered) already" in office.succeeds("order", "move", number, "550")
    assert status(ask, number) == 550
    told = until(lambda: len(heard := office.receiver.of(number)) == 6 and heard, "the webhooks")
    moves = [each.told["data"] for each in told if each.told["type"] == "order.moved"]
    walked = {(each["before"], each["status"]) for each in moves}
    assert walked == {("400", "450"), ("450", "500"), ("500", "510"), ("510", "540"), ("540", "550")}


def test_an_order_whose_money_is_still_here_does_not_end(guest: Shopper, office: Office, ask: Ask) -> None:
    number = paid_by_card(guest)
    for end in ("600", "100"):
        if end == "100":
            office.succeeds("order", "move", number, "50")
        refused = office.vezne("order", "move", number, end)
        assert refused.returncode == 1
        assert "229.80 TRY of order" in refused.stderr
        assert f"vezne payment refund {number} --action ID" in refused.stderr
    before = allocated(ask)

    office.succeeds("payment", "refund", number, "--action", f"end-{number}")

    assert status(ask, number) == 100, "a cancellation that was waited for is one"
    assert allocated(ask) == before - 1


def test_an_order_on_its_way_keeps_its_status_when_its_money_goes_back(
    guest: Shopper, office: Office, ask: Ask
) -> None:
    number = paid_by_card(guest)
    for step in ("450", "500"):
        office.succeeds("order", "move", number, step)
    before = allocated(ask)

    office.succeeds("payment", "refund", number, "--action", f"way-{number}")

    assert status(ask, number) == 500
    assert allocated(ask) == before, "the goods are not here"
    event_of = "SELECT text FROM operator_event WHERE kind = 'order_given_back' AND order_number = $1"
    [event] = ask(event_of, number)
    assert "see to its goods" in event["text"]
    for step in ("550", "600"):
        office.succeeds("order", "move", number, step)


def test_a_waiting_order_is_cancelled_with_everything_that_it_took(
    guest: Shopper, office: Office, ask: Ask
) -> None:
    balance = "SELECT balance FROM gift_card WHERE merchant = 'demo' AND last_four = '7908'"
    full, free = ask(balance)[0]["balance"], allocated(ask)
    guest.comes_to_payment()
    guest.submit("GiftCardApplyPage", card_number="6006491234567908", pin="4321", amount="40.00")
    guest.pays_by_transfer()
    number = guest.order()["number"]
    assert ask(balance)[0]["balance"] == full - 40

    office.succeeds("order", "move", number, "100")

    assert ask(balance)[0]["balance"] == full
    assert allocated(ask) == free
    order = guest.order()
    assert (order["is_cancelled"], order["is_payable"], order["refund_amount"]) == (True, False, "40.00")
    mail = until(lambda: office.mails(f"so your order {number} has been cancelled"), "the mail")
    assert len(mail) == 1


def test_an_order_that_nobody_paid_in_time_is_cancelled_but_not_one_that_is_being_paid(
    enter: Enter, office: Office, ask: Ask
) -> None:
    shopper = enter()
    first, second, paying = (waiting(each)[0] for each in (enter(), enter(), shopper))
    pays_later(shopper, paying)
    free = allocated(ask)
    grow_old = 'UPDATE "order" SET created_at = now() - make_interval(days => $2) WHERE number = $1'
    for number, days in ((first, 6), (second, 8), (paying, 8)):
        ask(grow_old, number, days)

    def look(lane: Lane, runtime: MerchantRuntime) -> Awaitable[int]:
        return Expiry(lane, {"demo": runtime}).cancel(runtime)

    within(office, look)

    assert [status(ask, number) for number in (first, second, paying)] == [300, 100, 300]
    assert allocated(ask) == free - 1
    moved = office.vezne("order", "move", paying, "100")
    assert f"a payment for order {paying} is under way" in moved.stderr
    shopper.authenticates()
    assert status(ask, paying) == 400


def test_two_who_move_an_order_at_once_move_it_once(guest: Shopper, office: Office, ask: Ask) -> None:
    number = paid_by_card(guest)

    async def race(_: Lane, runtime: MerchantRuntime) -> list[Any]:
        steps = [runtime.moves.move(number, status, actor="race") for status in (450, 50, 450, 50)]
        return await asyncio.gather(*steps)

    answers = within(office, race)

    audit = ask("SELECT text FROM audit WHERE order_number = $1 AND actor = 'race' ORDER BY pk", number)
    path = [row["text"] for row in audit]
    assert path in (["400 to 450", "450 to 50"], ["400 to 50"])
    assert sum(isinstance(each, Moved) and each.before != each.status for each in answers) == len(path)


def test_an_order_is_shown_with_everything_there_is(guest: Shopper, office: Office, refund: Any) -> None:
    number = paid_by_card(guest)
    refund(number, f"show-{number}", amount="10.00")

    shown = office.succeeds("order", "show", number)

    for part in ("400 Approved", "229.80 TRY", "refunded  10.00 TRY", "kind refund_asked", "gateway sandbox"):
        assert part in shown
    assert office.vezne("order", "show", "1").returncode == 1
