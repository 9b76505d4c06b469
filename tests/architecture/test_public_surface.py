"""Plugins import what core shows at its door, so that core may move things about inside."""

import ast
from collections.abc import Iterator
from types import ModuleType

import pytest

import vezne_core
from workspace import Distribution, plugins

CORE = "vezne_core"
PUBLIC = frozenset(vezne_core.__all__)


def past_the_door(source: str) -> Iterator[str]:
    """Yield what a module imports of core beside its public names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.split(".")[0] == CORE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == CORE:
            if node.module == CORE:
                yield from (f"{CORE}.{each.name}" for each in node.names if each.name not in PUBLIC)
            else:
                yield str(node.module)


@pytest.mark.parametrize("plugin", [pytest.param(each, id=each.folder.name) for each in plugins()])
def test_a_plugin_imports_public_names_only(plugin: Distribution) -> None:
    found = {
        path.relative_to(plugin.source).as_posix(): names
        for path in plugin.modules
        if (names := sorted(past_the_door(path.read_text("utf-8"))))
    }

    assert found == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from vezne_core import Money, Page", []),
        ("from vezne_core import hookspecs", ["vezne_core.hookspecs"]),
        ("from vezne_core import *", ["vezne_core.*"]),
        ("from vezne_core.money import Money", ["vezne_core.money"]),
        ("import vezne_core", ["vezne_core"]),
        ("import vezne_core.money as money", ["vezne_core.money"]),
        ("def late():\n    from vezne_core.flow import Flow", ["vezne_core.flow"]),
        ("from vezne_core_extras import Money", []),
        ("from . import money", []),
    ],
    ids=lambda case: str(case).replace("\n", " "),
)
def test_what_is_past_the_door(source: str, found: list[str]) -> None:
    assert list(past_the_door(source)) == found


def test_no_public_name_is_a_module() -> None:
    assert [name for name in PUBLIC if isinstance(getattr(vezne_core, name), ModuleType)] == []
