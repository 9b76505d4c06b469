"""The distributions of this workspace, read from its folders: none can be forgotten in a list.

``python tools/workspace.py packages`` or ``folders`` prints them, one a line.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = "vezne.plugins"


@dataclass(frozen=True)
class Distribution:
    """One folder with a pyproject.toml of its own."""

    folder: Path

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The file, as written."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))

    @property
    def project(self) -> dict[str, Any]:
        """Its table ``[project]``."""
        table: dict[str, Any] = self.pyproject["project"]
        return table

    @property
    def name(self) -> str:
        """What pip calls it."""
        return str(self.project["name"])

    @property
    def source(self) -> Path:
        """The folder of its one import package."""
        packages = [folder for folder in (self.folder / "src").iterdir() if (folder / "__init__.py").exists()]
        if len(packages) != 1:
            raise SystemExit(f"{self.folder / 'src'}: holds {len(packages)} packages, not one")
        return packages[0]

    @property
    def package(self) -> str:
        """What Python calls it."""
        return self.source.name

    @property
    def plugins(self) -> dict[str, str]:
        """Its entry points, by the name that stands in plugins.toml."""
        return dict(self.project.get("entry-points", {}).get(PLUGINS, {}))

    @property
    def is_plugin(self) -> bool:
        """Every distribution is one, but for the two that the others are built on."""
        return self.folder.is_relative_to(ROOT / "plugins")

    @property
    def modules(self) -> list[Path]:
        """Its source files."""
        return sorted(self.source.rglob("*.py"))


def root() -> dict[str, Any]:
    """Return the pyproject.toml of the workspace."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def distributions() -> list[Distribution]:
    """Return all of them, in the order in which the workspace names its members."""
    members = root()["tool"]["uv"]["workspace"]["members"]
    return [Distribution(folder) for pattern in members for folder in sorted(ROOT.glob(pattern))]


def plugins() -> list[Distribution]:
    """Return the distributions that are plugins."""
    return [distribution for distribution in distributions() if distribution.is_plugin]


if __name__ == "__main__":
    for distribution in distributions():
        match sys.argv[1:]:
            case ["packages"]:
                print(distribution.package)
            case ["folders"]:
                print(distribution.folder.relative_to(ROOT))
            case _:
                raise SystemExit(__doc__)
