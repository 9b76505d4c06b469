"""What the plugins of one merchant brought, and whom to ask when a request or an event comes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import MetaData

from vezne_core import (
    Blocker,
    Chain,
    DeliveryMode,
    Event,
    Gateway,
    Loader,
    OrderPlaced,
    PreOrder,
    PreorderExpired,
    Promotion,
    Reservation,
    RuleType,
    Shipping,
    Slot,
    SlotsCleared,
    Source,
    Task,
    VezneError,
)
from vezne_host.culprit import told
from vezne_host.shape import described

T = TypeVar("T")

Brought = tuple[tuple[str, T], ...]
"""Objects, each with the name of the plugin that brought it."""

EVENTS: Mapping[type[Event], str] = {
    SlotsCleared: "vezne_on_slots_cleared",
    OrderPlaced: "vezne_on_order_placed",
    PreorderExpired: "vezne_on_preorder_expired",
}
"""The hooks that are told of events."""

LIMIT = 10_000
"""Most objects one implementation may return; a generator without an end is not waited for."""


class PluginFailed(VezneError):
    """A hook went wrong while it was called for a request or an event."""

    def __init__(self, plugin: str, hook: str, fact: str) -> None:
        self.plugin = plugin
        self.hook = hook
        self.fact = fact
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
            if inspect.iscoroutine(result):
                result.close()  # nobody will await it, and it would complain later
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
    loaders: Brought[Loader] = ()
    tables: Brought[MetaData] = ()
    kept: Mapping[str, tuple[Bound, ...]] = {}
    """By hook: what is called when a request or an event comes."""

    @property
    def has_blockers(self) -> bool:
        """Tell whether anybody may block a page."""
        return "vezne_add_blockers" in self.kept

    def blockers(self, page: str, preorder: PreOrder) -> tuple[Blocker, ...]:
        """Ask every plugin why this shopper may not use a page yet.

        :raises PluginFailed: one of them went wrong; the request must fail.
        """
        hook = "vezne_add_blockers"
        found = []
        for bound in self.kept.get(hook, ()):
            returned = bound(hook, page=page, preorder=preorder)
            for item in listed(() if returned is None else returned, bound.plugin, hook):
                if not isinstance(item, Blocker):
                    raise PluginFailed(bound.plugin, hook, f"returned {described(item)} among its blockers")
                found.append(item)
        return tuple(found)

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


def listed(returned: Any, plugin: str, hook: str) -> list[Any]:
    """Read what an implementation returned to its end.

    :raises PluginFailed: it is no iterable, raises on the way or has no end.
    """
    if isinstance(returned, str | bytes | Mapping) or not isinstance(returned, Iterable):
        raise PluginFailed(plugin, hook, f"returned {described(returned)}, not a list")
    try:
        items = list(islice(returned, LIMIT + 1))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginFailed(plugin, hook, f"raised {told(error, __file__)}") from error
    if len(items) > LIMIT:
        raise PluginFailed(plugin, hook, f"returned more than {LIMIT} objects")
    return items
