"""The pre-order: one shopper's checkout as an immutable snapshot of typed slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from vezne_core.errors import Missing
from vezne_core.slots import Change, Clear, Fill, Slot, SlotGraph

T = TypeVar("T")


class PreOrder:
    """A snapshot of what the shopper answered and what the world says.

    Pages and promotions read it through slots; nobody changes it. Slots of a
    plugin that is no longer enabled survive in it untouched and unread.
    """

    __slots__ = ("_identities", "_raw", "_values", "id", "merchant", "post_order", "revision")

    def __init__(
        self,
        id: str,
        merchant: str,
        revision: int = 0,
        *,
        raw: Mapping[str, bytes] | None = None,
        values: Mapping[str, Any] | None = None,
        post_order: bool = False,
    ) -> None:
        self.id = id
        self.merchant = merchant
        self.revision = revision
        self.post_order = post_order
        self._raw: dict[str, bytes] = dict(raw or {})
        self._values: dict[str, Any] = dict(values or {})
        self._identities: dict[str, tuple[Any, bytes]] = {}

    @classmethod
    def of(cls, *fills: Change, id: str = "preorder", merchant: str = "merchant") -> PreOrder:
        """Build a snapshot from fills, as tests of pages do."""
        made = cls(id, merchant)
        for fill in fills:
            if isinstance(fill, Fill):
                made = made.with_value(fill.slot, fill.value)
        return made

    def get(self, slot: Slot[T]) -> T | None:
        """Return what the slot holds, or None."""
        name = slot.name
        if name in self._values:
            return self._values[name]  # type: ignore[no-any-return]
        raw = self._raw.get(name)
        if raw is None:
            return None
        value = slot.decode(raw)
        self._values[name] = value
        return value

    def require(self, slot: Slot[T]) -> T:
        """Return what the slot holds.

        :raises Missing: it is empty. Never for a slot that the page ``needs``.
        """
        value = self.get(slot)
        if value is None:
            raise Missing(slot.name)
        return value

    def has(self, slot: Slot[Any]) -> bool:
        """Tell whether the slot is filled."""
        return slot.name in self._raw or self._values.get(slot.name) is not None

    def identity(self, slot: Slot[Any]) -> bytes:
        """Return what counts of a slot when it is compared; nothing when it is empty.

        Made once for a value, however many snapshots it is in.
        """
        value = self.get(slot)
        if value is None:
            return b""
        known = self._identities.get(slot.name)
        if known is None or (known[0] is not value and known[0] != value):
            known = self._identities[slot.name] = (value, slot.identity(value))
        return known[1]

    @property
    def raw(self) -> Mapping[str, bytes]:
        """The stored form of every filled slot that is not a fact."""
        return self._raw

    def with_value(self, slot: Slot[T], value: T | None) -> PreOrder:
        """Return a snapshot with one slot replaced, without any cascade."""
        name = slot.name
        if self._values.get(name) is value and (value is not None or name not in self._raw):
            return self
        raw, values = self._raw, dict(self._values)
        if not slot.fact or name in raw:
            raw = dict(raw)
            raw.pop(name, None)
        values.pop(name, None)
        if value is not None:
            values[name] = value
            if not slot.fact:
                raw[name] = slot.encode(value)
        return self._copy(raw, values)

    def without(self, names: Iterable[str]) -> PreOrder:
        """Return a snapshot with these slots emptied, without any cascade."""
        raw, values = dict(self._raw), dict(self._values)
        for name in names:
            raw.pop(name, None)
            values.pop(name, None)
        return self._copy(raw, values)

    def at(self, revision: int) -> PreOrder:
        """Return the same snapshot under another revision."""
        copy = self._copy(dict(self._raw), dict(self._values))
        copy.revision = revision
        return copy

    def apply(
        self, graph: SlotGraph, changes: Iterable[Change], resets: Iterable[Slot[Any]] = ()
    ) -> tuple[PreOrder, frozenset[str]]:
        """Apply an accepted submit and return the new snapshot and what was cleared.

        The resets are cleared with their cascade, then the changes written; a
        change that alters a value clears what depends on it, except slots that
        the same changes fill themselves. A cascade stops at a fact.
        """
        raw, values = dict(self._raw), dict(self._values)
        changes = tuple(changes)

        def drop(names: Iterable[str]) -> None:
            for name in names:
                if name in raw:
                    del raw[name]
                    values.pop(name, None)

        reset = {slot.name for slot in resets}
        before = {change.slot.name: self.get(change.slot) for change in changes}
        drop(reset | graph.cascade(reset))
        own = {change.slot.name for change in changes}
        altered = set()
        for change in changes:
            slot = change.slot
            old = before[slot.name]
            if isinstance(change, Clear):
                drop((slot.name,))
                if old is not None:
                    altered.add(slot.name)
                continue
            if old is None or self.identity(slot) != slot.identity(change.value):
                altered.add(slot.name)
            raw[slot.name] = slot.encode(change.value)
            values[slot.name] = change.value
        drop(graph.cascade(altered) - own)
        return self._copy(raw, values), frozenset(self._raw.keys() - raw.keys())

    def _copy(self, raw: dict[str, bytes], values: dict[str, Any]) -> PreOrder:
        """Return a snapshot that keeps these very dicts; many are made while a request is served.

        What is stored may be shared, for nobody changes it. Values may not: they are decoded when asked for.
        """
        copy = PreOrder.__new__(PreOrder)
        copy.id, copy.merchant, copy.revision = self.id, self.merchant, self.revision
        copy.post_order = self.post_order
        copy._raw, copy._values, copy._identities = raw, values, self._identities
        return copy
