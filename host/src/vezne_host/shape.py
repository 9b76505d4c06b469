"""Whether what a plugin returned is what the hook asked for, in words."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from vezne_core import Chain, Gateway, Page


def misfit(item: Any, kind: type) -> str:
    """Say what an object is instead of a kind, or nothing when it fits.

    Of a protocol every member must be there; what the host calls without
    awaiting must not be a coroutine function.
    """
    if isinstance(item, type):
        return f"the class {item.__qualname__}, not an object made of it"
    if getattr(kind, "_is_protocol", False):
        return _unlike(item, kind)
    if not isinstance(item, kind):
        return f"{described(item)}, not {_article(kind.__name__)}"
    if isinstance(item, Gateway) and not isinstance(getattr(item, "name", None), str):
        return f"{described(item)}, a gateway without a name"
    if isinstance(item, Chain):
        return _unwalkable(item.pages)
    return ""


def described(item: Any) -> str:
    """Name an object by its type; never by its contents."""
    return "nothing" if item is None else _article(type(item).__qualname__)


def _unwalkable(pages: Sequence[Any]) -> str:
    for page in pages:
        if isinstance(page, type):
            return f"a chain with the class {page.__qualname__}, not a page made of it"
        if not isinstance(page, Page):
            return f"a chain with {described(page)} for a page"
    return ""


def _unlike(item: Any, protocol: type) -> str:
    members = sorted(
        name for name in {*protocol.__annotations__, *vars(protocol)} if not name.startswith("_")
    )
    missing = [name for name in members if not hasattr(item, name)]
    if missing:
        return f"{described(item)}, which lacks {', '.join(missing)} of {_article(protocol.__name__)}"
    for name in members:
        wanted, given = getattr(protocol, name, None), getattr(item, name)
        if not inspect.isfunction(wanted):
            continue
        if not callable(given):
            return f"{described(item)}, whose {name} is not a method"
        if inspect.iscoroutinefunction(given) and not inspect.iscoroutinefunction(wanted):
            return f"{described(item)}, whose {name} must not be async"
    return ""


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
