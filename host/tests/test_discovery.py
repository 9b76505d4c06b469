"""Enabled plugins among what is installed: every failure is tied to its name.

Each test installs tiny distributions for real: a folder on ``sys.path`` with
modules, metadata and entry points, as pip leaves them.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vezne_core import Problem
from vezne_host.discovery import Installed, load_plugins, sandboxes

PLUGIN = """
from vezne_core import Plugin

class Sound(Plugin):
    "A plugin."
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution whose module has a source and which offers entry points of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = set(sys.modules)

    def installed(
        name: str, source: str, *offers: str, group: str = "vezne.plugins", version: str = "1.2.3"
    ) -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [offer if "=" in offer else f"{offer} = {module}:Sound" for offer in offers]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))

    yield installed
    for module in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


def problem(name: str) -> Problem:
    found = load_plugins([name])
    assert found.plugins == {}
    assert list(found.problems) == [name]
    return found.problems[name]


def test_an_enabled_plugin_comes_with_its_distribution(install: Install) -> None:
    install("acme-sound", PLUGIN, "sound")

    found = load_plugins(["sound"])

    assert found.problems == {}
    plugin = found.plugins["sound"]
    assert plugin == Installed(name="sound", type=plugin.type, distribution="acme-sound", version="1.2.3")
    assert (plugin.type.__name__, plugin.package) == ("Sound", "acme_sound")


def test_a_plugin_that_is_not_enabled_is_not_imported(install: Install) -> None:
    install("acme-sound", PLUGIN, "sound")
    install("acme-loud", "raise RuntimeError('imported')", "loud")

    assert load_plugins(["sound"]).problems == {}
    assert "acme_loud" not in sys.modules


def test_an_installation_is_noticed_at_once(install: Install) -> None:
    assert problem("sound").fact == "is not installed"

    install("acme-sound", PLUGIN, "sound")

    assert list(load_plugins(["sound"]).plugins) == ["sound"]


def test_a_missing_plugin_is_named(install: Install) -> None:
    install("acme-sound", PLUGIN, "sound")

    found = load_plugins(["sound", "silence"])

    assert list(found.plugins) == ["sound"]
    assert found.problems == {
        "silence": Problem(
            "plugin silence",
            "is not installed",
            "install the distribution that brings it, or take it out of plugins",
        )
    }


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        (
            "import nowhere_to_be_found",
            "ModuleNotFoundError: No module named 'nowhere_to_be_found' (FILE line 1)",
        ),
        ("\nassert False, 'no'", "AssertionError: no (FILE line 2)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 (FILE line 2)"),
        ("raise GeneratorExit", "GeneratorExit (FILE line 1)"),
        ("import pytest\n\npytest.skip('later', allow_module_level=True)", "Skipped: later"),
        ("def broken(:", "SyntaxError: invalid syntax (acme_loud.py, line 1)"),
        ("x = 1", "AttributeError: module 'acme_loud' has no attribute 'Sound'"),
    ],
    ids=["import", "assertion", "exit", "base-exception", "outcome", "syntax", "attribute"],
)
def test_what_an_import_raises_is_tied_to_its_name(
    install: Install, tmp_path: Path, source: str, fact: str
) -> None:
    install("acme-sound", PLUGIN, "sound")
    install("acme-loud", source, "loud")

    found = load_plugins(["loud", "sound"])

    assert list(found.plugins) == ["sound"]
    loud = found.problems["loud"]
    expected = f"cannot be imported: {fact.replace('FILE', str(tmp_path / 'acme_loud.py'))}"
    assert loud.fact.startswith(expected)
    assert loud.remedy == "reinstall acme-loud 1.2.3, or tell its author"


def test_control_c_during_an_import_ends_the_start(install: Install) -> None:
    install("acme-loud", "raise KeyboardInterrupt", "loud")

    with pytest.raises(KeyboardInterrupt):
        load_plugins(["loud"])


def test_two_distributions_with_one_name_are_refused_before_either_is_imported(install: Install) -> None:
    install("acme-a", "raise RuntimeError('imported')", "sound")
    install("acme-b", PLUGIN, "sound", version="0.9")

    assert problem("sound") == Problem(
        "plugin sound", "is offered by acme-a 1.2.3 and acme-b 0.9", "uninstall one of them"
    )
    assert not {"acme_a", "acme_b"} & sys.modules.keys()


def test_a_duplicate_is_seen_whatever_lies_between_and_is_enabled(install: Install) -> None:
    install("acme-a", PLUGIN, "sound", "middle")
    install("acme-b", PLUGIN, "sound")

    found = load_plugins(["sound", "middle", "sound"])

    assert list(found.plugins) == ["middle"]
    assert list(found.problems) == ["sound"]


def test_a_name_offered_twice_by_one_distribution_is_refused(install: Install) -> None:
    install("acme-a", PLUGIN, "sound", "sound = acme_a:Plugin")

    assert problem("sound").fact == "is offered by acme-a 1.2.3 and acme-a 1.2.3"


@pytest.mark.parametrize(
    ("source", "offer"),
    [
        ("Sound = 5", "sound"),
        ("class Sound: pass", "sound"),
        ("from vezne_core import Plugin\nSound = Plugin(None, None)", "sound"),
        ("from vezne_core import Plugin as Sound", "sound"),
        ("", "sound = acme_sound"),
    ],
    ids=["number", "other-class", "instance", "the-base-itself", "module"],
)
def test_only_a_subclass_of_plugin_is_a_plugin(install: Install, source: str, offer: str) -> None:
    install("acme-sound", source, offer)

    found = problem("sound")

    assert found.fact.endswith("is not a subclass of vezne_core.Plugin")
    assert found.remedy == "tell the author of acme-sound 1.2.3"


@pytest.mark.parametrize(
    ("api", "fact", "remedy"),
    [
        ("(1, 99)", "needs plugin API 1.99, this host has 1.0", "upgrade vezne-core and vezne-host"),
        ("(2, 0)", "needs plugin API 2.0, this host has 1.0", "upgrade vezne-core and vezne-host"),
        ("(0, 9)", "needs plugin API 0.9, this host has 1.0", "upgrade acme-sound 1.2.3"),
        ("'1.0'", "acme_sound:Sound: api is '1.0', not like (1, 0)", "tell the author of acme-sound 1.2.3"),
        ("(1,)", "acme_sound:Sound: api is (1,), not like (1, 0)", "tell the author of acme-sound 1.2.3"),
    ],
    ids=["newer-minor", "newer-major", "older-major", "text", "short"],
)
def test_a_plugin_made_for_another_api_is_refused(install: Install, api: str, fact: str, remedy: str) -> None:
    install("acme-sound", f"{PLUGIN}    api = {api}\n", "sound")

    assert problem("sound") == Problem("plugin sound", fact, remedy)


def test_settings_must_be_a_settings_struct(install: Install) -> None:
    install("acme-sound", f"{PLUGIN}    settings_type = dict\n", "sound")

    assert "settings_type is not a subclass of vezne_core.Settings" in problem("sound").fact


def test_a_name_enabled_twice_is_loaded_once(install: Install) -> None:
    install("acme-sound", PLUGIN, "sound")

    assert list(load_plugins(["sound", "sound"]).plugins) == ["sound"]


# Sandboxes.


def test_every_installed_sandbox_is_found_or_explained(install: Install) -> None:
    group = "vezne.sandboxes"
    install("acme-bank", "def make(): return 5", "acme_bank = acme_bank:make", group=group)
    install("acme-broken", "1 / 0", "acme_broken = acme_broken:make", group=group)
    install("acme-five", "five = 5", "acme_five = acme_five:five", group=group)
    install("acme-one", "def make(): ...", "acme_twin = acme_one:make", group=group)
    install("acme-two", "def make(): ...", "acme_twin = acme_two:make", group=group)

    factories, problems = sandboxes()

    assert factories["acme_bank"]() == 5
    ours = {name: str(each) for name, each in problems.items() if name.startswith("acme")}
    assert set(ours) == {"acme_broken", "acme_five", "acme_twin"}
    assert ours["acme_broken"].startswith("sandbox acme_broken: cannot be imported: ZeroDivisionError")
    assert ours["acme_five"].startswith("sandbox acme_five: acme_five:five is not a function")
    assert ours["acme_twin"].startswith("sandbox acme_twin: is offered by acme-one 1.2.3 and acme-two 1.2.3")
