"""Every next page, skip, precondition, state change and way back of the contract, on the host's engine."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from vezne_core.outcome import GENERAL

from .journey import NULL, Journey, arrive, journeys, rows, run, table, way

pytestmark = pytest.mark.anyio


class Next(Struct, forbid_unknown_fields=True, kw_only=True):
    """A page that waits is submitted; the answer lists these."""

    page: str
    lists: list[str]
    when: str = ""
    given: dict[str, Any] = {}
    choose: dict[str, Any] = {}
    holds: dict[str, Any] = {}
    result: str | None = None

    def __str__(self) -> str:
        chosen = self.choose.get("PAYMENT_OPTION", "") if self.page == "PaymentOptionSelectionPage" else ""
        return " ".join(filter(None, [self.page, self.when or chosen, "→", self.lists[-1]]))


@pytest.mark.parametrize("row", rows("next", Next), ids=str)
async def test_what_comes_next(row: Next) -> None:
    desk = await arrive(row.page, given=row.given, choose=row.choose, holds=row.holds)
    give = {constant: row.choose[constant] for constant in desk.fills(row.page) & row.choose.keys()}

    await desk.post(row.page, give=give, result=row.result)

    assert desk.errors == {}
    assert desk.pages == row.lists
    if row.lists[-1] != "ThankYouPage":
        assert await desk.pending() == row.lists[-1]


class Precondition(Struct, forbid_unknown_fields=True, kw_only=True):
    """A page that waits loses what it stands on and is submitted: this one is shown."""

    page: str
    shown: str
    without: str = ""
    turn: dict[str, Any] = {}
    elsewhere: dict[str, Any] = {}
    given: dict[str, Any] = {}
    choose: dict[str, Any] = {}

    def __str__(self) -> str:
        lost = f"without {self.without}" if self.without else f"when {self.turn or self.elsewhere}"
        return f"{self.page} {lost} {self.given or ''}".strip()


@pytest.mark.parametrize("row", rows("precondition", Precondition), ids=str)
async def test_precondition_fails(row: Precondition) -> None:
    desk = await arrive(row.page, **way(row.page, given=row.given, choose=row.choose))
    changes = row.elsewhere | ({row.without: None} if row.without else {})
    if changes:
        desk.elsewhere(**changes)
    if row.turn:
        desk.turn(**row.turn)
    before = desk.row.body

    await desk.post(row.page)

    assert list(desk.errors) == [GENERAL]
    assert len(desk.errors[GENERAL]) == 1
    assert desk.pages == [row.shown]
    assert desk.row.body == before
    assert desk.row.attempts == []
    assert await desk.pending() == row.shown


class Back(Struct, forbid_unknown_fields=True, kw_only=True):
    """An earlier page is asked for by its name."""

    at: str
    back: str
    waits: str
    given: dict[str, Any] = {}
    choose: dict[str, Any] = {}
    loses: list[str] = []
    keeps: list[str] = []
    gives_up: bool = False
    """The attempt that was begun is abandoned."""

    def __str__(self) -> str:
        return f"{self.at} ← {self.back} {self.given or self.choose or ''}".strip()


@pytest.mark.parametrize("row", rows("back", Back), ids=str)
async def test_way_back(row: Back) -> None:
    desk = await arrive(row.at, **way(row.at, given=row.given, choose=row.choose))
    await desk.get()
    path, held = desk.pages, desk.filled
    assert set(row.loses) | set(row.keeps) <= held

    await desk.get(row.back)

    assert desk.errors == {}
    assert desk.pages == path[: path.index(row.back) + 1]
    assert not desk.filled & set(row.loses)
    assert set(row.keeps) <= desk.filled
    states = [attempt.state for attempt in desk.row.attempts]
    assert states == (["abandoned"] if row.gives_up else ["challenged"] * len(states))
    assert await desk.pending() == row.waits


@pytest.mark.parametrize("journey", journeys("change"), ids=lambda journey: journey.name)
async def test_what_an_answer_changes(journey: Journey) -> None:
    await run(journey)


class Apart(Struct, forbid_unknown_fields=True, kw_only=True):
    """An independent page is submitted, and looked at, while the main flow waits elsewhere."""

    page: str
    at: str
    when: str = ""
    given: dict[str, Any] = {}
    holds: dict[str, Any] = {}
    fresh: dict[str, Any] = {}
    """Slots filled elsewhere, once the shopper has arrived."""
    none: bool = False
    fills: list[str] = []
    empties: list[str] = []
    lists: list[str] = []
    shows: dict[str, Any] = {}
    waits: str | None = None

    def __str__(self) -> str:
        return " ".join(
            filter(None, [self.page, self.when, "while", self.at, "waits", str(self.given or "")])
        )

    async def arrive(self) -> Any:
        where = way(self.at, given=self.given)
        desk = await arrive(self.at, **where | {"holds": where["holds"] | self.holds})
        if self.fresh:
            desk.elsewhere(**self.fresh)
        return desk


APART = rows("independent", Apart)


@pytest.mark.parametrize("row", APART, ids=str)
async def test_page_that_stands_by_itself(row: Apart) -> None:
    desk = await row.arrive()
    before = desk.filled

    await desk.post(row.page, none=row.none)

    assert desk.errors == {}
    assert desk.pages == row.lists
    assert set(row.fills) <= desk.filled
    assert desk.filled == (before | set(row.fills)) - set(row.empties)
    for key, shown in row.shows.items():
        assert desk.shown[key] == (None if shown == NULL else shown)
    assert await desk.pending() == (row.waits or row.at)


@pytest.mark.parametrize(
    "row", [row for row in APART if row.page not in ("EmptyPage", "GiftBoxIndexPage")], ids=str
)
async def test_looking_at_a_page_that_stands_by_itself(row: Apart) -> None:
    desk = await row.arrive()
    before = desk.filled

    await desk.get(row.page)

    assert desk.errors == {}
    assert desk.pages == [row.page]
    assert desk.filled == before
    assert await desk.pending() == row.at


@pytest.mark.parametrize("row", rows("independent", Apart, "closed"), ids=str)
async def test_page_by_itself_is_closed(row: Apart) -> None:
    desk = await row.arrive()
    await desk.get()
    before, path = desk.row.body, desk.pages

    await desk.post(row.page)
    assert list(desk.errors) == [GENERAL]
    assert desk.pages == [row.at]

    await desk.get(row.page)
    assert desk.errors == {}
    assert desk.pages == path
    assert desk.row.body == before


@pytest.mark.parametrize("journey", journeys("payment"), ids=lambda journey: journey.name)
async def test_how_a_payment_ends(journey: Journey) -> None:
    await run(journey)


@pytest.mark.parametrize("journey", journeys("world"), ids=lambda journey: journey.name)
async def test_the_world_changes(journey: Journey) -> None:
    await run(journey)


# Paying for an order that stands.


async def waiting_order(**given: Any) -> Any:
    """Return the desk of a shopper whose order waits for its payment, and who is back to pay it."""
    desk = await arrive("FundsTransferPage", **way("FundsTransferPage", given=given))
    await desk.post("FundsTransferPage")
    desk.pay_again()
    await desk.get()
    assert desk.pages == ["PaymentOptionSelectionPage"]
    return desk


@pytest.mark.parametrize(("payment_type", "path"), table("post_order", "rows").items())
async def test_order_that_waits_is_paid_again(payment_type: str, path: list[str]) -> None:
    desk = await waiting_order(three_d=True)
    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": payment_type})
    walked = []
    while (pending := await desk.pending()) != "ThankYouPage":
        walked.append(pending)
        await desk.post(pending)
        assert desk.errors == {}

    assert walked == path
    assert desk.row.attempts[-1].state == "placed"


@pytest.mark.parametrize("page", table("post_order", "closed"))
async def test_page_is_closed_when_an_order_is_paid_again(page: str) -> None:
    desk = await waiting_order(
        samples=True, reservable=True, loyalty=True, bags=True, in_store=True, sms=True
    )
    before = desk.row.body

    await desk.post(page)

    assert list(desk.errors) == [GENERAL]
    assert desk.pages == ["PaymentOptionSelectionPage"]
    assert desk.row.body == before


@pytest.mark.parametrize("payment_type", ["pay_on_delivery", "gift_card", "loyalty_money"])
async def test_way_to_pay_whose_pages_are_closed_is_not_offered_again(payment_type: str) -> None:
    desk = await waiting_order(loyalty=True)

    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": payment_type})

    assert list(desk.errors) == ["PAYMENT_OPTION"]
    assert "PAYMENT_OPTION" not in desk.filled


async def test_an_order_that_is_paid_again_costs_what_it_cost() -> None:
    desk = await waiting_order(price="100.00")
    desk.turn(price="900.00", quantity=5, shipping_price="50.00", discount="5.00")

    await desk.get()

    assert desk.shown["unpaid_amount"] == "110.00"
    assert desk.shown["is_post_order"] is True


async def test_answers_of_an_order_stand_whatever_becomes_of_the_shop() -> None:
    desk = await waiting_order()
    before = desk.filled
    desk.turn(delivery=[3], shipping=[9], addresses=[9], delivery_page="RemoteDeliveryOptionSelectionPage")

    await desk.get()

    assert desk.filled == before
    assert await desk.pending() == "PaymentOptionSelectionPage"


async def test_payment_option_and_installment_are_checked_though_the_order_stands() -> None:
    desk = await waiting_order()
    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": "credit_card"})
    await desk.post("BinNumberPage")
    await desk.post("InstallmentSelectionPage", give={"INSTALLMENT": 3})
    desk.turn(installments=[1])
    assert await desk.pending() == "InstallmentSelectionPage"

    desk.turn(payments=["wallet"])
    assert await desk.pending() == "PaymentOptionSelectionPage"
