"""All sandbox services that are installed, as one application."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def mounted(factories: Mapping[str, Callable[..., Any]], **options: Any) -> Any:
    """Make the services and put them together.

    One alone is served at the root. Of several each answers under its own
    name, and the first at the root too.

    :param options: given to every factory that takes them.
    """
    apps = {name: make(**_taken(make, options)) for name, make in factories.items()}
    if len(apps) == 1:
        return next(iter(apps.values()))
    return _ByPrefix(apps)


def _taken(make: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    known = inspect.signature(make).parameters
    return {name: value for name, value in options.items() if name in known and value is not None}


class _ByPrefix:
    """Hands a request to the application whose name its path begins with."""

    def __init__(self, apps: Mapping[str, Any]) -> None:
        self._apps = apps
        self._first = next(iter(apps.values()))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            name, _, rest = scope["path"].lstrip("/").partition("/")
            app = self._apps.get(name)
            if app is not None:
                inner = dict(scope, path=f"/{rest}", raw_path=f"/{rest}".encode())
                await app(inner, receive, send)
                return
        await self._first(scope, receive, send)
