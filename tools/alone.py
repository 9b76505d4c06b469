"""Import everything of one distribution, where only it and what it declares is installed.

Run by wheels.py with the Python of such an environment: ``alone.py <package> [<plugin>]``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pkgutil import walk_packages

HOST = "vezne_host"
EXTRAS = (f"{HOST}.testing", f"{HOST}.demo")
"""Need the extras ``testing`` and ``embedded``, which this environment has not."""


def modules(package: str) -> Iterator[str]:
    """Yield what can be imported without running a command."""
    yield package
    for found in walk_packages(import_module(package).__path__, f"{package}."):
        if not found.name.endswith(".__main__") and not found.name.startswith(EXTRAS):
            yield found.name


def main(package: str, plugin: str | None = None) -> None:
    """Fail where something is missing, or where something is there that must not be needed."""
    names = list(modules(package))
    for name in names:
        import_module(name)
    if package != HOST and find_spec(HOST) is not None:
        raise SystemExit(f"{package}: {HOST} came along, so this proves nothing")
    offered = {entry.name: entry for entry in entry_points(group="vezne.plugins")}
    if set(offered) != ({plugin} if plugin else set()):
        raise SystemExit(f"{package}: offers {sorted(offered) or 'no plugin'}, not {plugin}")
    if plugin:
        from vezne_core import Plugin, compatible

        loaded = offered[plugin].load()
        if not (issubclass(loaded, Plugin) and compatible(loaded.api)):
            raise SystemExit(f"{package}: {offered[plugin].value} is no plugin of this API")
    print(f"{package}: {len(names)} modules import{f', plugin {plugin} loads' if plugin else ''}")


if __name__ == "__main__":
    main(*sys.argv[1:])
