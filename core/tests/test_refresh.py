"""Reading the world anew: facts, checks, remote sources, and what a pre-order remembers of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vezne_core import (
    CheckoutSettings,
    Client,
    Config,
    Fact,
    Memory,
    PreOrder,
    Shopper,
    Slot,
    SlotGraph,
    Source,
    Unavailable,
    Value,
    World,
)
from vezne_core.refresh import Refreshed, refresh

pytestmark = pytest.mark.anyio


class Word(Value, frozen=True):
    text: str
    note: str = ""


class Nothing:
    """A catalogue without records."""

    revision = 1

    def all(self, type: Any) -> tuple[Any, ...]:
        return ()

    def get(self, type: Any, pk: int | None) -> None:
        return None


WORLD = World(
    shopper=Shopper(),
    client=Client(),
    basket=None,
    config=Config(revision=1, checkout=CheckoutSettings()),
    catalogue=Nothing(),
    now=datetime(2024, 6, 3, tzinfo=UTC),
)


class Shop:
    """What there is to read, by name of the slot; counts how often it was read."""

    def __init__(self, **values: Any) -> None:
        self.values: dict[str, Any] = values
        self.asked: list[str] = []

    def read(self, slot: Slot[Any]) -> Callable[..., Any]:
        def read(preorder: PreOrder, world: World) -> Any:
            self.asked.append(slot.name)
            value = self.values.get(slot.name)
            if isinstance(value, Exception):
                raise value
            return value(preorder) if callable(value) else value

        return read

    def source(self, slot: Slot[Any], *reads: Slot[Any], keep: bool = False) -> Source[Any]:
        return Source(slot, self.read(slot), reads=reads, keep=keep)


async def seen(graph: SlotGraph, preorder: PreOrder, memory: Memory, **more: Any) -> Refreshed:
    return await refresh(graph, preorder, WORLD, memory, **more)


PRICE = Fact("price", Word, same=("text",))
PAID = Slot("paid", Word, depends_on=(PRICE,))
RECEIPT = Slot("receipt", Word, depends_on=(PAID,))
CHOICE = Slot("choice", Word, same=("text",))
DETAIL = Slot("detail", Word, depends_on=(CHOICE,))


def filled(*slots: Slot[Any]) -> PreOrder:
    return PreOrder.of(*(slot.fill(Word("old")) for slot in slots))


# Facts.


async def test_fact_is_read_on_every_request_and_never_stored() -> None:
    shop = Shop(price=Word("1"))
    graph = SlotGraph([PRICE], [shop.source(PRICE)])

    first = await seen(graph, PreOrder("id", "m"), Memory())
    shop.values["price"] = Word("2")
    second = await seen(graph, first.preorder, Memory())

    assert (first.preorder.get(PRICE), second.preorder.get(PRICE)) == (Word("1"), Word("2"))
    assert second.preorder.raw == {}


async def test_changed_fact_clears_what_depends_on_it() -> None:
    shop, memory = Shop(price=Word("1")), Memory()
    graph = SlotGraph([PRICE, PAID, RECEIPT, CHOICE], [shop.source(PRICE)])
    before = await seen(graph, filled(PAID, RECEIPT, CHOICE), memory)
    shop.values["price"] = Word("2")

    after = await seen(graph, before.preorder, memory)

    assert before.cleared == frozenset()
    assert after.cleared == {"paid", "receipt"}
    assert set(after.preorder.raw) == {"choice"}


@pytest.mark.parametrize(
    "now", [pytest.param(Word("1"), id="the same"), pytest.param(Word("1", "renamed"), id="another label")]
)
async def test_fact_that_counts_the_same_clears_nothing(now: Word) -> None:
    shop, memory = Shop(price=Word("1")), Memory()
    graph = SlotGraph([PRICE, PAID], [shop.source(PRICE)])
    before = await seen(graph, filled(PAID), memory)
    shop.values["price"] = now

    after = await seen(graph, before.preorder, memory)

    assert after.cleared == frozenset()
    assert after.preorder.get(PRICE) == now


@pytest.mark.parametrize(
    ("first", "then"),
    [pytest.param(Word("1"), None, id="it is gone"), pytest.param(None, Word("1"), id="it is there")],
)
async def test_fact_that_comes_or_goes_is_a_change(first: Word | None, then: Word | None) -> None:
    shop, memory = Shop(price=first), Memory()
    graph = SlotGraph([PRICE, PAID], [shop.source(PRICE)])
    before = await seen(graph, filled(PAID), memory)
    shop.values["price"] = then

    assert (await seen(graph, before.preorder, memory)).cleared == {"paid"}


async def test_first_digest_of_a_fact_clears_nothing() -> None:
    """A row whose digests are of another version, or of before the fact was there, goes on."""
    shop, memory = Shop(price=Word("1")), Memory()
    graph = SlotGraph([PRICE, PAID], [shop.source(PRICE)])

    result = await seen(graph, filled(PAID), memory)

    assert result.cleared == frozenset()
    assert memory.facts.keys() == {"price"}


async def test_only_facts_that_something_hangs_on_are_remembered() -> None:
    idle, memory = Fact("idle", Word), Memory()
    shop = Shop(price=Word("1"), idle=Word("1"))
    graph = SlotGraph([PRICE, PAID, idle], [shop.source(PRICE), shop.source(idle)])

    await seen(graph, PreOrder("id", "m"), memory)

    assert memory.facts.keys() == {"price"}
    assert len(memory.facts["price"]) == 16


async def test_cascade_stops_at_a_fact_and_goes_on_only_if_its_value_differs() -> None:
    """A coupon that leaves the total unchanged disturbs nobody."""
    coupon = Slot("coupon", Word)
    shop = Shop(price=lambda preorder: Word("90" if preorder.has(coupon) else "100"))
    graph = SlotGraph([coupon, PRICE, PAID], [shop.source(PRICE, coupon)])
    memory = Memory()
    before = (await seen(graph, filled(PAID), memory)).preorder

    unchanged, _ = before.apply(graph, [coupon.fill(Word("useless"))])
    shop.values["price"] = Word("100")
    assert (await seen(graph, unchanged, memory)).cleared == frozenset()

    shop.values["price"] = Word("90")
    assert (await seen(graph, unchanged, memory)).cleared == {"paid"}


async def test_fact_sees_the_facts_it_reads_as_they_are_now() -> None:
    total = Fact("total", Word)
    shop = Shop(price=Word("1"), total=lambda preorder: Word("sum of " + preorder.require(PRICE).text))
    graph = SlotGraph([total, PRICE], [shop.source(total, PRICE), shop.source(PRICE)])
    before = (await seen(graph, PreOrder("id", "m"), Memory())).preorder
    shop.values["price"] = Word("2")

    assert (await seen(graph, before, Memory())).preorder.get(total) == Word("sum of 2")


# Checks.


async def test_answer_that_the_world_no_longer_supports_is_dropped_with_what_hangs_on_it() -> None:
    shop = Shop(choice=None)
    graph = SlotGraph([CHOICE, DETAIL], [shop.source(CHOICE)])

    result = await seen(graph, filled(CHOICE, DETAIL), Memory())

    assert result.cleared == {"choice", "detail"}
    assert result.preorder.raw == {}


async def test_answer_is_taken_as_it_stands_now() -> None:
    shop = Shop(choice=Word("new"))
    graph = SlotGraph([CHOICE, DETAIL], [shop.source(CHOICE)])

    result = await seen(graph, filled(CHOICE, DETAIL), Memory())

    assert result.preorder.get(CHOICE) == Word("new")
    assert result.cleared == {"detail"}


async def test_answer_that_counts_the_same_is_renewed_without_disturbing_anybody() -> None:
    shop = Shop(choice=Word("old", "renamed"))
    graph = SlotGraph([CHOICE, DETAIL], [shop.source(CHOICE)])

    result = await seen(graph, filled(CHOICE, DETAIL), Memory())

    assert result.preorder.get(CHOICE) == Word("old", "renamed")
    assert result.cleared == frozenset()
    assert CHOICE.decode(result.preorder.raw["choice"]) == Word("old", "renamed")


async def test_empty_slot_is_not_checked() -> None:
    shop = Shop()
    await seen(SlotGraph([CHOICE], [shop.source(CHOICE)]), PreOrder("id", "m"), Memory())

    assert shop.asked == []


async def test_slot_that_fell_in_the_same_refresh_is_not_checked() -> None:
    shop, memory = Shop(price=Word("1"), paid=Word("old")), Memory()
    graph = SlotGraph([PAID, PRICE], [shop.source(PAID), shop.source(PRICE)])
    before = (await seen(graph, filled(PAID), memory)).preorder
    shop.values["price"], shop.asked = Word("2"), []

    await seen(graph, before, memory)

    assert shop.asked == ["price"]


async def test_facts_alone_are_read_when_checks_are_left_out() -> None:
    shop = Shop(price=Word("1"), choice=None)
    graph = SlotGraph([PRICE, CHOICE], [shop.source(PRICE), shop.source(CHOICE)])

    result = await seen(graph, filled(CHOICE), Memory(), checks=False)

    assert shop.asked == ["price"]
    assert result.preorder.has(CHOICE)
    assert result.preorder.has(PRICE)


# Remote sources.


def remote(shop: Shop) -> SlotGraph:
    """A price that a remote service tells for a choice, and an answer that hangs on it."""
    return SlotGraph([CHOICE, PRICE, PAID], [shop.source(PRICE, CHOICE, keep=True)])


async def test_remote_source_is_asked_again_only_when_its_inputs_change() -> None:
    shop, memory = Shop(price=Word("1")), Memory()
    graph, preorder = remote(shop), filled(CHOICE, PAID)
    for _ in range(3):
        preorder = (await seen(graph, preorder, memory)).preorder
    assert shop.asked == ["price"]

    preorder, _ = preorder.apply(graph, [CHOICE.fill(Word("old", "renamed"))])
    preorder = (await seen(graph, preorder, memory)).preorder
    assert shop.asked == ["price"]

    preorder, _ = preorder.apply(graph, [CHOICE.fill(Word("new"))])
    result = await seen(graph, preorder, memory)
    assert shop.asked == ["price", "price"]
    assert result.cleared == frozenset()


async def test_remembered_answer_survives_the_row() -> None:
    shop, memory = Shop(price=Word("1", "kept")), Memory()
    preorder = (await seen(remote(shop), filled(CHOICE), memory)).preorder
    stored = msgspec.msgpack.encode(memory)

    again = await seen(
        remote(shop), PreOrder("id", "m", raw=preorder.raw), msgspec.msgpack.decode(stored, type=Memory)
    )

    assert shop.asked == ["price"]
    assert again.preorder.get(PRICE) == Word("1", "kept")


async def test_remote_source_may_be_a_coroutine() -> None:
    async def ask(preorder: PreOrder, world: World) -> Word:
        return Word("quoted")

    graph = SlotGraph([CHOICE, PRICE], [Source(PRICE, ask, reads=(CHOICE,), keep=True)])

    assert (await seen(graph, filled(CHOICE), Memory())).preorder.get(PRICE) == Word("quoted")


async def test_remote_source_that_fails_counts_as_empty_and_is_asked_again() -> None:
    shop, memory = Shop(price=Word("1")), Memory()
    graph = remote(shop)
    preorder = (await seen(graph, filled(CHOICE, PAID), memory)).preorder
    preorder, _ = preorder.apply(graph, [CHOICE.fill(Word("new"))])
    shop.values["price"] = Unavailable("no answer in 10 s")

    failed = await seen(graph, preorder, memory)
    assert failed.failed == {"price": "no answer in 10 s"}
    assert failed.preorder.get(PRICE) is None
    assert failed.cleared == {"paid"}

    shop.values["price"] = Word("1")
    well = await seen(graph, failed.preorder, memory)
    assert well.failed == {}
    assert well.preorder.get(PRICE) == Word("1")
    assert len(shop.asked) == 3


async def test_other_errors_of_a_source_are_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        await seen(remote(Shop(price=ZeroDivisionError())), filled(CHOICE), Memory())


async def test_nothing_is_not_remembered_as_an_answer() -> None:
    shop, memory = Shop(price=None), Memory()
    for _ in range(2):
        await seen(remote(shop), filled(CHOICE), memory)

    assert shop.asked == ["price", "price"]
    assert memory.kept == {}


async def test_remote_check_is_asked_about_the_answer_in_hand() -> None:
    """Another choice is never overwritten by what was said about the one before."""
    shop, memory = Shop(choice=lambda preorder: preorder.require(CHOICE)), Memory()
    graph = SlotGraph([CHOICE, PRICE], [shop.source(CHOICE, PRICE, keep=True), shop.source(PRICE)])
    preorder = (await seen(graph, filled(CHOICE), memory)).preorder
    preorder = (await seen(graph, preorder, memory)).preorder
    assert shop.asked.count("choice") == 1

    preorder, _ = preorder.apply(graph, [CHOICE.fill(Word("new"))])
    result = await seen(graph, preorder, memory)

    assert result.preorder.get(CHOICE) == Word("new")
    assert shop.asked.count("choice") == 2


async def test_remote_check_drops_an_answer_that_is_no_longer_offered() -> None:
    shop, memory = Shop(choice=Word("old"), price=Word("1")), Memory()
    graph = SlotGraph([CHOICE, PRICE, DETAIL], [shop.source(CHOICE, PRICE, keep=True), shop.source(PRICE)])
    preorder = (await seen(graph, filled(CHOICE, DETAIL), memory)).preorder
    shop.values |= {"choice": None, "price": Word("2")}

    assert (await seen(graph, preorder, memory)).cleared == {"choice", "detail"}


# Several refreshes of one request.

TAX = Fact("tax", Word)
LEVY = Slot("levy", Word, depends_on=(TAX,))


async def test_fact_is_computed_again_in_a_request_only_when_what_it_reads_has_changed() -> None:
    shop = Shop(price=Word("1"), tax=lambda preorder: preorder.get(CHOICE))
    graph = SlotGraph([PRICE, CHOICE, TAX, LEVY], [shop.source(PRICE), shop.source(TAX, CHOICE)])
    memory, readings = Memory(), dict[str, Any]()

    first = await seen(graph, filled(CHOICE, LEVY), memory, readings=readings)
    again = await seen(graph, first.preorder, memory, readings=readings)
    answered, _ = again.preorder.apply(graph, (CHOICE.fill(Word("new")),))
    last = await seen(graph, answered, memory, readings=readings)

    assert shop.asked == ["price", "tax", "tax"]
    assert (again.cleared, last.cleared) == (frozenset(), {"levy"})
    assert (last.preorder.get(PRICE), last.preorder.get(TAX)) == (Word("1"), Word("new"))


async def test_fact_that_was_read_before_is_put_into_any_snapshot() -> None:
    shop = Shop(price=Word("1"))
    graph = SlotGraph([PRICE], [shop.source(PRICE)])
    memory, readings = Memory(), dict[str, Any]()
    await seen(graph, PreOrder("id", "m"), memory, readings=readings)

    other = await seen(graph, PreOrder("id", "m"), memory, readings=readings)

    assert other.preorder.get(PRICE) == Word("1")


async def test_remote_fact_that_failed_is_asked_again_by_the_next_refresh() -> None:
    shop = Shop(price=Unavailable("away"))
    graph = SlotGraph([PRICE], [shop.source(PRICE, keep=True)])
    memory, readings = Memory(), dict[str, Any]()
    await seen(graph, PreOrder("id", "m"), memory, readings=readings)
    shop.values["price"] = Word("1")

    then = await seen(graph, PreOrder("id", "m"), memory, readings=readings)

    assert then.preorder.get(PRICE) == Word("1")


async def test_memory_is_copied_without_ties() -> None:
    memory = Memory(facts={"price": b"1"}, shown=b"2")
    copy = memory.copy()
    copy.facts["price"] = b"other"

    assert memory == Memory(facts={"price": b"1"}, shown=b"2")


# A world that changes at will, and answers that come and go.


class ChangingWorld(RuleBasedStateMachine):
    """No answer survives a change of what it depends on; nothing else falls; facts are as the world is."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        self.preorder = PreOrder("id", "m")

    @initialize(data=st.data(), size=st.integers(3, 7))
    def build(self, data: st.DataObject, size: int) -> None:
        self.shop = Shop()
        self.slots: list[Slot[Any]] = []
        sources = []
        for at in range(size):
            on = data.draw(st.lists(st.sampled_from(self.slots), unique=True, max_size=2)) if at else []
            if data.draw(st.booleans()):
                made: Slot[Any] = Fact(f"f{at}", Word, same=("text",))
                keep = bool(on) and data.draw(st.booleans())
                sources.append(self.shop.source(made, *on, keep=keep))
                self.shop.values[made.name] = Word("a")
            else:
                made = Slot(f"s{at}", Word, depends_on=on, same=("text",))
            self.slots.append(made)
        self.graph = SlotGraph(self.slots, sources)
        self.kept = {source.slot.name for source in sources if source.keep}
        self.stamps: dict[str, dict[str, bytes | None]] = {}
        self.look()

    def depends_on(self, slot: Slot[Any]) -> list[Slot[Any]]:
        return [on for on in self.slots if slot.name in self.graph.dependents(on.name)]

    def stamp(self, slot: Slot[Any]) -> dict[str, bytes | None]:
        """What the slot depends on, as it is now."""
        values = {on.name: self.preorder.get(on) for on in self.depends_on(slot)}
        return {
            name: None if value is None else self.graph.slots[name].identity(value)
            for name, value in values.items()
        }

    @rule()
    def look(self) -> None:
        coroutine = refresh(self.graph, self.preorder, WORLD, self.memory)
        with pytest.raises(StopIteration) as ended:
            coroutine.send(None)
        before = set(self.preorder.raw)
        self.preorder = ended.value.value.preorder
        fallen = before - set(self.preorder.raw)
        assert fallen == ended.value.value.cleared
        for name in fallen:
            assert self.stamps[name] != self.stamp(self.graph.slots[name]) or fallen & set(self.stamps[name])

    @rule(data=st.data(), text=st.sampled_from("abc"), note=st.sampled_from("xy"))
    def answer(self, data: st.DataObject, text: str, note: str) -> None:
        answers = [slot for slot in self.slots if not slot.fact]
        if not answers:
            return
        slot = data.draw(st.sampled_from(answers))
        self.preorder, _ = self.preorder.apply(self.graph, [slot.fill(Word(text, note))])
        self.stamps[slot.name] = self.stamp(slot)
        self.look()

    @rule(data=st.data(), value=st.none() | st.builds(Word, st.sampled_from("abc"), st.sampled_from("xy")))
    def turn(self, data: st.DataObject, value: Word | None) -> None:
        facts = [slot.name for slot in self.slots if slot.fact and slot.name not in self.kept]
        if facts:
            self.shop.values[data.draw(st.sampled_from(facts))] = value
            self.look()

    @invariant()
    def answers_stand_on_what_they_were_given_on(self) -> None:
        for slot in getattr(self, "slots", ()):
            if not slot.fact and self.preorder.has(slot):
                assert self.stamps[slot.name] == self.stamp(slot)

    @invariant()
    def facts_are_as_the_world_is(self) -> None:
        for slot in getattr(self, "slots", ()):
            if slot.fact and slot.name not in self.kept:
                assert self.preorder.get(slot) == self.shop.values[slot.name]


TestChangingWorld = ChangingWorld.TestCase
TestChangingWorld.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
