"""Typed answers of the shopper, facts of the world, and what hangs on what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from graphlib import CycleError, TopologicalSorter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from vezne_core.errors import Problem, Refused
from vezne_core.money import Money

if TYPE_CHECKING:
    from vezne_core.preorder import PreOrder
    from vezne_core.world import World

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_STORED = msgspec.msgpack.Encoder()  # an ordering encoder refuses keys that are no texts: LINE_PRICES


class Value(Struct, frozen=True, omit_defaults=True):
    """Base of everything kept in a slot.

    Evolves by adding fields with defaults only: a field equal to its default
    is left out of the encoding, so an older row compares equal to a newer one.
    """


def digest(*parts: bytes) -> bytes:
    """Return 16 bytes that stand for the parts, in their order."""
    measured = [piece for part in parts for piece in (len(part).to_bytes(4, "big"), part)]
    return blake2b(b"".join(measured), digest_size=16).digest()


def canonical(value: Any) -> bytes:
    """Encode a value so that equal meanings give equal bytes.

    Sets and mappings are sorted, decimals written in their shortest form.
    Money is left alone: it always has the decimals of its currency.
    """
    return _ENCODER.encode(_normal(value))


_AS_IT_IS: frozenset[type] = frozenset({str, int, bool, bytes, type(None), Money})


def _normal(value: Any) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Decimal):
        return _shortest(value)
    if isinstance(value, Struct):
        config = value.__struct_config__
        kept = {} if config.tag is None else {str(config.tag_field): config.tag}
        for field in _fields(type(value)):
            item = getattr(value, field.name)
            if not _is_default(item, field):
                kept[field.encode_name] = _normal(item)
        return kept
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    if isinstance(value, Mapping):
        normal = {key: _normal(item) for key, item in value.items()}
        if all(isinstance(key, str) for key in normal):
            return normal
        return sorted(map(list, normal.items()), key=_ENCODER.encode)
    if isinstance(value, frozenset | set):
        return sorted((_normal(item) for item in value), key=_ENCODER.encode)
    return value


@cache
def _fields(kind: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a struct; msgspec reads the annotations anew whenever it is asked."""
    return msgspec.structs.fields(kind)


def _shortest(value: Decimal) -> str:
    """Write a decimal without exponent and trailing zeros; exact, whatever its length."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _is_default(item: Any, field: msgspec.structs.FieldInfo) -> bool:
    if field.default is not msgspec.NODEFAULT:
        return bool(item == field.default and type(item) is type(field.default))
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(item == field.default_factory())
    return False


class Slot(Generic[T]):
    """A typed answer of the shopper, owned by the plugin that fills it.

    :param name: ``<plugin>.<name>``; core's have no prefix.
    :param type: a :class:`Value`, or a plain type or container of these.
    :param depends_on: slots and facts whose change clears this one.
    :param wire: key under which the value shows in ``pre_order``, or a mapping
        of keys to attributes where one slot shows as several; None keeps it private.
    :param show: ``show(value, preorder, catalogue, language)`` gives the wire form.
    :param same: fields that count when a new value is compared with the old one,
        or a function that returns what counts; everything by default.
    """

    fact = False

    def __init__(
        self,
        name: str,
        type: type[T],
        *,
        depends_on: Iterable[Slot[Any]] = (),
        wire: str | Mapping[str, str] | None = None,
        show: Callable[..., Any] | None = None,
        same: tuple[str, ...] | Callable[[T], Any] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.depends_on = tuple(depends_on)
        self.wire = wire
        self.show = show
        self.same = same
        self._decoder = msgspec.msgpack.Decoder(type)

    def fill(self, value: T) -> Fill:
        """Return the change that puts a value here."""
        return Fill(self, value)

    def clear(self) -> Clear:
        """Return the change that empties this slot, and what depends on it."""
        return Clear(self)

    def encode(self, value: T) -> bytes:
        """Return the stored form."""
        return _STORED.encode(value)

    def decode(self, raw: bytes) -> T:
        """Read the stored form.

        :raises msgspec.ValidationError: it was written by another shape.
        """
        return self._decoder.decode(raw)

    def identity(self, value: T) -> bytes:
        """Return what counts when two values are compared."""
        if callable(self.same):
            return canonical(self.same(value))
        if self.same:
            return canonical([getattr(value, field) for field in self.same])
        return canonical(value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Fact(Slot[T]):
    """Something read from the world on each request; no page fills it."""

    fact = True

    def __init__(
        self,
        name: str,
        type: type[T],
        *,
        wire: str | Mapping[str, str] | None = None,
        show: Callable[..., Any] | None = None,
        same: tuple[str, ...] | Callable[[T], Any] = (),
    ) -> None:
        super().__init__(name, type, wire=wire, show=show, same=same)


class Fill(Struct, frozen=True):
    """Put a value into a slot."""

    slot: Slot[Any]
    value: Any


class Clear(Struct, frozen=True):
    """Empty a slot."""

    slot: Slot[Any]


Change = Fill | Clear


class Source(Struct, Generic[T], frozen=True):
    """Reads a fact, or checks a filled slot against the world.

    ``read(preorder, world)`` returns the value as it stands now, or None. It
    uses only what the request has loaded and what is in memory. A source with
    ``keep`` may be a coroutine function that asks a remote service; it is
    asked again only when something in ``reads`` has changed.

    :param reads: for a fact, what it is computed from (its edges); for a
        check, what must have been read before.
    """

    slot: Slot[T]
    read: Callable[[PreOrder, World], T | Awaitable[T | None] | None]
    reads: tuple[Slot[Any], ...] = ()
    keep: bool = False


class SlotGraph:
    """All slots and sources of one merchant, checked and put in order.

    :raises Refused: names unknown, doubled or read in a circle.
    """

    def __init__(self, slots: Iterable[Slot[Any]], sources: Iterable[Source[Any]]) -> None:
        self.slots: dict[str, Slot[Any]] = {}
        self._sources: dict[str, Source[Any]] = {}
        problems = [*self._add_slots(slots), *self._add_sources(sources)]
        edges = {name: self._edges(slot) for name, slot in self.slots.items()}
        problems += [
            Problem(f"slot {name}", f"{edge} is not a slot of this merchant", "enable its plugin")
            for name, targets in edges.items()
            for edge in sorted((targets | self._reads(name)) - self.slots.keys())
        ]
        if problems:
            raise Refused(problems)
        try:
            order = tuple(TopologicalSorter({n: e | self._reads(n) for n, e in edges.items()}).static_order())
        except CycleError as error:
            trail = " → ".join(error.args[1])
            raise Refused([Problem("slots", f"they depend on each other in a circle: {trail}")]) from None
        self.order: tuple[Source[Any], ...] = tuple(
            self._sources[name] for name in order if name in self._sources
        )
        self._dependents: dict[str, set[str]] = {name: set() for name in self.slots}
        for name, targets in edges.items():
            for target in targets:
                self._dependents[target].add(name)
        self.watched = frozenset(
            name for name, slot in self.slots.items() if slot.fact and self._dependents[name]
        )
        """Facts something hangs on; the row keeps their digests."""

    def _add_slots(self, slots: Iterable[Slot[Any]]) -> Iterable[Problem]:
        keys: dict[str, str] = {}
        for slot in slots:
            if slot.name in self.slots:
                yield Problem(f"slot {slot.name}", "is registered twice", "rename one of them")
                continue
            self.slots[slot.name] = slot
            wires = () if slot.wire is None else [slot.wire] if isinstance(slot.wire, str) else [*slot.wire]
            for key in wires:
                if key in keys:
                    yield Problem(f"slot {slot.name}", f"shows as {key}, as {keys[key]} does")
                keys[key] = slot.name

    def _add_sources(self, sources: Iterable[Source[Any]]) -> Iterable[Problem]:
        for source in sources:
            name = source.slot.name
            if name in self._sources:
                yield Problem(f"slot {name}", "has two sources", "keep one")
            self._sources[name] = source
        for name, slot in self.slots.items():
            if slot.fact and name not in self._sources:
                yield Problem(f"fact {name}", "has no source", "register one for it")
        for name in self._sources.keys() - self.slots.keys():
            yield Problem(f"source of {name}", "its slot is not registered", "register the slot")

    def _edges(self, slot: Slot[Any]) -> set[str]:
        if slot.fact:
            return self._reads(slot.name)
        return {target.name for target in slot.depends_on}

    def _reads(self, name: str) -> set[str]:
        source = self._sources.get(name)
        return {read.name for read in source.reads} if source else set()

    def dependents(self, name: str) -> frozenset[str]:
        """Return what hangs directly on a slot."""
        return frozenset(self._dependents[name])

    def cascade(self, names: Iterable[str]) -> set[str]:
        """Return the filled-or-not slots that fall with these; facts stop the fall."""
        fallen: set[str] = set()
        waiting = list(names)
        while waiting:
            for name in self._dependents.get(waiting.pop(), ()):
                if name not in fallen and not self.slots[name].fact:
                    fallen.add(name)
                    waiting.append(name)
        return fallen
