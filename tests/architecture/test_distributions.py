"""Every distribution can be found, installed, understood and tested alone; one name leads everywhere."""

import re
import tomllib

import pytest

from vezne_host.assembly import Assembled
from vezne_host.testing.sentences import sentences
from workspace import ROOT, Distribution, distributions, plugins, root

DISTRIBUTIONS = [pytest.param(each, id=each.folder.name) for each in distributions()]
PLUGINS = [pytest.param(each, id=each.folder.name) for each in plugins()]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_is_complete(distribution: Distribution) -> None:
    wanted = [
        distribution.folder / "README.md",
        distribution.folder / "LICENSE",
        distribution.folder / "tests",
        distribution.source / "py.typed",
    ]

    assert [str(path.relative_to(ROOT)) for path in wanted if not path.exists()] == []
    assert list((distribution.folder / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_has_a_catalogue_if_it_speaks_to_shoppers(distribution: Distribution) -> None:
    folder = distribution.source / "locale" / "tr" / "LC_MESSAGES"

    assert [path.name for path in folder.glob("*")] == (
        [f"{distribution.package}.po"] if list(sentences(distribution.source)) else []
    )


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_says_what_it_is(distribution: Distribution) -> None:
    project = distribution.project

    assert project["license"] == "Apache-2.0"
    assert project["readme"] == "README.md"
    assert project["requires-python"] == ">=3.11"
    assert project["description"]
    assert (distribution.folder / "README.md").read_text("utf-8").startswith(f"# {distribution.name}\n")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_carries_the_licence_of_the_repository(distribution: Distribution) -> None:
    assert (distribution.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_has_one_name_everywhere(plugin: Distribution) -> None:
    name = plugin.folder.name

    assert plugin.name == f"vezne-{name.replace('_', '-')}"
    assert plugin.package == f"vezne_{name}"
    (entry,) = plugin.plugins.items()
    assert re.fullmatch(rf"{name}=vezne_{name}\.plugin:[A-Z][A-Za-z]+", "=".join(entry))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_needs_core_of_one_major_version(plugin: Distribution) -> None:
    assert "vezne-core>=1.0,<2" in plugin.project["dependencies"]
    assert not [each for each in plugin.project["dependencies"] if each.startswith("vezne-host")]


def test_core_depends_on_pluggy_msgspec_and_currency_data_only() -> None:
    (core,) = [each for each in distributions() if each.package == "vezne_core"]

    names = {re.split(r"[<>=]", each)[0] for each in core.project["dependencies"]}
    assert names == {"pluggy", "msgspec", "iso4217"}


def test_the_workspace_installs_every_distribution() -> None:
    table = root()
    names = {each.name for each in distributions()}

    assert {re.split(r"[\[<>=]", each)[0] for each in table["project"]["dependencies"]} == names
    assert set(table["tool"]["uv"]["sources"]) == names


def test_the_demo_enables_every_plugin() -> None:
    demo = tomllib.loads((ROOT / "plugins.toml").read_text("utf-8"))["merchants"]["demo"]

    assert set(demo["plugins"]) == {plugin.folder.name for plugin in plugins()}


def test_settings_and_slots_stand_under_the_name_of_their_plugin(assembled: Assembled) -> None:
    names = {plugin.folder.name for plugin in plugins()}
    for runtime in assembled.runtimes.values():
        assert set(runtime.config.settings) <= names
        assert {plugin for plugin, _ in runtime.collected.slots} <= {*names, "spine"}
