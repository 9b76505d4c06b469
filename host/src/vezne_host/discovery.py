"""Find enabled plugins among what is installed; the only module that knows stevedore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn

import stevedore
from msgspec import Struct
from stevedore.named import NamedExtensionManager

from vezne_core import API, Plugin, Problem, Settings, compatible
from vezne_host.culprit import told

PLUGINS = "vezne.plugins"
SANDBOXES = "vezne.sandboxes"


class Installed(Struct, frozen=True, kw_only=True):
    """A plugin class, and the distribution that brought it."""

    name: str
    type: type[Plugin[Any]]
    distribution: str
    version: str

    @property
    def package(self) -> str:
        """Import name of the distribution; its texts lie there."""
        return self.type.__module__.partition(".")[0]


class Found(Struct, frozen=True):
    """The plugins that can be used, and why the others cannot, by name."""

    plugins: Mapping[str, Installed]
    problems: Mapping[str, Problem]


class _Unusable(Exception):
    """What an entry point leads to cannot be used: what is wrong, and what to do."""

    def __init__(self, fact: str, remedy: str) -> None:
        self.fact = fact
        self.remedy = remedy
        super().__init__(fact)


class _Named(NamedExtensionManager[Any]):
    """Loads one name out of the entry points it is given.

    Stevedore's own list comes from a cache whose age counts in steps of two
    minutes, and names no distribution: an installation would go unnoticed, and
    so would a second distribution that offers a name already taken.
    """

    def __init__(self, group: str, name: str, offered: Sequence[EntryPoint]) -> None:
        self._offered = list(offered)
        super().__init__(
            group,
            names=[name],
            on_load_failure_callback=_reraise,
            on_missing_entrypoints_callback=_missing,
        )

    def list_entry_points(self) -> list[EntryPoint]:
        return self._offered


def load_plugins(enabled: Iterable[str]) -> Found:
    """Import the enabled plugins, and no others.

    One manager per name: every failure is then tied to its name, and two
    distributions offering the same name can never hide behind a third.
    """
    plugins: dict[str, Installed] = {}
    problems: dict[str, Problem] = {}
    offered = entry_points(group=PLUGINS)
    for name in dict.fromkeys(enabled):
        try:
            entry, loaded = _load(PLUGINS, name, tuple(offered))
            found = _plugin(name, entry, loaded)
        except _Unusable as unusable:
            problems[name] = Problem(f"plugin {name}", unusable.fact, unusable.remedy)
        else:
            plugins[name] = found
    return Found(plugins, problems)


def sandboxes() -> tuple[Mapping[str, Callable[..., Any]], Mapping[str, Problem]]:
    """Return what makes the installed sandbox services, and what is wrong with the others, by name."""
    factories: dict[str, Callable[..., Any]] = {}
    problems: dict[str, Problem] = {}
    offered = tuple(entry_points(group=SANDBOXES))
    for name in dict.fromkeys(entry.name for entry in offered):
        try:
            entry, factory = _load(SANDBOXES, name, offered)
            if not callable(factory):
                raise _Unusable(f"{entry.value} is not a function", _report(entry))
        except _Unusable as unusable:
            problems[name] = Problem(f"sandbox {name}", unusable.fact, unusable.remedy)
        else:
            factories[name] = factory
    return factories, problems


def _load(group: str, name: str, offered: Sequence[EntryPoint]) -> tuple[EntryPoint, Any]:
    rivals = [entry for entry in offered if entry.name == name]
    if len(rivals) > 1:  # before either is imported
        owners = " and ".join(sorted(_owner(entry) for entry in rivals))
        raise _Unusable(f"is offered by {owners}", "uninstall one of them")
    try:
        extension = _Named(group, name, offered)[name]
    except (_Unusable, KeyboardInterrupt):
        raise
    except BaseException as error:  # also SystemExit, and whatever else an import may raise
        owner = _owner(rivals[0])
        raise _Unusable(
            f"cannot be imported: {told(error, __file__, *stevedore.__path__)}",
            f"reinstall {owner}, or tell its author",
        ) from error
    return extension.entry_point, extension.plugin


def _plugin(name: str, entry: EntryPoint, loaded: Any) -> Installed:
    if not (isinstance(loaded, type) and issubclass(loaded, Plugin) and loaded is not Plugin):
        raise _Unusable(f"{entry.value} is not a subclass of vezne_core.Plugin", _report(entry))
    settings_type: Any = loaded.settings_type
    if not (isinstance(settings_type, type) and issubclass(settings_type, Settings)):
        raise _Unusable(
            f"{entry.value}: settings_type is not a subclass of vezne_core.Settings", _report(entry)
        )
    api: Any = loaded.api
    if not (isinstance(api, tuple) and len(api) == 2 and all(isinstance(part, int) for part in api)):
        raise _Unusable(f"{entry.value}: api is {api!r}, not like (1, 0)", _report(entry))
    if not compatible(api):
        raise _Unusable(
            f"needs plugin API {api[0]}.{api[1]}, this host has {API[0]}.{API[1]}",
            "upgrade vezne-core and vezne-host" if api > API else f"upgrade {_owner(entry)}",
        )
    dist = entry.dist
    return Installed(
        name=name,
        type=loaded,
        distribution=dist.name if dist else "",
        version=dist.version if dist else "",
    )


def _missing(names: Iterable[str]) -> NoReturn:
    raise _Unusable("is not installed", "install the distribution that brings it, or take it out of plugins")


def _reraise(manager: Any, entry: EntryPoint, error: BaseException) -> NoReturn:
    raise error


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _report(entry: EntryPoint) -> str:
    return f"tell the author of {_owner(entry)}"
