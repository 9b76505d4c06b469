"""The encoding that values are compared by: equal meanings give equal bytes, others do not."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

import vezne_core
from vezne_core import Adjustment, Money, Redirect, Value
from vezne_core.slots import Slot, canonical, digest
from vezne_core.standard import SLOTS

T = TypeVar("T")


class Parts(Value, frozen=True):
    rate: Decimal = Decimal(0)
    names: frozenset[str] = frozenset()
    by_key: dict[Any, Any] = {}


class Left(Value, frozen=True, tag=True):
    name: str


class Right(Value, frozen=True, tag=True):
    name: str


NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Decimal("1.0"), Decimal("1.000"), id="zeros after the point"),
        pytest.param(Decimal("100"), Decimal("1E+2"), id="an exponent"),
        pytest.param(Decimal("0"), Decimal("-0.00"), id="zero below zero"),
        pytest.param(Decimal("1E-3"), Decimal("0.001"), id="a small exponent"),
        pytest.param(frozenset({"b", "a", "c"}), frozenset({"c", "b", "a"}), id="the order of a set"),
        pytest.param(
            frozenset({Left("a"), Left("b")}), frozenset({Left("b"), Left("a")}), id="a set of structs"
        ),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, id="the order of a mapping"),
        pytest.param({1: "x", 2: "y"}, {2: "y", 1: "x"}, id="the order of a mapping by number"),
        pytest.param(Parts(), Parts(Decimal("0"), frozenset(), {}), id="fields left at their default"),
        pytest.param(
            Parts(by_key={"x": Decimal("2.50")}), Parts(by_key={"x": Decimal("2.5")}), id="decimals inside"
        ),
        pytest.param((1, 2), [1, 2], id="a tuple as a list"),
        pytest.param(
            NOON, NOON.astimezone(timezone(timedelta(hours=3))), id="one moment in two zones"
        ),
    ],
)  # fmt: skip
def test_equal_meanings_give_equal_bytes(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Decimal("1.0"), Decimal("10"), id="zeros before the point"),
        pytest.param(Decimal("1"), Decimal("-1"), id="the sign"),
        pytest.param(Decimal("1." + "0" * 40 + "1"), Decimal(1), id="digits beyond the context"),
        pytest.param([1, 2], [2, 1], id="the order of a list"),
        pytest.param(None, 0, id="nothing and zero"),
        pytest.param(False, 0, id="no and zero"),
        pytest.param("", None, id="an empty text and nothing"),
        pytest.param(Parts(), Parts(Decimal(1)), id="a field off its default"),
        pytest.param(Left("a"), Right("a"), id="two variants of one shape"),
        pytest.param(Money.of(1, "TRY"), Money.of(1, "EUR"), id="the currency"),
        pytest.param({"a": None}, {}, id="a key without a value"),
    ],
)
def test_other_meanings_give_other_bytes(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)


decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)


@given(decimals, decimals, st.integers(0, 9))
def test_decimals_are_equal_in_bytes_exactly_when_they_are_equal(
    one: Decimal, other: Decimal, zeros: int
) -> None:
    padded = Decimal(f"{one:f}" + ("" if "." in f"{one:f}" else ".") + "0" * zeros)

    assert canonical(padded) == canonical(one)
    assert (canonical(one) == canonical(other)) is (one == other)


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_digests_tell_parts_apart_however_they_are_cut(one: list[bytes], other: list[bytes]) -> None:
    assert len(digest(*one)) == 16
    assert (digest(*one) == digest(*other)) is (one == other)


# Stored structs evolve by adding fields with defaults.


def every(type: type[T]) -> Iterator[type[T]]:
    for sub in type.__subclasses__():
        yield sub
        yield from every(sub)


STORED = sorted(
    {each for each in every(Value) if each.__module__.partition(".")[0] == vezne_core.__name__},
    key=lambda each: each.__name__,
)
"""Every struct of core that may be kept in a slot."""


@functools.cache
def strategy(hint: Any) -> st.SearchStrategy[Any]:
    """Make values of a type as slots hold them."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if origin is Literal:
        return st.sampled_from(args)
    if hasattr(hint, "__metadata__"):
        return strategy(origin if isinstance(origin, type) else args[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*map(strategy, args))
    if origin is tuple and args[1:] == (...,):
        return st.lists(strategy(args[0]), max_size=2).map(tuple)
    if origin in (list, frozenset):
        return st.lists(strategy(args[0]), max_size=2).map(origin)
    if origin is dict:
        return st.dictionaries(strategy(args[0]), strategy(args[1]), max_size=2)
    if hint is Money:
        return st.builds(Money.of, st.integers(-999, 9999), st.sampled_from(["TRY", "JPY", "KWD"]))
    if hint is Decimal:
        return st.decimals(0, 100, places=2)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, Struct):
        return instances(hint)
    return st.from_type(hint)


@functools.cache
def instances(type: type[Struct]) -> st.SearchStrategy[Struct]:
    """Make structs with every field filled, or left at its default."""
    hints = get_type_hints(type)
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(type):
        (required if field.required else optional)[field.name] = strategy(hints[field.name])
    made = st.fixed_dictionaries(required, optional=optional)
    if type is Adjustment:
        made = made.map(consistent)
    return made.map(lambda values: type(**values))


def consistent(values: dict[str, Any]) -> dict[str, Any]:
    """Give an adjustment the sign of its kind, and what its kind has to name."""
    kind, amount = values["kind"], abs(values["amount"].amount)
    lowers = kind in ("line", "basket", "shipping")
    signed = Money(-amount if lowers else amount, values["amount"].currency)
    named: dict[str, Any] = {"line": 1} if kind == "line" else {}
    if kind == "tender":
        named = {"reservation": "gift_cards"}
    kept = {name: value for name, value in values.items() if name not in ("line", "reservation", "share")}
    return kept | named | {"amount": signed}


def evolved(value: Any) -> Any:
    """Return a value as a later release would make it: every struct has one more field, at its default."""
    if isinstance(value, Money):
        return value
    if isinstance(value, Struct):
        kept = {name: evolved(getattr(value, name)) for name in value.__struct_fields__}
        return later(type(value))(**kept)
    if isinstance(value, Mapping):
        return {evolved(key): evolved(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return type(value)(evolved(item) for item in value)
    return value


@functools.cache
def later(type: type[Struct]) -> type[Struct]:
    """Return the struct of a later release."""
    config = type.__struct_config__
    defaults = [
        (field.name, field.type, evolved(field.default))
        for field in msgspec.structs.fields(type)
        if isinstance(field.default, Struct) and not isinstance(field.default, Money)
    ]
    return msgspec.defstruct(
        type.__name__,
        [*defaults, ("added_later", dict[str, int] | None, None), ("listed_later", tuple[int, ...], ())],
        bases=(type,),
        kw_only=True,
        frozen=True,
        omit_defaults=config.omit_defaults,
        tag=config.tag,
    )


def test_the_walk_finds_what_slots_hold() -> None:
    names = {each.__name__ for each in STORED}

    assert {"Basket", "Contact", "ChosenShipping", "Challenge", "Due", "GatewayInfo", "Address"} <= names


@pytest.mark.parametrize("type", STORED, ids=lambda each: each.__name__)
def test_stored_struct_leaves_defaults_out(type: type[Value]) -> None:
    """Fields are added later: what an older release wrote must equal what a newer one writes."""
    assert type.__struct_config__.omit_defaults
    assert type.__struct_config__.frozen


@pytest.mark.parametrize("type", STORED, ids=lambda each: each.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_a_field_added_with_a_default_changes_no_digest(type: type[Value], data: st.DataObject) -> None:
    value = data.draw(instances(type))

    assert canonical(evolved(value)) == canonical(value)


@pytest.mark.parametrize(
    "slot", [each for each in SLOTS if each.type is not bytes], ids=lambda each: each.name
)
@settings(max_examples=25)
@given(data=st.data())
def test_slot_and_fact_compare_alike_after_a_release(slot: Slot[Any], data: st.DataObject) -> None:
    value = data.draw(strategy(cast("Any", slot.type)))

    assert slot.identity(evolved(value)) == slot.identity(value)


@pytest.mark.parametrize("slot", [each for each in SLOTS if not each.fact], ids=lambda each: each.name)
@settings(max_examples=25)
@given(data=st.data())
def test_what_a_slot_stores_reads_back_equal_in_bytes(slot: Slot[Any], data: st.DataObject) -> None:
    """A comparison of the value in hand with the one from the row never sees a change that is none."""
    value = data.draw(strategy(cast("Any", slot.type)))

    assert slot.identity(slot.decode(slot.encode(value))) == slot.identity(value)


def test_a_row_of_an_earlier_release_is_read_by_a_later_one() -> None:
    now, earlier = later(Redirect), Redirect(url="https://bank.example", iframe=True)

    read = Slot("hand_off", now).decode(Slot("hand_off", Redirect).encode(earlier))

    assert canonical(read) == canonical(earlier)


def test_no_stored_struct_is_a_dataclass() -> None:
    """A dataclass would not leave defaults out."""
    assert not any(dataclasses.is_dataclass(each) for each in every(Value))
