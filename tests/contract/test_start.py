"""The start takes the whole specification, in any order, and any part of it that can stand alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vezne_core import Chain, Flow, Junction, Refused, Slot, SlotGraph, Source
from vezne_core.standard import PROMISES

from .heads import ALL, CONSTANT, HEADS, PageHead
from .plugin import PLUGINS, Assembly
from .shop import DELIVERY_TYPES, PAYMENT_TYPES, Shop

WHOLE = Assembly(Shop())
OWED = {junction.name for junction in PROMISES} | {"PAYMENT"}
"""Junctions that somebody must serve."""


def problems(plugins: Iterable[str]) -> list[str]:
    """Return what the start has against a set of plugins."""
    try:
        Assembly(Shop(), plugins)
    except Refused as refused:
        return [str(problem) for problem in refused.problems]
    return []


def refused(chains: list[tuple[str, Chain]], graph: SlotGraph = WHOLE.graph) -> list[str]:
    """Return what the start has against chains."""
    with pytest.raises(Refused) as caught:
        Flow(chains, graph)
    return [str(problem) for problem in caught.value.problems]


def servers(junction: str) -> set[str]:
    """Return the plugins with a chain on the walk at a junction."""
    return {
        plugin
        for plugin, pages in HEADS.pages.items()
        for head in pages.values()
        if head.junction == junction and not head.independent
    }


# The whole.


def test_every_page_and_slot_of_the_specification_is_there() -> None:
    pages = {page.name for page in WHOLE.flow.pages.values()}

    assert len(pages) == 91
    assert pages == set(HEADS.page)
    assert set(WHOLE.graph.slots) == {head.name for head in HEADS.slots.values()}
    assert set(WHOLE.flow.pages) - pages == {"LoyaltyPaymentSelectedPage"}


def test_every_way_to_pay_and_to_deliver_has_a_chain() -> None:
    assert len(PAYMENT_TYPES) == 18
    for payment_type in PAYMENT_TYPES:
        assert WHOLE.flow.serving(Junction.PAYMENT, payment_type) is not None
    served = [kind for kind in DELIVERY_TYPES.values() if WHOLE.flow.serving(Junction.DELIVERY_TARGET, kind)]
    assert served == ["customer", "retail_store", "pickup_location"]
    assert len(WHOLE.flow.at(Junction.SHIPPING)) == 5
    assert len(WHOLE.flow.at(Junction.DELIVERY_MODE)) == 2


def test_every_fact_has_a_source_and_is_read_after_what_it_reads() -> None:
    facts = {name for name, slot in WHOLE.graph.slots.items() if slot.fact}
    order = [source.slot.name for source in WHOLE.graph.order]

    assert facts <= set(order)
    for source in WHOLE.graph.order:
        for read in source.reads:
            assert read.name not in order[order.index(source.slot.name) :]


@pytest.mark.parametrize(
    "constant", [each for each, head in HEADS.slots.items() if head.fact or head.checked_after]
)
def test_source_reads_what_the_table_says(constant: str) -> None:
    head = HEADS.slots[constant]
    source = next(each for each in WHOLE.graph.order if each.slot.name == head.name)
    expected = head.reads if head.fact else head.checked_after or ()
    remote = {"BASKET", "SHOPPER"} if constant == "DELIVERY_OPTION" else set()  # the remote page is enabled

    assert {CONSTANT[read.name] for read in source.reads} == {*expected, *remote}
    assert source.keep is (head.keep or bool(remote))


def test_every_slot_that_a_started_payment_hangs_on_hangs_on_the_deal() -> None:
    """A changed amount ends the attempt that was begun for another."""
    fallen = WHOLE.graph.cascade([ALL["DEAL"].name])

    for head in HEADS.page.values():
        if head.challenge:
            assert ALL[head.challenge].name in fallen, head.challenge


def test_whatever_was_answered_about_the_payment_falls_with_the_payment_option() -> None:
    fallen = WHOLE.graph.cascade([ALL["PAYMENT_OPTION"].name])
    later = {
        constant
        for plugin, pages in HEADS.pages.items()
        for head in pages.values()
        if plugin.startswith("payment_") and not head.independent
        for constant in (*head.fills, *filter(None, [head.challenge]))
    }

    assert {ALL[constant].name for constant in later} <= fallen
    assert ALL["GIFT_CARDS"].name not in fallen
    assert ALL["LOYALTY_USE"].name not in fallen


# In any order.


def shuffled(random: Any) -> Callable[[list[Any]], list[Any]]:
    def shuffle(each: list[Any]) -> list[Any]:
        copy = list(each)
        random.shuffle(copy)
        return copy

    return shuffle


@settings(max_examples=40)
@given(st.permutations(PLUGINS), st.randoms(use_true_random=False))
def test_order_of_plugins_slots_and_sources_changes_nothing(order: list[str], random: Any) -> None:
    other = Assembly(Shop(), order, slots=shuffled(random), sources=shuffled(random))

    assert set(other.flow.pages) == set(WHOLE.flow.pages)
    assert other.graph.watched == WHOLE.graph.watched
    for name in WHOLE.graph.slots:
        assert other.graph.cascade([name]) == WHOLE.graph.cascade([name])
    for junction in Junction:
        chains = [chain for chain in WHOLE.flow.at(junction) if not chain.independent]
        assert {repr(chain) for chain in other.flow.at(junction)} == {
            repr(c) for c in WHOLE.flow.at(junction)
        }
        for chain in chains:
            if not junction.series:
                assert repr(other.flow.serving(junction, chain.serves)) == repr(chain)


@settings(max_examples=20)
@given(st.permutations([plugin for plugin in PLUGINS if plugin != "spine"]))
def test_order_of_plugins_changes_nothing_of_what_is_refused(order: list[str]) -> None:
    assert sorted(problems(order)) == sorted(problems([p for p in PLUGINS if p != "spine"])) != []


# In part.


@pytest.mark.parametrize("plugin", [plugin for plugin in PLUGINS if plugin != "spine"])
def test_any_plugin_can_be_left_out(plugin: str) -> None:
    """Whatever it serves another serves too, or owes nothing to those behind it."""
    assert problems([other for other in PLUGINS if other != plugin]) == []


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("IDENTITY", "junction identity: no enabled plugin serves it, so nobody fills contact"),
        (
            "DELIVERY_MODE",
            "junction delivery_mode: no enabled plugin serves it, so nobody fills delivery_option",
        ),
        (
            "DELIVERY_TARGET",
            "junction delivery_target: no enabled plugin serves it, so nobody fills destination, "
            "billing_address",
        ),
        ("SHIPPING", "junction shipping: no enabled plugin serves it, so nobody fills shipping"),
        (
            "PAYMENT_METHOD",
            "junction payment_method: no enabled plugin serves it, so nobody fills payment_option",
        ),
        ("PAYMENT", "junction payment: no enabled plugin takes a payment"),
    ],
)
def test_leaving_out_the_last_server_of_a_junction_is_refused_by_name(gone: str, told: str) -> None:
    others = [
        (plugin, chain) for plugin, chain in Assembly(Shop()).chains
        if chain.junction is not Junction[gone] or chain.independent
    ]  # fmt: skip

    assert [problem for problem in refused(others) if problem.startswith(told + ";")] != []


@pytest.mark.parametrize("plugin", sorted(servers("PAYMENT")))
def test_one_way_to_pay_is_enough(plugin: str) -> None:
    others = servers("PAYMENT") - {plugin}
    needing_a_card = {"card_campaigns", "card_rewards"}  # they need a card, which not every way asks for

    assert problems([each for each in PLUGINS if each not in others | needing_a_card]) == []


LEAN = ("spine", "shipping_home", "shipping_standard", "payment_funds_transfer")


def test_a_lean_shop_starts() -> None:
    assert problems(LEAN) == []


def expected(plugins: set[str]) -> set[str]:
    """Return the places of what has to be refused of a set of plugins, from the tables alone."""
    places = {f"junction {Junction[junction].value}" for junction in OWED if not servers(junction) & plugins}
    heads: list[tuple[str, PageHead]] = [
        (plugin, head) for plugin in plugins for head in HEADS.pages[plugin].values()
    ]
    filled = {constant for _, head in heads for constant in (*head.fills, *head.touches)}
    filled |= {constant for constant, head in HEADS.slots.items() if head.fact and head.plugin in plugins}
    filled |= {CONSTANT[slot.name] for promised in PROMISES.values() for slot in promised}
    filled |= {"ORDER", "ORDER_NUMBER", *(head.challenge for _, head in heads if head.challenge)}
    for plugin, head in heads:
        if any(need not in filled for need in head.needs):
            places.add(f"plugin {plugin}")
    return places


@settings(max_examples=150)
@given(st.sets(st.sampled_from([plugin for plugin in PLUGINS if plugin != "spine"])))
def test_any_set_of_plugins_starts_or_is_refused_by_what_is_missing(chosen: set[str]) -> None:
    plugins = chosen | {"spine"}
    told = problems([plugin for plugin in PLUGINS if plugin in plugins])

    assert {problem.partition(":")[0] for problem in told} >= expected(plugins)
    assert bool(told) is bool(expected(plugins))


# What the start refuses of the whole (the rules one by one are core's tests).


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_twice_is_refused_by_name(plugin: str) -> None:
    """Two distributions may not take each other's pages over."""
    again = [chain for owner, chain in Assembly(Shop()).chains if owner == plugin]
    told = refused([*WHOLE.chains, *(("copycat", chain) for chain in again)])

    for name in HEADS.pages[plugin]:
        assert any(
            problem.startswith(f"plugin copycat: page {name} is also a page of {plugin}") for problem in told
        )


@pytest.mark.parametrize("constant", [each for each, head in HEADS.slots.items() if head.plugin != "spine"])
def test_a_slot_that_nobody_registers_is_refused_with_the_pages_that_use_it(constant: str) -> None:
    """A plugin may forget to return one of its slots."""
    name = HEADS.slots[constant].name
    users = {
        page
        for page, head in HEADS.page.items()
        if constant in (*head.needs, *head.fills, *head.touches, *head.resets, *head.forgets, head.challenge)
    }
    hung = [slot for slot in WHOLE.graph.slots.values() if constant in _on(slot)]
    left = [slot for slot in WHOLE.graph.slots.values() if slot.name != name]
    sources = [source for source in WHOLE.graph.order if source.slot.name != name]
    reads = [source for source in sources if any(read.name == name for read in source.reads)]
    if hung or reads:
        with pytest.raises(Refused) as caught:
            SlotGraph(left, sources)
        assert f"{name} is not a slot of this merchant" in str(caught.value)
    elif users:
        told = refused(WHOLE.chains, SlotGraph(left, sources))
        for page in users:
            assert any(f"{page} uses slot {name}, which nobody registers" in problem for problem in told)


def _on(slot: Slot[Any]) -> set[str]:
    return {CONSTANT[on.name] for on in slot.depends_on}


@pytest.mark.parametrize("constant", [each for each, head in HEADS.slots.items() if head.fact])
def test_a_fact_without_its_source_is_refused_by_name(constant: str) -> None:
    name = HEADS.slots[constant].name
    left: list[Source[Any]] = [source for source in WHOLE.graph.order if source.slot.name != name]

    with pytest.raises(Refused) as caught:
        SlotGraph(WHOLE.graph.slots.values(), left)

    assert [str(each) for each in caught.value.problems] == [
        f"fact {name}: has no source; register one for it"
    ]


def test_a_promotion_that_reads_what_its_own_sum_decides_is_refused_with_the_trail() -> None:
    """The two stages, before and after the payment option, keep the graph free of circles."""
    due = next(source for source in WHOLE.graph.order if source.slot is ALL["DUE"])
    circular = Source(due.slot, due.read, reads=(*due.reads, ALL["PAYMENT_CHOICE"]), keep=due.keep)
    sources = [circular if source is due else source for source in WHOLE.graph.order]

    with pytest.raises(Refused) as caught:
        SlotGraph(WHOLE.graph.slots.values(), sources)

    (problem,) = caught.value.problems
    trail = str(problem).rpartition(": ")[2].split(" → ")
    assert {"due", "payment_option", "payment_pay_on_delivery.choice"} <= set(trail)
