"""Tables into structs: everything that is wrong is found at once, and said plainly."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from vezne_core import Money, Problem, Secret, Settings
from vezne_host.decoder import Check, Wrong, decode


def _even(number: int) -> int:
    if number % 2:
        raise Wrong(f"{number} is odd", "take an even one")
    return number


class Inner(Settings, frozen=True):
    name: str
    size: int = 1


@dataclass
class Pair:
    left: Secret
    right: Secret


class Outer(Settings, frozen=True):
    title: str
    count: Annotated[int, Meta(ge=1)] = 1
    rate: Decimal | None = None
    timeout: float = 1.0
    mode: Literal["test", "live"] = "test"
    even: Annotated[int, Check(_even)] = 0
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}
    by_number: dict[int, str] = {}
    tags: Annotated[frozenset[str], Meta(min_length=1)] = frozenset({"a"})
    price: Money | None = None
    secret: Secret | None = None
    secrets: dict[str, Secret] = {}
    since: datetime | None = None
    anything: Any = None


def problems(table: Any, environ: dict[str, str] | None = None) -> set[tuple[str, str]]:
    value, found = decode(Outer, table, "t", environ or {})
    assert (value is None) == bool(found)
    return {(problem.place, problem.fact) for problem in found}


def test_every_problem_is_found_at_once() -> None:
    table = {
        "titel": "x",
        "count": 0,
        "rate": "dear",
        "mode": "demo",
        "even": 3,
        "inner": {"size": "big", "colour": 1},
        "many": [{"name": "a"}, {"name": 5}, "c"],
        "named": {"x": {}},
        "by_number": {"one": "x"},
        "tags": [],
        "secret": 5,
    }
    assert problems(table) == {
        ("t.titel", "is unknown"),
        ("t.title", "is missing"),
        ("t.count", "must be a whole number >= 1"),
        ("t.rate", "invalid decimal string"),
        ("t.mode", "is 'demo', must be one of 'test', 'live'"),
        ("t.even", "3 is odd"),
        ("t.inner.colour", "is unknown"),
        ("t.inner.name", "is missing"),
        ("t.inner.size", "is a text, must be a whole number"),
        ("t.many[1].name", "is a whole number, must be a text"),
        ("t.many[2]", "is a text, must be a table"),
        ("t.named.x.name", "is missing"),
        ("t.by_number.one", "as a name is a text, must be a whole number"),
        ("t.tags", "has 0 items, must have at least 1"),
        ("t.secret", 'must be a text or { env = "NAME" }'),
    }


def test_a_misspelt_key_is_told_what_was_meant() -> None:
    _, found = decode(Outer, {"titel": "x", "title": "y", "zzz": 1}, "t", {})
    assert found[0] == Problem("t.titel", "is unknown", "did you mean title?")
    assert found[1].remedy.startswith("known: anything, by_number, ")


def test_what_is_right_becomes_the_struct() -> None:
    value, found = decode(
        Outer,
        {
            "title": "x",
            "rate": Decimal("5.10"),
            "timeout": Decimal("2.5"),
            "inner": {"name": "in"},
            "many": [{"name": "a"}, {"name": "b", "size": 2}],
            "by_number": {"7": "seven"},
            "tags": ["a", "b"],
            "price": ["5.00", "TRY"],
            "secret": "s",
            "secrets": {"one": {"env": "ONE"}},
            "since": datetime(2026, 1, 2, 3, 4),
            "anything": {"deep": [1, {"er": None}]},
        },
        "t",
        {"ONE": "1"},
    )
    assert found == []
    assert value == Outer(
        title="x",
        rate=Decimal("5.10"),
        timeout=2.5,
        inner=Inner(name="in"),
        many=(Inner(name="a"), Inner(name="b", size=2)),
        by_number={7: "seven"},
        tags=frozenset({"a", "b"}),
        price=Money.of("5.00", "TRY"),
        secret=Secret("s"),
        secrets={"one": Secret("1")},
        since=datetime(2026, 1, 2, 3, 4),
        anything={"deep": [1, {"er": None}]},
    )


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"env": "GONE"}, "the environment variable GONE is not set"),
        ({"env": "EMPTY"}, "the environment variable EMPTY is not set"),
        ({"env": 5}, 'must be a text or { env = "NAME" }'),
        ({"env": "A", "default": "b"}, 'must be a text or { env = "NAME" }'),
        (["x"], 'must be a text or { env = "NAME" }'),
    ],
    ids=["unset", "empty", "number", "with-default", "list"],
)
def test_a_secret_comes_from_a_text_or_a_variable(given: Any, fact: str) -> None:
    assert problems({"title": "x", "secret": given}, {"EMPTY": ""}) == {("t.secret", fact)}


def test_no_problem_shows_a_secret() -> None:
    class Guarded(Settings, frozen=True):
        long: Annotated[Secret, Meta(min_length=20)]
        short: Annotated[Secret, Meta(max_length=3)]
        digits: Annotated[Secret, Meta(pattern="^[0-9]+$")]
        pair: Pair

    _, found = decode(
        Guarded,
        {"long": "hush-hush", "short": "hush-hush", "digits": "hush-hush", "pair": {"left": "hush-hush"}},
        "t",
        {},
    )
    assert {problem.place for problem in found} == {"t.long", "t.short", "t.digits", "t.pair"}
    assert not [problem for problem in found if "hush" in str(problem)]


def test_a_secret_inside_a_foreign_type_is_resolved() -> None:
    both = {"left": {"env": "L"}, "right": "r"}
    assert decode(Pair, both, "t", {"L": "l"}) == (Pair(Secret("l"), Secret("r")), [])
    _, found = decode(Pair, both, "t", {})
    assert found == [Problem("t.left", "the environment variable L is not set")]


def test_text_is_no_number_unless_asked_for() -> None:
    assert decode(int, "8000", "t", {})[1]
    assert decode(int, "8000", "t", {}, strict=False) == (8000, [])
    assert decode(int, "many", "t", {}, strict=False)[1]


def test_a_condition_between_fields_is_told() -> None:
    class Range(Settings, frozen=True):
        low: int
        high: int

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high")

    assert decode(Range, {"low": 2, "high": 1}, "t", {})[1] == [Problem("t", "low is above high")]


def test_a_problem_deep_in_a_foreign_type_has_its_place() -> None:
    class Holder(Struct, frozen=True):
        pairs: dict[str, tuple[int, str]]

    _, found = decode(Holder, {"pairs": {"a": [1, 2]}}, "t", {})
    assert found == [Problem("t.pairs.a[1]", "is a whole number, must be a text")]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(st.sampled_from([*Outer.__struct_fields__, "other"]), json_like),
)
def test_any_table_is_read_or_explained(table: dict[str, Any]) -> None:
    value, found = decode(Outer, table, "t", {})
    assert (value is None) == bool(found)
    assert all(problem.place.startswith("t") and problem.fact for problem in found)
