"""Form text or JSON into a struct, or every field error at once."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from vezne_core.money import parse_amount
from vezne_core.outcome import GENERAL, Message, Text
from vezne_core.payments import Answer
from vezne_core.settings import Secret

F = TypeVar("F", bound=Struct)

Fields = Mapping[str, Any]
"""What was sent: texts, lists of texts where a key was repeated, or JSON values."""

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
NOT_A_BOOLEAN = "Must be a valid boolean."
NOT_AN_INTEGER = "A valid integer is required."
NOT_A_NUMBER = "A valid number is required."
NOT_A_TEXT = "Not a valid string."
NOT_A_DATE = "Datetime has wrong format."
NOT_A_LIST = "Expected a list of items."
NOT_AN_OBJECT = "Expected an object."
NO_PATTERN = "This value does not match the required pattern."
NO_CHOICE = '"{input}" is not a valid choice.'
TOO_LONG = "Ensure this field has no more than {n} characters."
TOO_SHORT = "Ensure this field has at least {n} characters."
TOO_MANY = "Ensure this field has no more than {n} elements."
TOO_LOW = "Ensure this value is greater than or equal to {n}."
TOO_HIGH = "Ensure this value is less than or equal to {n}."
INVALID = "Invalid value."
UNEXPECTED = "This page takes no fields."
MUST_ACCEPT = "This must be accepted."

TEXT_LIMIT = 4096
"""Longest text of a field that does not say otherwise."""
LIST_LIMIT = 100
"""Longest list of a field that does not say otherwise."""
NAME_LIMIT = 64
"""Longest name of a field that goes into ``Extra``."""
DEPTH_LIMIT = 16
"""Deepest nesting of JSON."""

_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Wrong(Exception):
    """A value that the field does not take; carries the sentence."""

    def __init__(self, text: Text) -> None:
        self.text = text


def message(text: str, **rules: Any) -> Meta:
    """Constrain a field and say what the shopper reads when it does not fit.

    ``Annotated[str, message("Please enter a valid number.", pattern=r"^[0-9]{6}$")]``
    """
    return Meta(extra={"message": text}, **rules)


Agreement = Annotated[bool, Meta(extra={"must": True})]
"""A box that has to be ticked."""

Received = Annotated[Any, Meta(extra={"as_received": True})]
"""A field of a provider's answer: taken in whatever shape, so that no answer is refused over it."""

Extra = Annotated[dict[str, str], Meta(extra={"rest": True})]
"""A field that receives the other texts that were sent, by name, for pages whose
fields the merchant names. What is no text, blank, too long or too much is left out."""


class _Field(Struct, frozen=True):
    name: str
    key: str
    kind: Any
    optional: bool
    required: bool
    default: Any
    metas: tuple[Meta, ...]

    @property
    def takes_rest(self) -> bool:
        return any(meta.extra is not None and "rest" in meta.extra for meta in self.metas)

    def read(self, sent: Any) -> Any:
        """Convert what was sent for this field.

        :raises _Wrong: it does not fit; the field's own message wins.
        """
        if any(meta.extra and meta.extra.get("as_received") for meta in self.metas):
            return sent
        try:
            value = _convert(self.kind, sent)
            _constrain(value, self.metas)
        except _Wrong:
            for meta in self.metas:
                if meta.extra and "message" in meta.extra:
                    raise _Wrong(meta.extra["message"]) from None
            raise
        return value


@functools.cache
def _fields(form: type[Struct]) -> tuple[_Field, ...]:
    hints = get_type_hints(form, include_extras=True)
    found = []
    for info in msgspec.structs.fields(form):
        kind, optional, metas = _unfold(hints[info.name])
        default = info.default
        if default is msgspec.NODEFAULT and info.default_factory is not msgspec.NODEFAULT:
            default = info.default_factory()
        required = default is msgspec.NODEFAULT
        found.append(_Field(info.name, info.encode_name, kind, optional, required, default, metas))
    return tuple(found)


def _unfold(hint: Any) -> tuple[Any, bool, tuple[Meta, ...]]:
    """Take a hint apart: its bare type, whether None is allowed, its constraints."""
    metas: tuple[Meta, ...] = ()
    optional = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *extras = get_args(hint)
            metas += tuple(extra for extra in extras if isinstance(extra, Meta))
        elif origin in (Union, UnionType) and NoneType in get_args(hint):
            optional = True
            others = tuple(arg for arg in get_args(hint) if arg is not NoneType)
            hint = others[0] if len(others) == 1 else functools.reduce(operator.or_, others)
        else:
            return hint, optional, metas


def _convert(kind: Any, sent: Any) -> Any:
    if kind is Any:
        return _json(sent)
    if isinstance(sent, list) and get_origin(kind) not in (list, tuple, frozenset) and len(sent) == 1:
        sent = sent[0]
    if kind is str:
        return _text(sent)
    if kind is Secret:
        return Secret(_text(sent))
    if kind is bool:
        return _boolean(sent)
    if kind is int:
        return _integer(sent)
    if kind is Decimal:
        return _decimal(sent)
    if kind is datetime:
        return _datetime(sent)
    origin = get_origin(kind)
    if origin in (list, tuple, frozenset):
        return _sequence(origin, get_args(kind)[0], sent)
    value = _json(sent)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        wants_object = origin is dict or (isinstance(kind, type) and issubclass(kind, Struct))
        if wants_object:
            raise _Wrong(NOT_AN_OBJECT if not isinstance(value, dict) else INVALID) from None
        raise _Wrong(Message(NO_CHOICE, {"input": str(value)[:50]})) from None


def _text(sent: Any) -> str:
    if isinstance(sent, bool) or not isinstance(sent, str | int | Decimal):
        raise _Wrong(NOT_A_TEXT)
    if isinstance(sent, int) and not storable(sent):
        raise _Wrong(NOT_A_TEXT)
    text = str(sent).strip()
    if not _clean(text):
        raise _Wrong(NOT_A_TEXT)
    return text


def _boolean(sent: Any) -> bool:
    if isinstance(sent, bool):
        return sent
    text = sent.strip().lower() if isinstance(sent, str) else ""
    if isinstance(sent, int) and sent in (0, 1):
        text = str(sent)
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _Wrong(NOT_A_BOOLEAN)


def _integer(sent: Any) -> int:
    if isinstance(sent, int) and not isinstance(sent, bool) and abs(sent) < 10**18:
        return sent
    if isinstance(sent, str) and _INTEGER.fullmatch(sent):
        return int(sent)
    raise _Wrong(NOT_AN_INTEGER)


def _decimal(sent: Any) -> Decimal:
    if isinstance(sent, int) and not isinstance(sent, bool) and storable(sent):
        sent = str(sent)
    if isinstance(sent, float):
        sent = repr(sent)
    try:
        return parse_amount(sent if isinstance(sent, str) else "")
    except ValueError:
        raise _Wrong(NOT_A_NUMBER) from None


def _datetime(sent: Any) -> datetime:
    try:
        return msgspec.convert(sent, datetime)
    except (msgspec.ValidationError, ValueError):
        raise _Wrong(NOT_A_DATE) from None


def _sequence(origin: Any, item: Any, sent: Any) -> Any:
    if isinstance(sent, str):
        sent = _json(sent) if sent.lstrip().startswith("[") else [sent]
    elif isinstance(sent, list) and len(sent) == 1 and isinstance(sent[0], str):
        sent = _json(sent[0]) if sent[0].lstrip().startswith("[") else sent
    if not isinstance(sent, list):
        raise _Wrong(NOT_A_LIST)
    if len(sent) > LIST_LIMIT:
        raise _Wrong(Message(TOO_MANY, {"n": LIST_LIMIT}))
    kind, _, metas = _unfold(item)
    values = []
    for part in sent:
        value = _convert(kind, part)
        _constrain(value, metas)
        values.append(value)
    return origin(values)


def _json(sent: Any) -> Any:
    if isinstance(sent, str):
        with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            sent = msgspec.json.decode(sent)
    if not storable(sent):
        raise _Wrong(INVALID)
    return sent


def storable(value: Any, depth: int = DEPTH_LIMIT) -> bool:
    """Tell whether JSON can be kept as it is: clean texts, numbers of 64 bits, not too deep.

    What a slot takes may end in an order, whose database refuses NUL.
    """
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, list | dict):
        if depth == 0:
            return False
        if isinstance(value, dict):
            return all(_clean(key) and storable(item, depth - 1) for key, item in value.items())
        return all(storable(item, depth - 1) for item in value)
    return True


def _clean(text: str) -> bool:
    """Tell whether a text holds neither control characters nor halves of a surrogate pair."""
    if _CONTROL.search(text):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _constrain(value: Any, metas: Sequence[Meta]) -> None:
    text = value.reveal() if isinstance(value, Secret) else value
    limited = False
    for meta in metas:
        if meta.extra and meta.extra.get("must") and not value:
            raise _Wrong(MUST_ACCEPT)
        if isinstance(text, str):
            limited |= meta.max_length is not None
            if meta.max_length is not None and len(text) > meta.max_length:
                raise _Wrong(Message(TOO_LONG, {"n": meta.max_length}))
            if meta.min_length is not None and len(text) < meta.min_length:
                raise _Wrong(Message(TOO_SHORT, {"n": meta.min_length}))
            if meta.pattern is not None and not re.search(meta.pattern, text, re.ASCII):
                raise _Wrong(NO_PATTERN)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            if meta.ge is not None and value < meta.ge:
                raise _Wrong(Message(TOO_LOW, {"n": meta.ge}))
            if meta.gt is not None and value <= meta.gt:
                raise _Wrong(Message(TOO_LOW, {"n": meta.gt}))
            if meta.le is not None and value > meta.le:
                raise _Wrong(Message(TOO_HIGH, {"n": meta.le}))
    if isinstance(text, str) and not limited and len(text) > TEXT_LIMIT:
        raise _Wrong(Message(TOO_LONG, {"n": TEXT_LIMIT}))


def _rest(sent: Fields, known: set[str]) -> dict[str, str]:
    rest: dict[str, str] = {}
    for name, value in sent.items():
        if name in known or len(name) > NAME_LIMIT or len(rest) == LIST_LIMIT or not _clean(name):
            continue
        try:
            text = _convert(str, value)
            _constrain(text, ())
        except _Wrong:  # nobody asked for this field yet; whoever misses it says so
            continue
        if text:
            rest[name] = text
    return rest


def decode(
    form: type[F], sent: Fields, *, answer: Answer | None = None
) -> tuple[F | None, dict[str, list[Text]]]:
    """Read a form.

    Text is taken leniently as the contract says ("12", "on", JSON inside a
    field); numbers only in plain ASCII. Unknown fields are ignored. A field of
    type :class:`Answer` receives ``answer``.

    :return: the struct and no errors, or None and a sentence for every wrong field.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[Text]] = {}
    for field in _fields(form):
        if field.kind is Answer:
            values[field.name] = answer
            continue
        if field.takes_rest:
            values[field.name] = _rest(sent, {other.key for other in _fields(form) if not other.takes_rest})
            continue
        value = sent.get(field.key)
        if isinstance(value, list) and not value:
            value = None
        blank = value == "" or value == [""]
        if value is None or blank:
            if field.required and not field.optional:
                missing = BLANK if blank else NULL if field.key in sent else REQUIRED
                errors[field.key] = [missing]
            else:
                values[field.name] = None if field.required else field.default
            continue
        try:
            values[field.name] = field.read(value)
        except _Wrong as wrong:
            errors[field.key] = [wrong.text]
    if errors:
        return None, errors
    return form(**values), errors


def without_secrets(form: Struct) -> dict[str, Any]:
    """Return what may be stored of a form: plain values, no secrets, no raw answer."""
    kept = {}
    for field in _fields(type(form)):
        value = getattr(form, field.name)
        if value is not None and not isinstance(value, Secret | Answer):
            kept[field.key] = msgspec.to_builtins(value)
    return kept


def no_fields(sent: Fields) -> dict[str, list[Text]]:
    """Return the error of a page that takes no fields at all, or nothing."""
    return {GENERAL: [UNEXPECTED]} if sent else {}
