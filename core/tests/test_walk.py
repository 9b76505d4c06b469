"""The walk: the path of one shopper, derived afresh from what he answered."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_core import (
    BILLING_ADDRESS,
    CONFIG,
    CONTACT,
    DELIVERY_OPTION,
    DESTINATION,
    LINE_PRICES,
    ORDER,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    REDIRECTED,
    SHIPPING,
    THREE_D,
    Address,
    Chain,
    CheckoutSettings,
    ChosenDelivery,
    ChosenPayment,
    ChosenShipping,
    Config,
    Contact,
    Destination,
    Fill,
    Flow,
    Junction,
    Page,
    PlacedOrder,
    PreOrder,
    Slot,
    SlotGraph,
    Source,
    ThreeD,
)
from vezne_core.flow import forgotten
from vezne_core.standard import SLOTS

SAMPLES = Slot("samples.samples", str)
WRAPPING = Slot("wrapping.wrapping", str)
CHALLENGE = Slot("card.challenge", str)
TICKET = Slot("till.ticket", str)


def page(name: str, **head: Any) -> Page[Any]:
    made: Page[Any] = type(name, (Page,), head)()
    return made


def when(slot: Slot[Any]) -> Any:
    return lambda self, preorder: preorder.has(slot)


def always(self: Page[Any], preorder: PreOrder) -> bool:
    return True


def never(self: Page[Any], preorder: PreOrder) -> bool:
    return False


INDEX = page("IndexPage", junction=Junction.IDENTITY, fills=(CONTACT,))
MODE = page("ModePage", junction=Junction.DELIVERY_MODE, serves="ModePage", fills=(DELIVERY_OPTION,))
OTHER_MODE = page("OtherMode", junction=Junction.DELIVERY_MODE, serves="OtherMode", fills=(DELIVERY_OPTION,))
HOME = page(
    "HomePage", junction=Junction.DELIVERY_TARGET, serves="customer", fills=(DESTINATION, BILLING_ADDRESS)
)
STORE = page(
    "StorePage", junction=Junction.DELIVERY_TARGET, serves="store", fills=(DESTINATION, BILLING_ADDRESS)
)
PRICES = page("PricesPage", junction=Junction.PRICING, fills=(LINE_PRICES,), applies=never)
SHIP = page("ShipPage", junction=Junction.SHIPPING, serves="ShipPage", fills=(SHIPPING,))
SLOTTED = page(
    "SlottedPage", junction=Junction.SHIPPING, serves="SlottedPage", fills=(SHIPPING,), forgets=(SHIPPING,)
)
BAGS = page("BagsPage", junction=Junction.EXTRAS, independent=True, fills=(WRAPPING,))
SAMPLE = page("SamplePage", junction=Junction.EXTRAS, fills=(SAMPLES,), forgets=(SAMPLES,))
WRAP = page("WrapPage", junction=Junction.EXTRAS, fills=(WRAPPING,), forgets=(WRAPPING,))
METHOD = page("MethodPage", junction=Junction.PAYMENT_METHOD, fills=(PAYMENT_OPTION,), post_order=True)
CARD = page(
    "CardPage", junction=Junction.PAYMENT, serves="card", pays=True, challenge=CHALLENGE, post_order=True,
    forgets=(THREE_D,),
)  # fmt: skip
BANK = page("BankPage", needs=(CHALLENGE,), pays=True, returns=True, post_order=True, applies=when(CHALLENGE))
TILL = page("TillPage", junction=Junction.PAYMENT, serves="till", fills=(TICKET,), forgets=(TICKET,))
PAID = page("PaidPage", needs=(TICKET,), pays=True)
GIFT = page("GiftPage", junction=Junction.PAYMENT, serves="gift", pays=True, applies=when(WRAPPING))
DONE = page(
    "DonePage", junction=Junction.DONE, needs=(ORDER,), applies=when(ORDER), done=always, post_order=True
)
NOTE = page("NotePage", independent=True)


def assemble(*chains: Chain) -> Flow:
    sources: list[Source[Any]] = [Source(each, lambda preorder, world: None) for each in SLOTS if each.fact]
    graph = SlotGraph([*SLOTS, SAMPLES, WRAPPING, CHALLENGE, TICKET], sources)
    return Flow([("plugin", chain) for chain in chains], graph)


FLOW = assemble(
    Chain(DONE), Chain(NOTE), Chain(CARD, BANK), Chain(TILL, PAID), Chain(GIFT), Chain(METHOD), Chain(BAGS),
    Chain(SAMPLE), Chain(WRAP), Chain(SHIP), Chain(SLOTTED), Chain(PRICES), Chain(HOME), Chain(STORE),
    Chain(MODE), Chain(OTHER_MODE), Chain(INDEX),
)  # fmt: skip

ADDRESS = Address(country=1, city=34, township=3401)


def config(mode: str = "ModePage", shipping: str = "ShipPage") -> Fill:
    checkout = CheckoutSettings(
        CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE=mode, CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE=shipping
    )
    return CONFIG.fill(Config(revision=1, checkout=checkout))


def delivery(type: str = "customer", shipping_page: str | None = None) -> Fill:
    return DELIVERY_OPTION.fill(ChosenDelivery(pk=1, type=type, page="ModePage", shipping_page=shipping_page))


def payment(type: str = "card") -> Fill:
    return PAYMENT_OPTION.fill(ChosenPayment(1, type))


IDENTIFIED = [CONTACT.fill(Contact("ada@example.com"))]
TARGET = [
    DESTINATION.fill(Destination(kind="customer", address=ADDRESS)), BILLING_ADDRESS.fill(ADDRESS),
]  # fmt: skip
SHIPPED = [SHIPPING.fill(ChosenShipping(pk=1, page="ShipPage"))]
EXTRA = [SAMPLES.fill("one"), WRAPPING.fill("red")]
READY = [*IDENTIFIED, delivery(), *TARGET, *SHIPPED, *EXTRA]
PLACED = ORDER.fill(PlacedOrder(id=1, number="1", token="t", key="k"))

TO_EXTRAS = ["IndexPage", "ModePage", "HomePage", "ShipPage"]
TO_METHOD = [*TO_EXTRAS, "SamplePage", "WrapPage", "MethodPage"]


def path(preorder: PreOrder, flow: Flow = FLOW) -> list[str]:
    return [station.page.name for station in flow.walk(preorder).stations]


def made(*fills: Fill, post_order: bool = False) -> PreOrder:
    preorder = PreOrder.of(config(), *fills)
    return PreOrder(
        "id", "m", raw=preorder.raw, values={"config": preorder.get(CONFIG)}, post_order=post_order
    )


@pytest.mark.parametrize(
    ("fills", "walked"),
    [
        pytest.param([], ["IndexPage"], id="it starts where nothing is known"),
        pytest.param(IDENTIFIED, ["IndexPage", "ModePage"], id="it stops at the first page that is not done"),
        pytest.param(
            [*IDENTIFIED, *TARGET, *SHIPPED], ["IndexPage", "ModePage"], id="what is filled ahead waits"
        ),
        pytest.param(
            [*IDENTIFIED, delivery()], ["IndexPage", "ModePage", "HomePage"], id="the key picks the chain"
        ),
        pytest.param(
            [*IDENTIFIED, delivery("store")], ["IndexPage", "ModePage", "StorePage"],
            id="another key, another chain",
        ),
        pytest.param(
            [*IDENTIFIED, delivery(), *TARGET], TO_EXTRAS, id="a page that does not apply is passed over"
        ),
        pytest.param(
            [*IDENTIFIED, delivery("customer", "SlottedPage"), *TARGET],
            ["IndexPage", "ModePage", "HomePage", "SlottedPage"], id="the option's own page",
        ),
        pytest.param(
            [*IDENTIFIED, delivery(), *TARGET, *SHIPPED], [*TO_EXTRAS, "SamplePage"],
            id="an independent page is not on the way",
        ),
        pytest.param(
            [*IDENTIFIED, delivery(), *TARGET, *SHIPPED, SAMPLES.fill("one")],
            [*TO_EXTRAS, "SamplePage", "WrapPage"], id="every chain of a series is walked",
        ),
        pytest.param(READY, TO_METHOD, id="the method, when all before it is done"),
        pytest.param([*READY, payment()], [*TO_METHOD, "CardPage"], id="one alternative is walked"),
        pytest.param(
            [*READY, payment("till")], [*TO_METHOD, "TillPage"], id="a chain is walked from its first page"
        ),
        pytest.param(
            [*READY, payment("till"), TICKET.fill("t")], [*TO_METHOD, "TillPage", "PaidPage"],
            id="a chain is walked to the page that waits",
        ),
        pytest.param(
            [*READY, payment(), CHALLENGE.fill("c")], [*TO_METHOD, "CardPage", "BankPage"],
            id="a paying page is done by its challenge",
        ),
        pytest.param(
            [*READY, payment(), PLACED], [*TO_METHOD, "CardPage", "DonePage"],
            id="a paying page is done by the order",
        ),
        pytest.param(
            [*READY, payment("cash")], TO_METHOD, id="a key nobody serves is chosen anew",
        ),
        pytest.param(
            [*IDENTIFIED, delivery("balloon"), *TARGET], ["IndexPage", "ModePage"],
            id="an earlier key nobody serves is chosen anew",
        ),
        pytest.param(
            [*IDENTIFIED, delivery("customer", "GonePage"), *TARGET, *SHIPPED], ["IndexPage", "ModePage"],
            id="a key of a later junction leads back to its own page",
        ),
        pytest.param([*READY, payment("gift")], [*TO_METHOD, "GiftPage"], id="a chain that applies serves"),
    ],
)  # fmt: skip
def test_path(fills: list[Fill], walked: list[str]) -> None:
    assert path(made(*fills)) == walked


def test_chain_in_which_no_page_applies_does_not_serve() -> None:
    """Its key is asked again, rather than the junction passed over without a payment."""
    without_wrapping = [fill for fill in READY if fill.slot is not WRAPPING]
    flow = assemble(
        *(Chain(each) for each in (INDEX, MODE, HOME, SHIP, SAMPLE, METHOD, GIFT, DONE)), Chain(CARD, BANK)
    )
    preorder = made(*without_wrapping, payment("gift"))

    assert path(preorder, flow)[-1] == "MethodPage"
    assert flow.walk(preorder).pending is METHOD
    assert not flow.takes(Junction.PAYMENT, preorder)
    assert flow.takes(Junction.PAYMENT, preorder.with_value(WRAPPING, "red"))


def test_key_is_chosen_anew_on_the_page_of_the_shopper_s_own_path() -> None:
    """Two pages fill the key's slot; only one of them is on the way."""
    fills = (*IDENTIFIED, delivery("customer", "GonePage"), *TARGET)
    preorder = PreOrder.of(config(mode="OtherMode"), *fills)

    assert path(preorder) == ["IndexPage", "OtherMode"]
    assert FLOW.walk(preorder).pending is OTHER_MODE


def test_key_that_only_a_setting_decides_leads_to_the_page_before() -> None:
    preorder = PreOrder.of(config(mode="GonePage"), *IDENTIFIED)

    assert path(preorder) == ["IndexPage"]
    assert FLOW.walk(preorder).pending is INDEX


def test_pending_page_is_the_last_one_and_the_only_one_not_done() -> None:
    walk = FLOW.walk(made(*READY))

    assert walk.pending is METHOD
    assert walk.last is METHOD
    assert [station.done for station in walk.stations] == [True] * 6 + [False]


def test_nothing_is_pending_at_the_end() -> None:
    walk = FLOW.walk(made(*READY, payment(), PLACED))

    assert walk.pending is None
    assert walk.last is DONE


def test_flow_without_a_last_page_ends_after_the_payment() -> None:
    flow = assemble(
        Chain(INDEX), Chain(MODE), Chain(HOME), Chain(SHIP), Chain(METHOD), Chain(CARD), Chain(TILL, PAID)
    )

    assert path(made(*READY, payment(), PLACED), flow)[-1] == "CardPage"
    assert flow.walk(made(*READY, payment(), PLACED)).pending is None


def test_independent_pages_are_passed_where_they_stand() -> None:
    def passed(*fills: Fill) -> list[str]:
        return [chain.pages[0].name for chain in FLOW.walk(made(*fills)).passed]

    assert passed(*IDENTIFIED, delivery(), *TARGET) == []
    assert passed(*IDENTIFIED, delivery(), *TARGET, *SHIPPED) == ["BagsPage"]
    assert passed(*READY) == ["BagsPage"]


def test_after_a_page_comes_what_the_walk_yields_behind_it() -> None:
    walk = FLOW.walk(made(*READY))

    assert [each.name for each in walk.after(SHIP)] == ["SamplePage", "WrapPage", "MethodPage"]
    assert walk.after(METHOD) == []
    assert len(walk.after(NOTE)) == len(walk.stations)
    assert walk.find(STORE) is None


def test_walk_only_looks() -> None:
    preorder = made(*READY, payment("cash"))
    first, second = path(preorder), path(preorder)

    assert first == second
    assert set(preorder.raw) == set(made(*READY, payment("cash")).raw)


# Paying for an order that stands.


def test_post_order_begins_with_the_method_and_passes_closed_pages() -> None:
    assert path(made(post_order=True)) == ["MethodPage"]
    assert path(made(payment(), post_order=True)) == ["MethodPage", "CardPage"]
    assert path(made(payment(), CHALLENGE.fill("c"), post_order=True)) == [
        "MethodPage",
        "CardPage",
        "BankPage",
    ]
    assert path(made(payment(), PLACED, post_order=True)) == ["MethodPage", "CardPage", "DonePage"]


def test_payment_type_whose_pages_are_closed_is_chosen_anew_in_a_post_order() -> None:
    preorder = made(payment("till"), post_order=True)

    assert path(preorder) == ["MethodPage"]
    assert not FLOW.takes(Junction.PAYMENT, preorder)
    assert FLOW.takes(Junction.PAYMENT, made(payment("till")))


# Going back.


def behind(of: Page[Any], *fills: Fill) -> list[str]:
    return [each.name for each in FLOW.behind(of, made(*fills))]


def test_pages_behind_are_those_of_the_shopper_s_way_last_first() -> None:
    assert behind(HOME, *READY, payment()) == [
        "CardPage", "MethodPage", "WrapPage", "SamplePage", "BagsPage", "ShipPage",
    ]  # fmt: skip
    assert behind(METHOD, *READY, payment(), CHALLENGE.fill("c"), PLACED) == [
        "DonePage",
        "BankPage",
        "CardPage",
    ]


def test_alternatives_that_are_not_taken_are_not_behind() -> None:
    assert "SlottedPage" not in behind(HOME, *READY, payment())
    assert "SlottedPage" in behind(HOME, *IDENTIFIED, delivery("customer", "SlottedPage"), *TARGET)
    assert "TillPage" not in behind(HOME, *READY, payment())


def test_pages_that_do_not_apply_are_not_behind() -> None:
    assert "PricesPage" not in behind(HOME, *READY)
    assert "BankPage" not in behind(HOME, *READY, payment())
    assert "BankPage" in behind(HOME, *READY, payment(), CHALLENGE.fill("c"))


def test_pages_behind_are_found_though_the_walk_stops_before_them() -> None:
    """What lies beyond the page that waits was answered before it had to be asked again."""
    assert "SamplePage" in behind(HOME, *IDENTIFIED, delivery(), *TARGET)


def test_later_chains_of_a_series_are_behind_and_earlier_ones_are_not() -> None:
    assert "WrapPage" in behind(SAMPLE, *READY)
    assert "SamplePage" not in behind(WRAP, *READY)


def test_later_pages_of_a_chain_are_behind_and_other_alternatives_are_not() -> None:
    assert behind(TILL, *READY, payment("till")) == ["PaidPage"]
    assert behind(PAID, *READY, payment("till")) == []


def test_nothing_is_behind_an_independent_page() -> None:
    assert behind(NOTE, *READY) == []


def test_a_key_nobody_serves_has_nobody_behind() -> None:
    assert behind(METHOD, *READY, payment("cash")) == []


def test_going_back_over_a_started_payment_forgets_its_challenge() -> None:
    assert forgotten([PAID, TILL]) == [TICKET]
    assert forgotten([BANK, CARD]) == [THREE_D, CHALLENGE, REDIRECTED]
    assert forgotten([CARD, CARD]) == [THREE_D, CHALLENGE, REDIRECTED]
    assert forgotten([NOTE]) == []


def test_forgotten_slots_belong_to_what_the_walk_can_reach() -> None:
    names = {slot.name for slot in forgotten(FLOW.behind(INDEX, made(*READY, payment())))}

    assert names == {"wrapping.wrapping", "samples.samples", "three_d", "card.challenge", "redirected"}
    assert ORDER_NUMBER.name not in names
    assert not {"shipping", "till.ticket"} & names


# When a page is done by itself.


@pytest.mark.parametrize(
    ("of", "fills", "done"),
    [
        pytest.param(HOME, [], False, id="nothing filled"),
        pytest.param(HOME, TARGET[:1], False, id="one of two filled"),
        pytest.param(HOME, TARGET, True, id="all filled"),
        pytest.param(NOTE, [], False, id="a page that fills nothing is not done"),
        pytest.param(CARD, [], False, id="no challenge yet"),
        pytest.param(CARD, [CHALLENGE.fill("c")], True, id="challenged"),
        pytest.param(
            PAID, [TICKET.fill("t")], False, id="a paying page without a challenge waits for the order"
        ),
        pytest.param(CARD, [THREE_D.fill(ThreeD(True))], False, id="what it touches is no answer"),
    ],
)
def test_page_is_done(of: Page[Any], fills: list[Fill], done: bool) -> None:
    assert of.done(PreOrder.of(*fills)) is done


def test_page_that_pays_and_fills_is_not_done_by_its_fills() -> None:
    both = page("BothPage", fills=(TICKET,), pays=True, challenge=CHALLENGE)

    assert not both.done(PreOrder.of(TICKET.fill("t")))
    assert both.done(PreOrder.of(CHALLENGE.fill("c")))


def test_slug_is_the_name_in_lower_case() -> None:
    assert (METHOD.name, METHOD.slug) == ("MethodPage", "methodpage")
