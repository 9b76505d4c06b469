"""The chain as a whole: what the start checks, and how a shopper walks it."""

import pytest

from vezne_core import (
    BILLING_ADDRESS,
    CONTACT,
    DEAL,
    DELIVERY_OPTION,
    DESTINATION,
    INSTALLMENT,
    ORDER,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    REDIRECTED,
    SHIPPING,
    Address,
    Chain,
    Challenge,
    CheckoutSettings,
    ChosenDelivery,
    ChosenPayment,
    ChosenShipping,
    Config,
    Contact,
    Destination,
    Junction,
    NoSettings,
    Page,
    PlacedOrder,
    PreOrder,
    Redirect,
    Redirected,
    SlotGraph,
    Source,
)
from vezne_core.flow import Flow, forgotten
from vezne_core.standard import CONFIG, PROMISES, SLOTS
from vezne_payment_redirection.plugin import Redirection
from vezne_payment_redirection.slot import REDIRECT


class Lent:
    """Services that are handed on, not asked."""

    links = None


PLUGIN = Redirection(NoSettings(), Lent())
GRAPH = SlotGraph(
    [*SLOTS, *PLUGIN.vezne_register_slots()],
    [
        Source(slot, lambda preorder, world: None, reads={DEAL: (DESTINATION,)}.get(slot, ()))
        for slot in SLOTS
        if slot.fact
    ],
)
SERVED = {
    Junction.DELIVERY_MODE: "DeliveryOptionSelectionPage",
    Junction.DELIVERY_TARGET: "customer",
    Junction.SHIPPING: "ShippingOptionSelectionPage",
}
SELECTED, COMPLETE = "RedirectionPaymentSelectedPage", "RedirectionPageCompletePage"


def stand_in(junction: Junction) -> Chain:
    """Return a chain of another plugin that keeps the promise of a junction."""
    head = {"junction": junction, "serves": SERVED.get(junction), "fills": PROMISES.get(junction, (ORDER,))}
    return Chain(type(f"{junction.value.title()}Page", (Page,), head)())


@pytest.fixture
def flow() -> Flow:
    chains = [("other", stand_in(junction)) for junction in (*PROMISES, Junction.DONE)]
    return Flow([*chains, ("payment_redirection", PLUGIN.vezne_register_chains()[0])], GRAPH)


@pytest.fixture
def walked(flow):
    """Return the pages of the plugin on the path, the waiting one last."""

    def pages(preorder: PreOrder) -> list[str]:
        stations = flow.walk(preorder).stations
        return [station.page.name for station in stations if station.chain.plugin != "other"]

    return pages


ADDRESS = Address(pk=1, country=1, city=34, township=3401)
CHOSEN = PreOrder.of(
    CONFIG.fill(Config(revision=1, checkout=CheckoutSettings())),
    CONTACT.fill(Contact("ada@example.com")),
    DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="P")),
    DESTINATION.fill(Destination(kind="customer", address=ADDRESS)),
    BILLING_ADDRESS.fill(ADDRESS),
    SHIPPING.fill(ChosenShipping(pk=1, page="P")),
    PAYMENT_OPTION.fill(ChosenPayment(5, "redirection")),
)
STARTED = CHOSEN.with_value(REDIRECT, Challenge(hand_off=Redirect("https://bank.example/pay/1"))).with_value(
    ORDER_NUMBER, "1001"
)


def test_the_shopper_agrees_and_is_sent_to_the_provider(walked) -> None:
    assert walked(CHOSEN) == [SELECTED]
    assert walked(STARTED) == [SELECTED, COMPLETE]


def test_who_left_without_an_answer_is_not_sent_back_to_the_provider(walked) -> None:
    assert walked(STARTED.with_value(REDIRECTED, Redirected())) == [SELECTED]


def test_an_order_ends_the_chain(walked) -> None:
    placed = CHOSEN.with_value(ORDER, PlacedOrder(id=1, number="1001", token="t", key="k"))

    assert walked(placed) == [SELECTED, COMPLETE]


@pytest.mark.parametrize(
    "change",
    [DEAL.fill(b"another"), PAYMENT_OPTION.fill(ChosenPayment(6, "redirection"))],
    ids=["deal", "payment option"],
)
def test_a_change_ends_what_was_started_at_the_provider(walked, change) -> None:
    after, _ = STARTED.apply(GRAPH, [change])

    assert not after.has(REDIRECT)
    assert walked(after) == [SELECTED]


def test_going_back_over_the_chain_gives_the_order_number_back(flow) -> None:
    behind = flow.behind(flow.pages[SELECTED])
    slots = forgotten([*behind, flow.pages[SELECTED]])

    assert {REDIRECT, REDIRECTED, ORDER_NUMBER} <= set(slots)


def test_a_new_start_takes_no_installments_of_an_earlier_one() -> None:
    assert INSTALLMENT in PLUGIN.vezne_register_chains()[0].pages[0].resets


@pytest.mark.parametrize("page", PLUGIN.vezne_register_chains()[0].pages, ids=lambda page: page.name)
def test_every_page_serves_orders_that_are_paid_later(page) -> None:
    assert page.post_order
    assert page.pays
    assert page.returns == (page.name == COMPLETE)
