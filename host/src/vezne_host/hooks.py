"""Typed front of the hooks; the only module that knows pluggy's manager.

Every implementation is called apart from the others, so that whatever goes
wrong is tied to one plugin and one hook.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct
from pluggy import HookImpl, PluginManager, PluginValidationError
from sqlalchemy import MetaData

from vezne_core import (
    Blocker,
    Chain,
    DeliveryMode,
    Event,
    Gateway,
    OrderPlaced,
    Plugin,
    PreOrder,
    PreorderExpired,
    Problem,
    Promotion,
    Refused,
    Reservation,
    RuleType,
    Shipping,
    Slot,
    SlotsCleared,
    Source,
    Task,
    VezneError,
    hookspecs,
)
from vezne_core.markers import PROJECT
from vezne_host.culprit import told
from vezne_host.field import SPINE

T = TypeVar("T")

Brought = tuple[tuple[str, T], ...]
"""Objects, each with the name of the plugin that brought it."""

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
}
"""What the hooks ``vezne_register_<name>`` return, in the order in which they are called."""

EVENTS: Mapping[type[Event], str] = {
    SlotsCleared: "vezne_on_slots_cleared",
    OrderPlaced: "vezne_on_order_placed",
    PreorderExpired: "vezne_on_preorder_expired",
}
"""The hooks that are told of events."""

LIMIT = 10_000
"""Most objects one implementation may return; a generator without an end is not waited for."""

_KEYS: Mapping[str, tuple[str, Callable[[Any], Hashable]]] = {
    "delivery": ("delivery for page", lambda mode: mode.serves),
    "shipping": ("shipping for page", lambda shipping: shipping.serves),
    "rules": ("rule", lambda rule: f"{rule.role.value} {rule.name}"),
    "gateways": ("gateway", lambda gateway: gateway.name),
    "reservations": ("reservation", lambda reservation: reservation.name),
}
"""What may be brought once per merchant."""


class PluginFailed(VezneError):
    """A hook went wrong while it was called for a request or an event."""

    def __init__(self, plugin: str, hook: str, fact: str) -> None:
        self.plugin = plugin
        self.hook = hook
        super().__init__(f"plugin {plugin}, {hook}: {fact}")


class Bound(Struct, frozen=True):
    """One plugin's implementation of a hook, kept to be called later."""

    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    def __call__(self, hook: str, **given: Any) -> Any:
        """Call it with the arguments that it takes.

        :raises PluginFailed: it raised, or returned something to be awaited.
        """
        try:
            result = self.function(*[given[name] for name in self.arguments])
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginFailed(self.plugin, hook, f"raised {told(error, __file__)}") from error
        if inspect.isawaitable(result):
            _drop(result)
            raise PluginFailed(self.plugin, hook, "returned something to be awaited; hooks are synchronous")
        return result


class Collected(Struct, frozen=True, kw_only=True):
    """What the plugins of one merchant brought, in the order of plugins.toml, and whom to ask later."""

    slots: Brought[Slot[Any]] = ()
    sources: Brought[Source[Any]] = ()
    chains: Brought[Chain] = ()
    delivery: Brought[DeliveryMode] = ()
    shipping: Brought[Shipping] = ()
    rules: Brought[RuleType] = ()
    gateways: Brought[Gateway] = ()
    promotions: Brought[Promotion] = ()
    reservations: Brought[Reservation] = ()
    tasks: Brought[Task] = ()
    tables: Brought[MetaData] = ()
    kept: Mapping[str, tuple[Bound, ...]] = {}
    """By hook: what is called when a request or an event comes."""

    def blockers(self, page: str, preorder: PreOrder) -> Iterator[tuple[str, Blocker]]:
        """Ask every plugin why this shopper may not use a page yet.

        :raises PluginFailed: one of them went wrong; the request must fail.
        """
        hook = "vezne_add_blockers"
        for bound in self.kept.get(hook, ()):
            for item in _items(bound(hook, page=page, preorder=preorder) or (), bound.plugin, hook):
                if not isinstance(item, Blocker):
                    raise PluginFailed(bound.plugin, hook, f"returned {_kind(item)} among its blockers")
                yield bound.plugin, item

    def listeners(self, event: type[Event]) -> tuple[str, ...]:
        """Return the plugins that want to hear of such an event: one message each."""
        return tuple(bound.plugin for bound in self.kept.get(EVENTS[event], ()))

    def on_slots_cleared(self, plugin: str, event: SlotsCleared) -> None:
        """Tell one plugin that a change emptied slots of it.

        :raises PluginFailed: it went wrong; the message is to be repeated.
        """
        self._tell(plugin, event)

    def on_order_placed(self, plugin: str, event: OrderPlaced) -> None:
        """Tell one plugin that an order stands.

        :raises PluginFailed: it went wrong; the message is to be repeated.
        """
        self._tell(plugin, event)

    def on_preorder_expired(self, plugin: str, event: PreorderExpired) -> None:
        """Tell one plugin that a pre-order was given up.

        :raises PluginFailed: it went wrong; the message is to be repeated.
        """
        self._tell(plugin, event)

    def _tell(self, plugin: str, event: Event) -> None:
        hook = EVENTS[type(event)]
        for bound in self.kept.get(hook, ()):
            if bound.plugin == plugin:
                bound(hook, event=event)


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


class _Collector:
    """One run over the hooks of one merchant; nothing of it is kept."""

    def __init__(self, plugins: Mapping[str, Plugin[Any]]) -> None:
        self.problems: list[Problem] = []
        self._order = {name: place for place, name in enumerate(plugins)}
        self._manager = PluginManager(PROJECT)
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
        for field, (what, key) in _KEYS.items():
            self._check_once(what, brought[field], key)
        kept = {hook: self._bound(hook) for hook in ("vezne_add_blockers", *EVENTS.values())}
        return Collected(**brought, tables=self._tables(), kept={hook: b for hook, b in kept.items() if b})

    # Registration.

    def _wrong(self, plugin: str, hook: str, fact: str, remedy: str = "") -> None:
        self.problems.append(Problem(f"plugin {plugin}, {hook}", fact, remedy))

    def _register(self, name: str, plugin: Plugin[Any]) -> None:
        for attribute in dir(type(plugin)):
            unmarked = self._manager.parse_hookimpl_opts(plugin, attribute) is None
            if attribute.startswith("vezne_") and unmarked:
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
                items = _items(bound(hook), bound.plugin, hook)
            except PluginFailed as failed:
                self.problems.append(Problem(*str(failed).split(": ", 1)))
                continue
            for item in items:
                if fact := _misfit(item, kind):
                    self._wrong(bound.plugin, hook, f"returned {fact}")
                else:
                    found.append((bound.plugin, item))
        return tuple(found)

    def _tables(self) -> Brought[MetaData]:
        hook = "vezne_register_tables"
        found = []
        for bound in self._bound(hook):
            try:
                metadata = bound(hook)
            except PluginFailed as failed:
                self.problems.append(Problem(*str(failed).split(": ", 1)))
                continue
            if metadata is None:
                continue
            if not isinstance(metadata, MetaData):
                self._wrong(bound.plugin, hook, f"returned {_kind(metadata)}, not sqlalchemy.MetaData")
                continue
            for table in metadata.tables.values():
                if [column.name for column in table.primary_key][:1] != ["merchant"]:
                    self._wrong(
                        bound.plugin,
                        hook,
                        f"table {table.name} does not have merchant first in its primary key",
                    )
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


def _items(returned: Any, plugin: str, hook: str) -> list[Any]:
    """Read what an implementation returned to its end.

    :raises PluginFailed: it is no iterable, raises on the way or has no end.
    """
    if isinstance(returned, str | bytes | Mapping) or not isinstance(returned, Iterable):
        raise PluginFailed(plugin, hook, f"returned {_kind(returned)}, not a list")
    try:
        items = list(islice(returned, LIMIT + 1))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginFailed(plugin, hook, f"raised {told(error, __file__)}") from error
    if len(items) > LIMIT:
        raise PluginFailed(plugin, hook, f"returned more than {LIMIT} objects")
    return items


def _misfit(item: Any, kind: type) -> str:
    """Say why an object is not of a kind, or nothing."""
    if isinstance(item, type):
        return f"the class {item.__qualname__}, not an object made of it"
    if not getattr(kind, "_is_protocol", False):
        if not isinstance(item, kind):
            return f"{_kind(item)}, not {_article(kind.__name__)}"
        if kind is Gateway and not isinstance(getattr(item, "name", None), str):
            return f"the gateway {type(item).__qualname__}, which has no name"
        return ""
    members = sorted({*kind.__annotations__, *vars(kind)} - {name for name in vars(kind) if name[0] == "_"})
    missing = [name for name in members if not hasattr(item, name)]
    if missing:
        return f"{_kind(item)}, which lacks {', '.join(missing)} of {_article(kind.__name__)}"
    for name in members:
        wanted, given = getattr(kind, name, None), getattr(item, name)
        if inspect.isfunction(wanted) and not callable(given):
            return f"{_kind(item)}, whose {name} is not a method"
        if inspect.isfunction(wanted) and not inspect.iscoroutinefunction(wanted):
            if inspect.iscoroutinefunction(given):
                return f"{_kind(item)}, whose {name} must not be async"
    return ""


def _kind(item: Any) -> str:
    return "nothing" if item is None else _article(type(item).__qualname__)


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _drop(awaitable: Any) -> None:
    """Close a coroutine that nobody will await, so that it does not complain later."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()
