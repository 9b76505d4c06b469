"""A form as JSON schema can say it: texts for secrets and amounts, and only what a body can fill."""

from __future__ import annotations

import functools
import operator
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from vezne_core import Answer, Secret

_PASSWORD = Meta(extra_json_schema={"format": "password", "writeOnly": True})
_AMOUNT = Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")


def header_fields(form: type[Struct]) -> tuple[str, ...]:
    """Return the fields of a form that are headers of the request; a body cannot fill them."""
    names = (info.encode_name for info in msgspec.structs.fields(form))
    return tuple(name for name in names if name.lower().startswith("x-"))


def bodily(form: type[Struct]) -> type[Struct]:
    """Return a form without the request itself, headers, and whatever else was sent."""
    hints = get_type_hints(form, include_extras=True)
    fields: list[Any] = []
    names: dict[str, str] = {}
    headers = header_fields(form)
    for info in msgspec.structs.fields(form):
        hint = hints[info.name]
        if hint is Answer or info.encode_name in headers or "rest" in _extras(hint):
            continue
        names[info.name] = info.encode_name
        if info.required:
            fields.append((info.name, _plain(hint)))
        elif info.default is not NODEFAULT:
            fields.append((info.name, _plain(hint), info.default))
        else:
            fields.append((info.name, _plain(hint), msgspec.field(default_factory=info.default_factory)))
    made = msgspec.defstruct(form.__name__, fields, rename=names, kw_only=True)
    made.__doc__ = form.__doc__
    return made


def _extras(hint: Any) -> set[str]:
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta)]
    return {key for meta in metas for key in meta.extra or ()}


def _plain(hint: Any) -> Any:
    """Return a hint in which secrets and amounts are the texts that they travel as."""
    origin = get_origin(hint)
    if hint is Secret:
        return Annotated[str, _PASSWORD]
    if hint is Decimal:
        return Annotated[str, _AMOUNT]
    if origin is Annotated:
        inner, *metas = get_args(hint)
        kept = [meta for meta in metas if not (_numeric(meta) and _is_amount(inner))]
        return functools.reduce(lambda plain, meta: Annotated[plain, meta], kept, _plain(inner))
    if origin in (Union, UnionType):
        return functools.reduce(operator.or_, map(_plain, get_args(hint)))
    return hint


def _is_amount(hint: Any) -> bool:
    return hint is Decimal or Decimal in get_args(hint)


def _numeric(meta: Any) -> bool:
    return isinstance(meta, Meta) and any(
        bound is not None for bound in (meta.ge, meta.gt, meta.le, meta.lt, meta.multiple_of)
    )
