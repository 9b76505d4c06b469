"""Read the world anew and drop every answer that it no longer supports."""

from __future__ import annotations

from inspect import isawaitable
from operator import is_
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core.errors import Unavailable
from vezne_core.preorder import PreOrder
from vezne_core.slots import SlotGraph, Source, digest
from vezne_core.world import World


class Kept(Struct, array_like=True):
    """What a remote source answered, and to which inputs."""

    inputs: bytes
    value: msgspec.Raw


class Memory(Struct, omit_defaults=True):
    """What a pre-order remembers of the world between requests.

    ``facts`` are digests of the facts that something hangs on, ``kept`` the
    answers of remote sources, ``shown`` the digest of deal and total that the
    shopper was last answered with.
    """

    facts: dict[str, bytes] = {}
    kept: dict[str, Kept] = {}
    shown: bytes | None = None
    fixed: dict[str, msgspec.Raw] = {}
    """Facts of an order that is paid again: they are what they were, whatever the world says."""

    def copy(self) -> Memory:
        """Return a copy that can be changed without touching this one."""
        return Memory(dict(self.facts), dict(self.kept), self.shown, self.fixed)


class Refreshed(Struct, frozen=True):
    """The snapshot as the world stands now, what was cleared, and which remote sources failed."""

    preorder: PreOrder
    cleared: frozenset[str]
    failed: dict[str, str] = {}


_MISSING = b""

RECHECKED = frozenset({"payment_option", "installment"})
"""Answers that are held against the world although the order they are for stands."""


Readings = dict[str, tuple[list[Any], Any]]
"""Facts by name: the values that each was computed from, and what it came to."""


async def refresh(
    graph: SlotGraph,
    preorder: PreOrder,
    world: World,
    memory: Memory,
    *,
    checks: bool = True,
    readings: Readings | None = None,
) -> Refreshed:
    """Read every source in graph order; a value that changed clears what depends on it.

    ``memory`` is brought up to date. A remote source that fails counts as
    empty and is asked again by the next request.

    :param checks: also hold filled slots against the world; False only reads facts.
    :param readings: what was read with the same world and memory before: a fact is
        computed again only when something that it is computed from has changed.
    """
    readings = {} if readings is None else readings
    cleared: set[str] = set()
    failed: dict[str, str] = {}
    now = preorder
    for source in graph.order:
        slot = source.slot
        if not slot.fact and not (checks and now.has(slot)):
            continue
        if memory.fixed and not slot.fact and slot.name not in RECHECKED:
            continue
        inputs = list(map(now.get, source.reads)) if slot.fact else []
        known = readings.get(slot.name) if slot.fact else None
        if known is not None and all(map(is_, known[0], inputs)):
            now = now.with_value(slot, known[1])
            continue
        value: Any
        if slot.name in memory.fixed:
            value = slot.decode(bytes(memory.fixed[slot.name]))
        elif source.keep:
            value = await _kept(graph, source, now, world, memory, failed)
        else:
            value = source.read(now, world)
        if slot.fact:
            now = now.with_value(slot, value)
            if slot.name in graph.watched:
                seen = digest(now.identity(slot)) if value is not None else _MISSING
                if memory.facts.get(slot.name, seen) != seen:
                    now = _fall(graph, now, slot.name, cleared)
                memory.facts[slot.name] = seen
            if slot.name not in failed:
                readings[slot.name] = (inputs, value)
            continue
        old = now.require(slot)
        if value is None:
            now = now.without((slot.name,))
            cleared.add(slot.name)
            now = _fall(graph, now, slot.name, cleared)
        elif value != old:
            before = now.identity(slot)
            now = now.with_value(slot, value)
            if now.identity(slot) != before:
                now = _fall(graph, now, slot.name, cleared)
    return Refreshed(now, frozenset(cleared), failed)


def _fall(graph: SlotGraph, preorder: PreOrder, name: str, cleared: set[str]) -> PreOrder:
    fallen = [other for other in graph.cascade((name,)) if other in preorder.raw]
    cleared.update(fallen)
    return preorder.without(fallen) if fallen else preorder


async def _kept(
    graph: SlotGraph,
    source: Source[Any],
    preorder: PreOrder,
    world: World,
    memory: Memory,
    failed: dict[str, str],
) -> Any:
    """Answer from memory while nothing the source reads has changed; else ask.

    A check is about the answer it is asked for, so that is read, too.
    """
    slot = source.slot
    inputs = digest(*map(preorder.identity, source.reads if slot.fact else (slot, *source.reads)))
    kept = memory.kept.get(slot.name)
    if kept is not None and kept.inputs == inputs:
        return slot.decode(bytes(kept.value))
    memory.kept.pop(slot.name, None)
    try:
        value = source.read(preorder, world)
        if isawaitable(value):
            value = await value
    except Unavailable as error:
        failed[slot.name] = str(error)
        return None
    if value is not None:
        memory.kept[slot.name] = Kept(inputs, msgspec.Raw(slot.encode(value)))
    return value
