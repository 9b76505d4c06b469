"""Tables of TOML or JSON into structs, strictly, with every problem at once.

msgspec stops at the first error; an operator wants the whole list. Structs,
lists and tables are walked here, msgspec judges the values in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from vezne_core import Problem, Secret

T = TypeVar("T")

_BAD: Any = object()
_SEQUENCES = {list: list, tuple: tuple, set: set, frozenset: frozenset}
_WORDS = {
    "`int`": "a whole number", "`float`": "a number", "`decimal`": "a number", "`str`": "a text",
    "`bool`": "true or false", "`array`": "a list", "`object`": "a table", "`null`": "nothing",
    "`datetime`": "a date and time", "`date`": "a date", "`time`": "a time",
}  # fmt: skip
_NAMES = {
    bool: "true or false", int: "a whole number", str: "a text", list: "a list", tuple: "a list",
    dict: "a table", NoneType: "nothing", float: "a number", Decimal: "a number",
}  # fmt: skip
_EXPECTED = re.compile(r"Expected (?P<wanted>.+?)(, got (?P<got>`[^`]+`))?")
_PATH = re.compile(r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)


class Wrong(Exception):
    """A value that a :class:`Check` does not take: what is wrong, and what to do."""

    def __init__(self, fact: str, remedy: str = "") -> None:
        self.fact = fact
        self.remedy = remedy
        super().__init__(fact)


class Check(Struct, frozen=True):
    """Further condition of a field: ``Annotated[str, Check(timezone)]``.

    ``test`` returns the value to use, or raises :class:`Wrong`.
    """

    test: Callable[[Any], Any]


def decode(
    kind: type[T], table: Any, place: str, environ: Mapping[str, str], *, strict: bool = True
) -> tuple[T | None, list[Problem]]:
    """Read a struct, or anything that stands in one.

    A :class:`Secret` is a text or ``{ env = "NAME" }``, taken from ``environ``.

    :param place: what the places of problems begin with.
    :param strict: False also reads numbers and booleans from text, as variables hold them.
    :return: the value and no problems, or None and all of them.
    """
    reader = _Reader(environ, strict)
    value = reader.read(kind, table, place)
    return (None, reader.problems) if reader.problems else (value, [])


class _Reader:
    """Reads by type hints and remembers every problem; ``_BAD`` stands for a value that has one."""

    def __init__(self, environ: Mapping[str, str], strict: bool) -> None:
        self.environ = environ
        self.strict = strict
        self.problems: list[Problem] = []

    def wrong(self, place: str, fact: str, remedy: str = "") -> Any:
        self.problems.append(Problem(place, fact, remedy))
        return _BAD

    def read(self, hint: Any, value: Any, place: str) -> Any:
        bare, extras = _unwrap(hint)
        origin, args = get_origin(bare), get_args(bare)
        if origin in (Union, UnionType):
            others = [arg for arg in args if arg is not NoneType]
            if value is None and len(others) < len(args):
                return None
            if len(others) == 1:
                return self.read(Annotated[others[0], *extras] if extras else others[0], value, place)
            found = self._leaf(bare, extras, value, place)
        elif bare is Secret:
            found = self._secret(value, extras, place)
        elif isinstance(bare, type) and issubclass(bare, Struct) and _is_table(bare):
            found = self._struct(bare, value, place)
        elif origin in _SEQUENCES and (origin is not tuple or args[1:] == (...,)):
            found = self._sequence(origin, args[0], extras, value, place)
        elif origin in (dict, Mapping):
            found = self._mapping(args[0], args[1], value, place)
        else:
            found = self._leaf(bare, extras, value, place)
        return found if found is _BAD else self._checked(found, extras, place)

    def _checked(self, value: Any, extras: tuple[Any, ...], place: str) -> Any:
        for extra in extras:
            if isinstance(extra, Check):
                try:
                    value = extra.test(value)
                except Wrong as wrong:
                    return self.wrong(place, wrong.fact, wrong.remedy)
        return value

    def _struct(self, kind: type[Struct], table: Any, place: str) -> Any:
        if not isinstance(table, Mapping):
            return self.wrong(place, f"is {_name(table)}, must be a table")
        fields = _fields(kind)
        before = len(self.problems)
        if kind.__struct_config__.forbid_unknown_fields:
            for key in table:
                if key not in fields:
                    self.wrong(f"{place}.{key}", "is unknown", _meant(key, fields))
        values = {}
        for key, (info, hint) in fields.items():
            if key in table:
                values[info.name] = self.read(hint, table[key], f"{place}.{key}")
            elif info.required:
                self.wrong(f"{place}.{key}", "is missing")
        if len(self.problems) > before:
            return _BAD
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:  # __post_init__
            return self.wrong(place, str(error))

    def _sequence(self, origin: Any, item: Any, extras: tuple[Any, ...], value: Any, place: str) -> Any:
        if not isinstance(value, list | tuple):
            return self.wrong(place, f"is {_name(value)}, must be a list")
        for meta in extras:
            if isinstance(meta, Meta) and meta.min_length is not None and len(value) < meta.min_length:
                return self.wrong(place, f"has {len(value)} items, must have at least {meta.min_length}")
            if isinstance(meta, Meta) and meta.max_length is not None and len(value) > meta.max_length:
                return self.wrong(place, f"has {len(value)} items, must have at most {meta.max_length}")
        items = [self.read(item, part, f"{place}[{at}]") for at, part in enumerate(value)]
        return _BAD if any(part is _BAD for part in items) else _SEQUENCES[origin](items)

    def _mapping(self, key: Any, item: Any, value: Any, place: str) -> Any:
        if not isinstance(value, Mapping):
            return self.wrong(place, f"is {_name(value)}, must be a table")
        found = {}
        for name, part in value.items():
            at = f"{place}.{name}"
            try:
                known = msgspec.convert(name, key, strict=False)
            except msgspec.ValidationError as error:
                self.wrong(at, f"as a name {_fact(str(error))}")
                continue
            found[known] = self.read(item, part, at)
        return _BAD if any(part is _BAD for part in found.values()) else found

    def _leaf(self, kind: Any, extras: tuple[Any, ...], value: Any, place: str) -> Any:
        if kind is Any:
            return value
        metas = tuple(extra for extra in extras if isinstance(extra, Meta))
        try:
            return msgspec.convert(
                value, Annotated[kind, *metas] if metas else kind, strict=self.strict, dec_hook=self._hook
            )
        except msgspec.ValidationError as error:
            parts = _PATH.fullmatch(str(error))
            text, path = (parts["text"], parts["path"] or "") if parts else (str(error), "")
            if not path and (choices := _choices(kind)):
                return self.wrong(place, f"is {value!r}, must be one of {choices}")
            return self.wrong(place + path, _fact(text))

    def _secret(self, value: Any, extras: tuple[Any, ...], place: str) -> Any:
        try:
            secret = self._resolved(value)
        except Wrong as wrong:
            return self.wrong(place, wrong.fact, wrong.remedy)
        for meta in extras:
            if not isinstance(meta, Meta):
                continue
            if meta.min_length is not None and len(secret) < meta.min_length:
                return self.wrong(place, f"is too short, must have at least {meta.min_length} characters")
            if meta.max_length is not None and len(secret) > meta.max_length:
                return self.wrong(place, f"is too long, must have at most {meta.max_length} characters")
            if meta.pattern is not None and not re.search(meta.pattern, secret.reveal()):
                return self.wrong(place, f"does not match {meta.pattern}")
        return secret

    def _resolved(self, value: Any) -> Secret:
        if isinstance(value, str):
            return Secret(value)
        if isinstance(value, Mapping) and value.keys() == {"env"} and isinstance(value["env"], str):
            name = value["env"]
            text = self.environ.get(name, "")
            if not text:
                raise Wrong(f"the environment variable {name} is not set", f"set {name}")
            return Secret(text)
        raise Wrong('must be a text or { env = "NAME" }')

    def _hook(self, kind: Any, value: Any) -> Any:
        """Convert what msgspec does not know: secrets inside types that are not structs."""
        if kind is not Secret:
            raise NotImplementedError
        try:
            return self._resolved(value)
        except Wrong as wrong:
            raise ValueError(wrong.fact) from None


def _unwrap(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    extras: tuple[Any, ...] = ()
    while get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        extras += tuple(more)
    return hint, extras


@cache
def _fields(kind: type[Struct]) -> Mapping[str, tuple[msgspec.structs.FieldInfo, Any]]:
    """Return the fields by the name that they are written under, with their hints."""
    hints = get_type_hints(kind, include_extras=True)
    return {info.encode_name: (info, hints[info.name]) for info in msgspec.structs.fields(kind)}


def _is_table(kind: type[Struct]) -> bool:
    config = kind.__struct_config__
    return not config.array_like and config.tag is None


def _choices(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(map(repr, get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(repr(member.value) for member in kind)
    return ""


def _meant(key: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(key, known, 1) or get_close_matches(key.upper(), known, 1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"


def _name(value: Any) -> str:
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _fact(text: str) -> str:
    """Put msgspec's sentence into the words of an operator."""
    parts = _EXPECTED.fullmatch(text)
    if parts is None:
        return text[:1].lower() + text[1:]
    wanted = re.sub(r"`[a-z]+`", lambda word: _WORDS.get(word[0], word[0].strip("`")), parts["wanted"])
    if parts["got"] is None:
        return f"must be {wanted}"
    return f"is {_WORDS.get(parts['got'], parts['got'].strip('`'))}, must be {wanted}"
