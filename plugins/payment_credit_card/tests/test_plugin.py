"""The chain as a whole: what the start checks, and how a shopper walks it."""

import pytest

from vezne_core import (
    BILLING_ADDRESS,
    CARD,
    CONFIG,
    CONTACT,
    DEAL,
    DELIVERY_OPTION,
    DESTINATION,
    GATEWAY,
    INSTALLMENT,
    ORDER,
    PAYMENT_OPTION,
    SHIPPING,
    THREE_D,
    Address,
    CardInfo,
    Chain,
    Challenge,
    CheckoutSettings,
    ChosenDelivery,
    ChosenInstallment,
    ChosenPayment,
    ChosenShipping,
    Config,
    Contact,
    Deferred,
    Destination,
    GatewayInfo,
    Junction,
    NoSettings,
    Page,
    PlacedOrder,
    PreOrder,
    SlotGraph,
    Source,
    ThreeD,
)
from vezne_core.flow import Flow
from vezne_core.standard import PROMISES, SLOTS
from vezne_payment_credit_card.plugin import CreditCard
from vezne_payment_credit_card.slot import CARD_CHALLENGE


class Lent:
    """Services that are handed on, not asked."""

    cards = texts = catalogue = clock = None


PLUGIN = CreditCard(NoSettings(), Lent())
READS = {DEAL: (DESTINATION,), GATEWAY: (PAYMENT_OPTION, CARD)}
"""Edges of the facts that the card pages hang on; the host reads them."""
GRAPH = SlotGraph(
    [*SLOTS, *PLUGIN.vezne_register_slots()],
    [
        Source(
            slot, lambda preorder, world: None, reads={DEAL: (DESTINATION,), GATEWAY: (CARD,)}.get(slot, ())
        )
        for slot in SLOTS
        if slot.fact
    ],
)


SERVED = {
    Junction.DELIVERY_MODE: "DeliveryOptionSelectionPage",
    Junction.DELIVERY_TARGET: "customer",
    Junction.SHIPPING: "ShippingOptionSelectionPage",
}


def stand_in(junction: Junction) -> Chain:
    """Return a chain of another plugin that keeps the promise of a junction."""
    head = {"junction": junction, "serves": SERVED.get(junction), "fills": PROMISES.get(junction, (ORDER,))}
    return Chain(type(f"{junction.value.title()}Page", (Page,), head)())


@pytest.fixture
def flow() -> Flow:
    chains = [("other", stand_in(junction)) for junction in (*PROMISES, Junction.DONE)]
    chains += [("payment_credit_card", chain) for chain in PLUGIN.vezne_register_chains()]
    return Flow(chains, GRAPH)


ADDRESS = Address(pk=1, country=1, city=34, township=3401)
CHOSEN = (
    CONFIG.fill(Config(revision=1, checkout=CheckoutSettings())),
    CONTACT.fill(Contact("ada@example.com")),
    DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type="customer", page="P")),
    DESTINATION.fill(Destination(kind="customer", address=ADDRESS)),
    BILLING_ADDRESS.fill(ADDRESS),
    SHIPPING.fill(ChosenShipping(pk=1, page="P")),
    PAYMENT_OPTION.fill(ChosenPayment(1, "credit_card")),
    GATEWAY.fill(GatewayInfo("sandbox")),
)
STEPS = (
    (CARD.fill(CardInfo("542119", 1)), "InstallmentSelectionPage"),
    (INSTALLMENT.fill(ChosenInstallment(pk=1, count=1)), "CreditCardConfirmationPage"),
    (CARD_CHALLENGE.fill(Challenge(hand_off=Deferred())), "CreditCardThreeDSecurePage"),
)
EVERYTHING = PreOrder.of(*CHOSEN, *(fill for fill, _ in STEPS), THREE_D.fill(ThreeD(True)))


@pytest.fixture
def walked(flow):
    """Return the card pages on the path, the waiting one last."""

    def pages(preorder: PreOrder) -> list[str]:
        stations = flow.walk(preorder).stations
        return [station.page.name for station in stations if station.chain.plugin != "other"]

    return pages


def test_the_shopper_walks_the_card_pages_in_order(walked) -> None:
    preorder = PreOrder.of(*CHOSEN)
    path = ["BinNumberPage"]
    assert walked(preorder) == path
    for fill, page in STEPS:
        preorder = preorder.with_value(fill.slot, fill.value)
        path.append(page)
        assert walked(preorder) == path


def test_without_a_challenge_there_is_no_step_at_the_bank(walked) -> None:
    order = PlacedOrder(id=1, number="1", token="t", key="k")
    placed = EVERYTHING.without([CARD_CHALLENGE.name]).with_value(ORDER, order)

    assert walked(placed) == ["BinNumberPage", "InstallmentSelectionPage", "CreditCardConfirmationPage"]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (DEAL.fill(b"another"), ["BinNumberPage", "InstallmentSelectionPage", "CreditCardConfirmationPage"]),
        (INSTALLMENT.fill(ChosenInstallment(pk=2, count=3)),
         ["BinNumberPage", "InstallmentSelectionPage", "CreditCardConfirmationPage"]),
        (CARD.fill(CardInfo("479184", 2)), ["BinNumberPage", "InstallmentSelectionPage"]),
        (PAYMENT_OPTION.fill(ChosenPayment(9, "credit_card")), ["BinNumberPage"]),
    ],
    ids=["deal", "installment", "card", "payment option"],
)  # fmt: skip
def test_a_change_ends_what_was_started_with_the_bank(walked, change, left) -> None:
    after, _ = EVERYTHING.apply(GRAPH, [change])

    assert not after.has(CARD_CHALLENGE)
    assert not after.has(THREE_D)
    assert walked(after) == left


def test_the_same_bin_again_disturbs_nothing() -> None:
    after, cleared = EVERYTHING.apply(GRAPH, [CARD.fill(CardInfo("542119", 1))])

    assert cleared == frozenset()
    assert after.has(CARD_CHALLENGE)


HEADS = {
    "BinNumberPage": ("fills",),
    "InstallmentSelectionPage": ("fills",),
    "CreditCardConfirmationPage": ("pays",),
    "CreditCardThreeDSecurePage": ("pays", "returns"),
}


@pytest.mark.parametrize("page", PLUGIN.vezne_register_chains()[0].pages, ids=lambda page: page.name)
def test_every_page_serves_orders_that_are_paid_later(page) -> None:
    assert page.post_order
    assert all(getattr(page, flag) for flag in HEADS[page.name])
    assert page.slug == page.name.lower()
