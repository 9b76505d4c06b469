"""Slots and their graph: what the start refuses, in which order sources are read, what falls."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Challenge, Clear, Deferred, Fact, Fill, Refused, Slot, SlotGraph, Source, Value
from vezne_core.standard import SLOTS


class Word(Value, frozen=True):
    text: str
    note: str = ""


def slot(name: str, *on: Slot[Any], **more: Any) -> Slot[Any]:
    return Slot(name, Word, depends_on=on, **more)


def fact(name: str, **more: Any) -> Fact[Any]:
    return Fact(name, Word, **more)


def source(of: Slot[Any], *reads: Slot[Any]) -> Source[Any]:
    return Source(of, lambda preorder, world: None, reads=reads)


def refused(slots: list[Slot[Any]], sources: list[Source[Any]] | None = None) -> list[str]:
    with pytest.raises(Refused) as caught:
        SlotGraph(slots, sources or [])
    return [str(problem) for problem in caught.value.problems]


A, B = slot("a"), slot("b")
WORLD = fact("world")


@pytest.mark.parametrize(
    ("slots", "sources", "told"),
    [
        pytest.param(
            [slot("b", A)], [], "slot b: a is not a slot of this merchant; enable its plugin",
            id="unknown edge",
        ),
        pytest.param(
            [WORLD], [source(WORLD, A)], "slot world: a is not a slot of this merchant; enable its plugin",
            id="unknown reading of a source",
        ),
        pytest.param(
            [A, B, slot("a")], [], "slot a: is registered twice; rename one of them",
            id="two slots of one name",
        ),
        pytest.param(
            [slot("a", wire="k"), slot("b", wire="k")], [], "slot b: shows as k, as a does",
            id="one wire key twice",
        ),
        pytest.param(
            [slot("a", wire={"k": "text"}), slot("b", wire="k")], [], "slot b: shows as k, as a does",
            id="one wire key twice, once as a part",
        ),
        pytest.param(
            [WORLD], [], "fact world: has no source; register one for it", id="fact without a source"
        ),
        pytest.param(
            [WORLD], [source(WORLD), source(WORLD)], "slot world: has two sources; keep one",
            id="fact with two sources",
        ),
        pytest.param(
            [A], [source(A), source(A)], "slot a: has two sources; keep one", id="two checks of one slot"
        ),
        pytest.param(
            [A], [source(B)], "source of b: its slot is not registered; register the slot",
            id="source of an unknown slot",
        ),
    ],
)  # fmt: skip
def test_start_refuses(slots: list[Slot[Any]], sources: list[Source[Any]], told: str) -> None:
    assert refused(slots, sources) == [told]


def test_every_problem_is_told_at_once() -> None:
    problems = refused([slot("b", A), slot("b"), fact("f")], [source(slot("x"))])

    assert len(problems) == 4
    assert {problem.partition(":")[0] for problem in problems} == {"slot b", "fact f", "source of x"}


def loop(*names: str) -> list[Slot[Any]]:
    """Slots that each depend on the next, the last on the first."""
    slots = {name: Slot(name, Word) for name in names}
    for name, on in zip(names, (*names[1:], names[0]), strict=True):
        slots[name].depends_on = (slots[on],)
    return list(slots.values())


@pytest.mark.parametrize("names", ["a", "ab", "abc", "abcdef"])
def test_circle_is_refused_with_its_whole_trail(names: str) -> None:
    (problem,) = refused([*loop(*names), slot("outside")])

    place, _, trail = problem.rpartition(": ")
    stations = trail.split(" → ")
    assert place == "slots: they depend on each other in a circle"
    assert stations[0] == stations[-1]
    assert sorted(stations[1:]) == sorted(names)


def test_circle_through_what_a_fact_reads_is_refused() -> None:
    answer = slot("answer", WORLD)

    (problem,) = refused([WORLD, answer], [source(WORLD, answer)])

    assert "circle" in problem
    assert "answer" in problem
    assert "world" in problem


def test_circle_through_the_order_of_a_check_is_refused() -> None:
    first = slot("first")
    second = slot("second", first)

    (problem,) = refused([first, second], [source(first, second)])

    assert "circle" in problem


def test_cascade_runs_through_slots_and_stops_at_facts() -> None:
    chosen = slot("chosen")
    detail = slot("detail", chosen)
    price = fact("price")
    paid = slot("paid", price)
    leaf = slot("leaf", detail, paid)
    graph = SlotGraph([chosen, detail, price, paid, leaf], [source(price, chosen)])

    assert graph.cascade(["chosen"]) == {"detail", "leaf"}
    assert graph.cascade(["price"]) == {"paid", "leaf"}
    assert graph.cascade(["leaf", "unknown"]) == set()


def test_what_a_check_reads_is_an_order_and_no_edge() -> None:
    read, checked = slot("read"), slot("checked")
    graph = SlotGraph([checked, read], [source(checked, read)])

    assert graph.cascade(["read"]) == set()
    assert graph.dependents("read") == frozenset()


def test_only_facts_something_hangs_on_are_watched() -> None:
    read, hung, idle = fact("read"), fact("hung"), fact("idle")
    graph = SlotGraph(
        [read, hung, idle, slot("answer", hung), slot("more", A), A],
        [source(read), source(hung, read), source(idle)],
    )

    assert graph.watched == {"read", "hung"}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Slot[Any]], list[Source[Any]]]:
    """Slots and facts in which each may depend on any that was made before it."""
    slots: list[Slot[Any]] = []
    sources: list[Source[Any]] = []
    for at in range(draw(st.integers(1, 8))):
        on = draw(st.lists(st.sampled_from(slots), unique=True, max_size=4)) if slots else []
        if draw(st.booleans()):
            made: Slot[Any] = fact(f"f{at}")
            sources.append(source(made, *on))
        else:
            made = slot(f"s{at}", *on)
            if draw(st.booleans()):
                read = draw(st.lists(st.sampled_from(slots), unique=True, max_size=3)) if slots else []
                sources.append(source(made, *read))
        slots.append(made)
    return slots, sources


@given(graphs())
def test_a_source_is_read_after_everything_it_reads(parts: tuple[list[Slot[Any]], list[Source[Any]]]) -> None:
    slots, sources = parts
    graph = SlotGraph(slots, sources)

    assert {each.slot.name for each in graph.order} == {each.slot.name for each in sources}
    place = {each.slot.name: at for at, each in enumerate(graph.order)}
    for each in graph.order:
        for before in (*each.reads, *each.slot.depends_on):
            assert place.get(before.name, -1) < place[each.slot.name]


@given(graphs(), st.randoms(use_true_random=False))
def test_order_of_registration_changes_nothing(
    parts: tuple[list[Slot[Any]], list[Source[Any]]], random: Any
) -> None:
    slots, sources = parts
    graph = SlotGraph(slots, sources)
    shuffled_slots, shuffled_sources = list(slots), list(sources)
    random.shuffle(shuffled_slots)
    random.shuffle(shuffled_sources)
    other = SlotGraph(shuffled_slots, shuffled_sources)

    assert other.watched == graph.watched
    for each in slots:
        assert other.cascade([each.name]) == graph.cascade([each.name])
        assert other.dependents(each.name) == graph.dependents(each.name)


@given(graphs(), st.data())
def test_a_cascade_is_closed_and_holds_no_fact(
    parts: tuple[list[Slot[Any]], list[Source[Any]]], data: st.DataObject
) -> None:
    slots, sources = parts
    graph = SlotGraph(slots, sources)
    start = data.draw(st.sets(st.sampled_from([each.name for each in slots]), max_size=3))
    fallen = graph.cascade(start)

    assert not any(graph.slots[name].fact for name in fallen)
    for name in start | fallen:
        assert {each for each in graph.dependents(name) if not graph.slots[each].fact} <= fallen


# Values in and out.


def test_changes_name_their_slot() -> None:
    assert A.fill(Word("x")) == Fill(A, Word("x"))
    assert A.clear() == Clear(A)
    assert A.fill(Word("x")) != B.fill(Word("x"))


def test_stored_form_reads_back() -> None:
    challenge = Slot("challenge", Challenge)
    value = Challenge(hand_off=Deferred(), show={"three_d": True})

    assert challenge.decode(challenge.encode(value)) == value
    assert A.decode(A.encode(Word("x", "y"))) == Word("x", "y")


def test_stored_form_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        A.decode(Slot("a", int).encode(1))


@pytest.mark.parametrize(
    ("same", "expected"),
    [
        pytest.param((), False, id="everything counts"),
        pytest.param(("text",), True, id="named fields count"),
        pytest.param(lambda word: word.text, True, id="what a function returns counts"),
        pytest.param(("note",), False, id="the other field"),
    ],
)
def test_what_counts_when_two_values_are_compared(same: Any, expected: bool) -> None:
    compared = Slot("a", Word, same=same)

    equal = compared.identity(Word("x", "one")) == compared.identity(Word("x", "two"))
    assert equal is expected


def test_standard_slots_have_names_and_wire_keys_of_their_own() -> None:
    """Without their sources: those are the host's."""
    reads = [source(each) for each in SLOTS if each.fact]

    graph = SlotGraph(SLOTS, reads)

    assert len(graph.slots) == len(SLOTS)
    assert not any("." in name for name in graph.slots)
