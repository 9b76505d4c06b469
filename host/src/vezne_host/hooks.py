"""Typed front of the hooks; the only module that knows pluggy's manager.

Every implementation is called apart from the others, so that whatever goes
wrong is tied to one plugin and one hook.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from typing import Any

from pluggy import HookImpl, HookimplOpts, PluginManager, PluginValidationError
from sqlalchemy import MetaData

from vezne_core import (
    Chain,
    DeliveryMode,
    Gateway,
    Loader,
    Plugin,
    Problem,
    Promotion,
    Refused,
    Reservation,
    RuleType,
    Shipping,
    Slot,
    Source,
    Task,
    hookspecs,
)
from vezne_core.markers import PROJECT
from vezne_host import shape
from vezne_host.collected import EVENTS, Bound, Brought, Collected, PluginFailed, listed
from vezne_host.culprit import told
from vezne_host.field import SPINE
from vezne_host.shape import described, misfit

__all__ = ["Collected", "PluginFailed", "collect"]

REGISTERED: Mapping[str, type] = {
    "slots": Slot,
    "sources": Source,
    "chains": Chain,
    "delivery": DeliveryMode,
    "shipping": Shipping,
    "rules": RuleType,
    "gateways": Gateway,
    "promotions": Promotion,
    "reservations": Reservation,
    "tasks": Task,
    "loaders": Loader,
}
"""What the hooks ``vezne_register_<name>`` return, in the order in which they are called."""

_KEYS: Mapping[str, tuple[str, Callable[[Any], Hashable]]] = {
    "delivery": ("delivery for page", lambda mode: mode.serves),
    "shipping": ("shipping for page", lambda shipping: shipping.serves),
    "rules": ("rule", lambda rule: f"{rule.role.value} {rule.name}"),
    "gateways": ("gateway", lambda gateway: gateway.name),
    "reservations": ("reservation", lambda reservation: reservation.name),
    "loaders": ("loader", lambda loader: loader.name),
}
"""What may be brought once per merchant."""


def collect(plugins: Mapping[str, Plugin[Any]]) -> Collected:
    """Call the registration hooks of one merchant's plugins.

    :param plugins: by name, in the order of plugins.toml; the spine first.
    :raises Refused: everything that is wrong with any of them, at once.
    """
    collector = _Collector(plugins)
    collected = collector.collected()
    if collector.problems:
        raise Refused(collector.problems)
    return collected


@cache
def _read(plugin: Hashable, attribute: str) -> HookimplOpts | None:
    return PluginManager(PROJECT).parse_hookimpl_opts(plugin, attribute)


class _Manager(PluginManager):
    """Looks for the hooks of a class once, however many merchants enable the plugin."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> HookimplOpts | None:
        kind: Any = type(plugin)
        return _read(kind, name)


class _Collector:
    """One run over the hooks of one merchant; nothing of it is kept."""

    def __init__(self, plugins: Mapping[str, Plugin[Any]]) -> None:
        self.problems: list[Problem] = []
        self._order = {name: place for place, name in enumerate(plugins)}
        self._manager = _Manager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        for name, plugin in plugins.items():
            self._register(name, plugin)
        try:
            self._manager.check_pending()
        except PluginValidationError:
            self._name_unknown(plugins)

    def collected(self) -> Collected:
        brought = {field: self._brought(field, kind) for field, kind in REGISTERED.items()}
        self._check_slots(brought["slots"])
        tasks = tuple((plugin, f"{plugin}.{task.name}") for plugin, task in brought["tasks"])
        self._check_once("task", tasks, lambda name: name)
        for field, (what, key) in _KEYS.items():
            self._check_once(what, brought[field], key)
        kept = {hook: self._bound(hook) for hook in ("vezne_add_blockers", *EVENTS.values())}
        return Collected(**brought, tables=self._tables(), kept={hook: b for hook, b in kept.items() if b})

    # Registration.

    def _wrong(self, plugin: str, hook: str, fact: str, remedy: str = "") -> None:
        self.problems.append(Problem(f"plugin {plugin}, {hook}", fact, remedy))

    def _register(self, name: str, plugin: Plugin[Any]) -> None:
        for attribute in dir(type(plugin)):
            if attribute.startswith("vezne_") and not self._manager.parse_hookimpl_opts(plugin, attribute):
                self._wrong(name, attribute, "is not marked as a hook", "put @hookimpl above it")
        try:
            self._manager.register(plugin, name)
        except (PluginValidationError, ValueError) as error:
            self.problems.append(Problem(f"plugin {name}", " ".join(str(error).split())))

    def _name_unknown(self, plugins: Mapping[str, Plugin[Any]]) -> None:
        for name, plugin in plugins.items():
            for caller in self._manager.get_hookcallers(plugin) or ():
                if not caller.has_spec():
                    known = ", ".join(sorted(hook for hook in vars(hookspecs) if hook.startswith("vezne_")))
                    self._wrong(name, caller.name, "is not a hook", f"hooks are {known}")

    def _implementations(self, hook: str) -> Iterator[HookImpl]:
        """Yield the sound implementations of a hook, in the order of plugins.toml."""
        found = getattr(self._manager.hook, hook).get_hookimpls()
        for impl in sorted(found, key=lambda impl: self._order[impl.plugin_name]):
            if impl.wrapper or impl.hookwrapper:
                self._wrong(impl.plugin_name, hook, "is a wrapper", "return objects of this plugin instead")
            elif impl.tryfirst or impl.trylast:
                self._wrong(
                    impl.plugin_name, hook, "asks for a place of its own", "order is that of plugins.toml"
                )
            elif inspect.iscoroutinefunction(impl.function) or inspect.isasyncgenfunction(impl.function):
                self._wrong(impl.plugin_name, hook, "is async", "hooks are synchronous; write def")
            else:
                yield impl

    def _bound(self, hook: str) -> tuple[Bound, ...]:
        return tuple(
            Bound(impl.plugin_name, impl.function, impl.argnames) for impl in self._implementations(hook)
        )

    # What the hooks return.

    def _brought(self, field: str, kind: type) -> Brought[Any]:
        hook = f"vezne_register_{field}"
        found = []
        for bound in self._bound(hook):
            try:
                returned = listed(bound(hook), bound.plugin, hook)
            except PluginFailed as failed:
                self._wrong(bound.plugin, hook, failed.fact)
                continue
            for item in returned:
                if fact := self._misfit(item, kind):
                    self._wrong(bound.plugin, hook, f"returned {fact}")
                else:
                    found.append((bound.plugin, item))
        return tuple(found)

    def _misfit(self, item: Any, kind: type) -> str:
        try:
            return misfit(item, kind)
        except Exception as error:  # its properties are foreign code too
            return f"{described(item)}, which raised {told(error, __file__, shape.__file__)}"

    def _tables(self) -> Brought[MetaData]:
        hook = "vezne_register_tables"
        found = []
        for bound in self._bound(hook):
            try:
                metadata = bound(hook)
            except PluginFailed as failed:
                self._wrong(bound.plugin, hook, failed.fact)
                continue
            if metadata is None:
                continue
            if not isinstance(metadata, MetaData):
                self._wrong(bound.plugin, hook, f"returned {described(metadata)}, not sqlalchemy.MetaData")
                continue
            for table in metadata.tables.values():
                if [column.name for column in table.primary_key][:1] != ["merchant"]:
                    fact = f"the primary key of table {table.name} does not begin with merchant"
                    self._wrong(bound.plugin, hook, fact)
            found.append((bound.plugin, metadata))
        return tuple(found)

    def _check_slots(self, slots: Brought[Slot[Any]]) -> None:
        for plugin, slot in slots:
            if plugin != SPINE and not slot.name.startswith(f"{plugin}."):
                self._wrong(
                    plugin, "vezne_register_slots", f"slot {slot.name} is not named after the plugin",
                    f"name it {plugin}.{slot.name.rpartition('.')[2]}",
                )  # fmt: skip

    def _check_once(self, what: str, brought: Brought[Any], key: Callable[[Any], Hashable]) -> None:
        owners: dict[Hashable, str] = {}
        for plugin, item in brought:
            name = key(item)
            if name in owners:
                self.problems.append(
                    Problem(
                        f"plugin {plugin}",
                        f"{what} {name} is also brought by {owners[name]}",
                        "disable one of the two plugins" if owners[name] != plugin else "bring it once",
                    )
                )
            owners.setdefault(name, plugin)
