"""Pages and slots that exist read like their specification."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vezne_core import BASKET, Page, Slot
from vezne_host.assembly import Assembled
from vezne_host.config import load
from vezne_host.inspection import inspected
from workspace import ROOT

from .heads import CONSTANT, HEADS, PageHead

PINNED = ROOT.joinpath("tests", "architecture", "page_names.txt").read_text("utf-8").split()
"""Wire names of the pages that exist."""

ALIASES = {alias: name for name, head in HEADS.page.items() for alias in head.aliases}
WRITTEN = [name for name in PINNED if name in HEADS.page]


BEYOND: dict[str, dict[str, Any]] = {
    # Whoever left for the provider and is seen here again is asked again: the page says so itself.
    "RedirectionPaymentSelectedPage": {
        "says itself when it is done": True, "resets": ["INSTALLMENT", "REDIRECT", "REDIRECTED"],
    },
}  # fmt: skip
"""What pages declare beyond the table, with the reason."""


@pytest.fixture(scope="module")
def assembled() -> Assembled:
    """Every merchant of plugins.toml; together they enable every plugin of the workspace."""
    return asyncio.run(inspected(load(ROOT / "plugins.toml", {}), None))


@pytest.fixture(scope="module")
def pages(assembled: Assembled) -> dict[str, tuple[Page[Any], tuple[str, list[str]]]]:
    """Every page that exists, with its plugin and the names of its chain."""
    found = {}
    for runtime in assembled.runtimes.values():
        for page in runtime.flow.pages.values():
            chain = runtime.flow.chain_of[page.name]
            found[page.name] = (page, (chain.plugin, [each.name for each in chain.pages]))
    return found


def constants(slots: Any) -> list[str]:
    """Return slots by their constants, without the basket, which every page needs."""
    return sorted(CONSTANT.get(slot.name, slot.name) for slot in slots if slot.name != BASKET.name)


def declared(page: Page[Any]) -> dict[str, Any]:
    """Return the head of a page that exists, as the table would have it."""
    kind = type(page)
    flags = {"I": page.independent, "P": page.pays, "R": page.returns, "O": page.post_order}
    return {
        "junction": page.junction.name if page.junction else None,
        "serves": page.serves,
        "needs": constants(page.needs),
        "fills": constants(page.fills),
        "touches": constants(page.touches),
        "challenge": CONSTANT[page.challenge.name] if page.challenge else None,
        "resets": constants(page.resets),
        "forgets": constants(page.forgets),
        "flags": {flag for flag, up in flags.items() if up},
        "aliases": sorted(page.aliases),
        "says itself when it applies": kind.applies is not Page.applies,
        "says itself when it is done": kind.done is not Page.done,
        "answers by itself": kind.preset is not Page.preset,
    }


def specified(head: PageHead) -> dict[str, Any]:
    return {
        "junction": head.junction,
        "serves": head.serves,
        "needs": sorted(head.needs),
        "fills": sorted(head.fills),
        "touches": sorted(head.touches),
        "challenge": head.challenge,
        "resets": sorted(head.resets),
        "forgets": sorted(head.forgets),
        "flags": set(head.flags),
        "aliases": sorted(head.aliases),
        "says itself when it applies": head.applies is not None,
        "says itself when it is done": head.done is not None,
        "answers by itself": head.preset is not None,
    }


@pytest.mark.parametrize("name", WRITTEN)
def test_page_reads_like_its_specification(
    name: str, pages: dict[str, tuple[Page[Any], tuple[str, list[str]]]]
) -> None:
    page, (plugin, chain) = pages[name]

    assert declared(page) == specified(HEADS.page[name]) | BEYOND.get(name, {})
    assert plugin == HEADS.plugin_of[name]
    assert chain in HEADS.chains(plugin)


def test_pages_beside_the_specification_are_few_and_known() -> None:
    """Public pages of the contract that its document names without describing them."""
    beside = {name for name in PINNED if name not in HEADS.page and name not in ALIASES}

    assert beside <= {
        "GiftCardPage",
        "GiftCardApplyPage",
        "GiftCardUpdateAmountPage",
        "GiftCardOtpResendPage",
    }


def registered(assembled: Assembled) -> dict[str, Slot[Any]]:
    return {
        name: slot for runtime in assembled.runtimes.values() for name, slot in runtime.graph.slots.items()
    }


SLOTS = sorted(HEADS.slots)


@pytest.mark.parametrize("constant", SLOTS)
def test_slot_depends_and_shows_as_specified(constant: str, assembled: Assembled) -> None:
    head = HEADS.slots[constant]
    slot = registered(assembled).get(head.name)
    if slot is None:
        owner = head.plugin
        assert all(owner not in runtime.config.plugins for runtime in assembled.runtimes.values())
        return
    wire = slot.wire or {}
    assert slot.fact is head.fact
    assert constants(slot.depends_on) == sorted(on for on in head.depends_on if on != "BASKET")
    assert frozenset({wire} if isinstance(wire, str) else wire) == head.wires
    if isinstance(head.wire, dict):
        assert wire == head.wire


@pytest.mark.parametrize("constant", [each for each in SLOTS if HEADS.slots[each].fact])
def test_fact_reads_what_is_specified(constant: str, assembled: Assembled) -> None:
    """What promotions add to the sums is what each declares to read."""
    head = HEADS.slots[constant]
    for runtime in assembled.runtimes.values():
        known = set(runtime.graph.slots)
        declared = {slot.name for _, promotion in runtime.collected.promotions for slot in promotion.reads}
        specified = {HEADS.slots[each].name for each in head.reads} & known
        for source in runtime.graph.order:
            if source.slot.name == head.name:
                reads = {read.name for read in source.reads}
                assert specified <= reads
                assert reads - specified <= (declared if constant in ("DUE", "UNPAID") else set())
                assert source.keep is head.keep


@pytest.mark.parametrize("constant", [each for each in SLOTS if HEADS.slots[each].checked_after])
def test_check_is_made_after_what_is_specified(constant: str, assembled: Assembled) -> None:
    """It may look at more: what a check reads is an order, and no edge."""
    head = HEADS.slots[constant]
    for runtime in assembled.runtimes.values():
        (source,) = [each for each in runtime.graph.order if each.slot.name == head.name]
        assert {read.name for read in source.reads} >= {
            HEADS.slots[on].name for on in head.checked_after or ()
        }
