"""The pre-order: what a snapshot holds, and what an accepted submit does to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Change, Clear, Fact, Fill, Missing, PreOrder, Slot, SlotGraph, Source, Value


class Word(Value, frozen=True):
    text: str
    note: str = ""


OPTION = Slot("option", Word, same=("text",))
CARD = Slot("card", Word, depends_on=(OPTION,))
INSTALLMENT = Slot("installment", Word, depends_on=(OPTION, CARD))
DEAL = Fact("deal", Word)
CHALLENGE = Slot("challenge", Word, depends_on=(INSTALLMENT, DEAL))
ADDRESS = Slot("address", Word)
NOTE = Slot("note", Word)
GRAPH = SlotGraph(
    [OPTION, CARD, INSTALLMENT, DEAL, CHALLENGE, ADDRESS, NOTE],
    [Source(DEAL, lambda preorder, world: None, reads=(OPTION, ADDRESS))],
)
PAYING = (OPTION, CARD, INSTALLMENT, CHALLENGE)


def filled(*slots: Slot[Any]) -> PreOrder:
    return PreOrder.of(*(slot.fill(Word("old")) for slot in slots))


def names(preorder: PreOrder) -> set[str]:
    return set(preorder.raw)


# Reading.


def test_slot_that_nobody_filled_is_none_and_is_missed_when_required() -> None:
    preorder = filled(NOTE)

    assert preorder.get(CARD) is None
    assert not preorder.has(CARD)
    with pytest.raises(Missing) as caught:
        preorder.require(CARD)
    assert caught.value.name == "card"


def test_what_was_stored_is_decoded_when_it_is_asked_for() -> None:
    stored = PreOrder("id", "acme", 3, raw={"card": CARD.encode(Word("visa"))})

    assert stored.has(CARD)
    assert stored.get(CARD) == Word("visa")
    assert stored.require(CARD).text == "visa"


def test_facts_are_read_and_never_stored() -> None:
    preorder = filled(NOTE).with_value(DEAL, Word("100"))

    assert preorder.get(DEAL) == Word("100")
    assert preorder.has(DEAL)
    assert names(preorder) == {"note"}
    assert not preorder.with_value(DEAL, None).has(DEAL)


def test_snapshots_never_change() -> None:
    first = filled(CARD)
    first.with_value(CARD, Word("new"))
    first.without(["card"])
    first.apply(GRAPH, [CARD.fill(Word("new"))])
    first.at(9)

    assert first.get(CARD) == Word("old")
    assert first.revision == 0


def test_copies_keep_who_the_snapshot_is_of() -> None:
    first = PreOrder("id", "acme", 3, post_order=True)

    for copy in (
        first.with_value(CARD, Word("x")), first.without(["card"]), first.apply(GRAPH, [])[0],
    ):  # fmt: skip
        assert (copy.id, copy.merchant, copy.revision, copy.post_order) == ("id", "acme", 3, True)
    assert first.at(4).revision == 4


def test_slots_of_a_plugin_that_is_gone_survive_untouched() -> None:
    stored = PreOrder("id", "acme", raw={"gone.slot": b"\x81whatever", "card": CARD.encode(Word("visa"))})

    after, cleared = stored.apply(GRAPH, [OPTION.fill(Word("new"))], resets=PAYING)

    assert after.raw["gone.slot"] == b"\x81whatever"
    assert cleared == {"card"}


def test_identity_is_that_of_the_value_held_now_in_every_snapshot() -> None:
    first = filled(OPTION)
    renamed = first.with_value(OPTION, Word("old", note="renamed"))
    other = first.with_value(OPTION, Word("new"))

    assert renamed.identity(OPTION) == first.identity(OPTION) == OPTION.identity(Word("old"))
    assert other.identity(OPTION) == OPTION.identity(Word("new"))
    assert first.identity(OPTION) == OPTION.identity(Word("old"))
    assert first.identity(CARD) == b""


def test_emptying_a_slot_that_was_not_decoded_yet_empties_it() -> None:
    stored = PreOrder("id", "acme", raw={"card": CARD.encode(Word("visa"))})

    assert not stored.with_value(CARD, None).has(CARD)
    assert stored.get(CARD) == Word("visa")


# An accepted submit.


@pytest.mark.parametrize(
    ("before", "changes", "resets", "after", "cleared"),
    [
        pytest.param((), [CARD.fill(Word("new"))], [], {"card"}, set(), id="a first answer clears nothing"),
        pytest.param(
            (OPTION,), [CARD.fill(Word("new")), NOTE.fill(Word("new"))], [], {"option", "card", "note"},
            set(), id="several answers at once",
        ),
        pytest.param(
            PAYING, [OPTION.fill(Word("new"))], [], {"option"}, {"card", "installment", "challenge"},
            id="a changed answer clears what depends on it, and what depends on that",
        ),
        pytest.param(
            PAYING, [OPTION.fill(Word("old"))], [], {"option", "card", "installment", "challenge"}, set(),
            id="the same answer disturbs nobody",
        ),
        pytest.param(
            PAYING, [OPTION.fill(Word("old", note="renamed"))], [],
            {"option", "card", "installment", "challenge"}, set(), id="what does not count disturbs nobody",
        ),
        pytest.param(
            PAYING, [OPTION.fill(Word("new")), CARD.fill(Word("old"))], [], {"option", "card"},
            {"installment", "challenge"}, id="what the same outcome fills stays",
        ),
        pytest.param(
            PAYING, [CARD.clear()], [], {"option"}, {"card", "installment", "challenge"},
            id="an emptied answer clears what depends on it",
        ),
        pytest.param((OPTION,), [CARD.clear()], [], {"option"}, set(), id="emptying nothing clears nothing"),
        pytest.param(
            PAYING, [], [OPTION], set(), {"option", "card", "installment", "challenge"},
            id="a reset falls with its cascade",
        ),
        pytest.param(
            PAYING, [OPTION.fill(Word("old"))], [OPTION], {"option"}, {"card", "installment", "challenge"},
            id="a reset starts the branch afresh, though the answer is the same",
        ),
        pytest.param(
            PAYING, [CARD.fill(Word("old"))], [CARD], {"option", "card"}, {"installment", "challenge"},
            id="what was reset and answered the same is not cleared",
        ),
        pytest.param(
            (*PAYING, ADDRESS), [ADDRESS.fill(Word("new"))], [],
            {"option", "card", "installment", "challenge", "address"}, set(), id="a cascade stops at a fact",
        ),
        pytest.param(
            (NOTE, ADDRESS), [NOTE.clear(), NOTE.fill(Word("new"))], [], {"note", "address"}, set(),
            id="emptied and filled is filled",
        ),
        pytest.param(
            (), [NOTE.fill(Word("new")), NOTE.clear()], [], set(), set(), id="filled and emptied is empty"
        ),
    ],
)  # fmt: skip
def test_submit(
    before: tuple[Slot[Any], ...], changes: list[Change], resets: list[Slot[Any]], after: set[str],
    cleared: set[str],
) -> None:  # fmt: skip
    preorder, gone = filled(*before).apply(GRAPH, changes, resets)

    assert names(preorder) == after
    assert gone == cleared


def test_facts_stand_through_every_submit() -> None:
    preorder = filled(*PAYING).with_value(DEAL, Word("100"))

    after, _ = preorder.apply(GRAPH, [OPTION.fill(Word("new"))], resets=[*PAYING, ADDRESS])

    assert after.get(DEAL) == Word("100")


# Whatever the slots and the answers.

WORDS = st.builds(Word, st.sampled_from("xyz"), st.sampled_from(["", "n"]))


class Case:
    """A graph, a snapshot, and a submit."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.slots: list[Slot[Any]] = []
        sources = []
        for at in range(draw(st.integers(1, 7))):
            on = draw(st.lists(st.sampled_from(self.slots), unique=True, max_size=3)) if self.slots else []
            same = draw(st.sampled_from([(), ("text",)]))
            if draw(st.integers(0, 3)) == 0:
                made: Slot[Any] = Fact(f"f{at}", Word, same=same)
                sources.append(Source(made, lambda preorder, world: None, reads=tuple(on)))
            else:
                made = Slot(f"s{at}", Word, depends_on=on, same=same)
            self.slots.append(made)
        self.graph = SlotGraph(self.slots, sources)
        self.answers = [slot for slot in self.slots if not slot.fact]
        self.before = PreOrder("id", "m")
        for slot in self.slots:
            if draw(st.booleans()):
                self.before = self.before.with_value(slot, draw(WORDS))
        self.changes: list[Change] = []
        self.resets: list[Slot[Any]] = []
        if self.answers:
            one = st.sampled_from(self.answers)
            self.resets = draw(st.lists(one, unique=True, max_size=2))
            for slot in draw(st.lists(one, unique=True, max_size=3)):
                self.changes.append(slot.clear() if draw(st.booleans()) else slot.fill(draw(WORDS)))
        self.after, self.cleared = self.before.apply(self.graph, self.changes, self.resets)

    def altered(self) -> set[str]:
        """Names of the slots that the submit gave another value, or none."""
        found = {slot.name for slot in self.resets}
        for change in self.changes:
            old = self.before.get(change.slot)
            if isinstance(change, Clear):
                if old is not None:
                    found.add(change.slot.name)
            elif old is None or change.slot.identity(old) != change.slot.identity(change.value):
                found.add(change.slot.name)
        return found


cases = st.composite(Case)()


@given(cases)
def test_what_was_answered_is_what_it_holds(case: Case) -> None:
    for change in case.changes:
        expected = change.value if isinstance(change, Fill) else None
        assert case.after.get(change.slot) == expected


@given(cases)
def test_nothing_survives_the_change_of_what_it_depends_on(case: Case) -> None:
    own = {change.slot.name for change in case.changes}
    for name in case.graph.cascade(case.altered()) - own:
        assert name not in case.after.raw


@given(cases)
def test_nothing_else_falls(case: Case) -> None:
    altered = case.altered()
    may_fall = altered | case.graph.cascade(altered)
    for name in case.before.raw.keys() - case.after.raw.keys():
        assert name in may_fall


@given(cases)
def test_cleared_are_exactly_those_that_were_filled_and_are_empty(case: Case) -> None:
    assert case.cleared == case.before.raw.keys() - case.after.raw.keys()


@given(cases)
def test_no_fact_is_touched(case: Case) -> None:
    for slot in case.slots:
        if slot.fact:
            assert case.after.get(slot) == case.before.get(slot)
            assert slot.name not in case.after.raw


@given(cases)
def test_the_same_submit_again_clears_nothing_more(case: Case) -> None:
    again, cleared = case.after.apply(case.graph, case.changes)

    assert cleared == frozenset()
    assert again.raw == case.after.raw


@given(cases)
def test_stored_and_held_values_are_the_same(case: Case) -> None:
    reread = PreOrder("id", "m", raw=case.after.raw)
    for slot in case.answers:
        assert reread.get(slot) == case.after.get(slot)
        assert reread.has(slot) is case.after.has(slot)
