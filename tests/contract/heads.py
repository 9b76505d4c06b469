"""The specification of every page and slot, read from ``heads.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core import Challenge, Fact, Money, Slot, Value
from vezne_core.standard import SLOTS


class SlotHead(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table of slots."""

    name: str
    depends_on: tuple[str, ...] = ()
    wire: str | dict[str, str] | None = None
    fact: bool = False
    reads: tuple[str, ...] = ()
    checked_after: tuple[str, ...] | None = None
    keep: bool = False

    @property
    def plugin(self) -> str:
        """Who owns it; core's slots come with the spine."""
        return self.name.rpartition(".")[0] or "spine"

    @property
    def wires(self) -> frozenset[str]:
        """The keys of ``pre_order`` that it shows as."""
        return (
            frozenset()
            if self.wire is None
            else frozenset({self.wire} if isinstance(self.wire, str) else self.wire)
        )


class PageHead(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table of pages."""

    junction: str | None = None
    serves: str | None = None
    follows: bool = False
    needs: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    challenge: str | None = None
    resets: tuple[str, ...] = ()
    forgets: tuple[str, ...] = ()
    flags: str = ""
    aliases: tuple[str, ...] = ()
    applies: str | None = None
    done: str | None = None
    preset: str | None = None
    does: str | None = None
    refused_to: str | None = None

    @property
    def independent(self) -> bool:
        return "I" in self.flags

    @property
    def pays(self) -> bool:
        return "P" in self.flags

    @property
    def returns(self) -> bool:
        return "R" in self.flags

    @property
    def post_order(self) -> bool:
        return "O" in self.flags


class Heads(Struct, frozen=True, forbid_unknown_fields=True):
    """Both tables."""

    slots: dict[str, SlotHead]
    pages: dict[str, dict[str, PageHead]]
    """By plugin and wire name, in their order."""

    @property
    def page(self) -> dict[str, PageHead]:
        """Every page by its wire name."""
        return {name: head for pages in self.pages.values() for name, head in pages.items()}

    @property
    def plugin_of(self) -> dict[str, str]:
        """Who brings a page."""
        return {name: plugin for plugin, pages in self.pages.items() for name in pages}

    def chains(self, plugin: str) -> list[list[str]]:
        """Return the chains of a plugin: a page that follows stands in the chain of the one before."""
        chains: list[list[str]] = []
        for name, head in self.pages[plugin].items():
            if head.follows:
                chains[-1].append(name)
            else:
                chains.append([name])
        return chains


HEADS = msgspec.convert(tomllib.loads(Path(__file__).with_name("heads.toml").read_text("utf-8")), Heads)


class Answer(Value, frozen=True, kw_only=True):
    """What a slot of a plugin holds here: a word, and what the tests look at."""

    word: str = "yes"
    phone: str | None = None
    amount: Money | None = None


_CORE = {slot.name: slot for slot in SLOTS}
_CHALLENGES = frozenset(head.challenge for head in HEADS.page.values() if head.challenge)


def _slots() -> dict[str, Slot[Any]]:
    """Make every slot of the table; core's are the real ones."""
    made: dict[str, Slot[Any]] = {}
    waiting = dict(HEADS.slots)
    while waiting:
        for constant, head in list(waiting.items()):
            if head.name in _CORE:
                made[constant] = _CORE[head.name]
            elif head.fact:
                made[constant] = Fact(head.name, bool, wire=head.wire)
            elif all(on in made for on in head.depends_on):
                on = [made[each] for each in head.depends_on]
                kind: Any = Challenge if constant in _CHALLENGES else Answer
                made[constant] = Slot(head.name, kind, depends_on=on, wire=head.wire)
            else:
                continue
            del waiting[constant]
    return made


ALL = _slots()
"""Every slot by its constant."""

CONSTANT = {slot.name: constant for constant, slot in ALL.items()}
"""The constant of a slot's name."""


def slots(*constants: str) -> tuple[Slot[Any], ...]:
    """Return slots by their constants."""
    return tuple(ALL[constant] for constant in constants)
